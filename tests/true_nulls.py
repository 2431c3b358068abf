"""Learners trained for real between which there is nothing to find, for the level of tests."""

from __future__ import annotations

import numpy as np

FOLDS = 5
REPEATS = 5


def true_nulls(draws, rng):
    """Paired differences of squared error, (draws, 25): two learners that are equally good over draws of data.

    The label is the sum of two alike features; one learner regresses on the first, the other on the second.
    """
    rows = 60
    for _ in range(draws):
        x = rng.standard_normal((2, rows))
        y = x.sum(axis=0) + rng.standard_normal(rows)
        differences = []
        for _ in range(REPEATS):
            fold = rng.permutation(np.arange(rows) % FOLDS)
            for k in range(FOLDS):
                seen, asked = fold != k, fold == k
                slopes = (x[:, seen] * y[seen]).sum(axis=1) / (x[:, seen] ** 2).sum(axis=1)
                errors = ((y[asked] - slopes[:, None] * x[:, asked]) ** 2).mean(axis=1)
                differences.append(errors[0] - errors[1])
        yield np.array(differences)
