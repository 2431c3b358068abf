"""Intervals of an effect seen in several architectures on the same folds.

Architectures and folds are crossed: every architecture is tested on the same folds. A fold that is hard for all of them
moves all their effects together, so an interval over architectures alone is too short. The variance of the mean is that
of architectures plus that of folds, each by its own standard error, the latter with the correction of Nadeau and Bengio
(2003) because folds share training data. What is left over counts in both, so that intervals are rather too wide than
too narrow, as with the two-way bootstrap (Owen 2007, Annals of Applied Statistics 1:386). Degrees of freedom are
Satterthwaite's (1946, Biometrics Bulletin 2:110).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from score_mlx.stats.statistics import LEVEL, corrected

Bounds = tuple[float, float]
NONE: Bounds = (math.nan, math.nan)


@dataclass(frozen=True)
class Effect:
    """A mean over architectures and folds.

    Attributes:
        value: the mean.
        low, high: 95 % interval for other architectures and other folds; of folds alone for a single architecture.
        p: two-sided, of no effect.
        over_units: interval for other architectures on these folds; NaN for a single one.
        over_folds: interval for other folds of data like these, with these architectures.
        below, units: in how many of how many architectures the mean over folds is below 0.
        least, most: the means with one architecture left out; the value itself for a single one.
    """

    value: float
    low: float
    high: float
    p: float
    over_units: Bounds
    over_folds: Bounds
    below: int
    units: int
    least: float
    most: float


def crossed(values: Sequence[Sequence[float]], folds: int) -> Effect:
    """The effect in (architectures, repeats * folds) results, finite all.

    Args:
        folds: k of one cross-validation.
    """
    table = np.asarray(values, float)
    each, over = table.mean(axis=1), corrected(table.mean(axis=0), folds)
    value, units = float(each.mean()), len(each)
    fold_error, free = _error(over.high - over.value, over.n - 1), over.n - 1
    if units == 1:
        return Effect(value, over.low, over.high, over.p, NONE, (over.low, over.high), int(value < 0), 1, value, value)
    independent = corrected(each, math.inf)
    unit_error = _error(independent.high - value, units - 1)
    variance = fold_error**2 + unit_error**2
    df = variance**2 / (fold_error**4 / free + unit_error**4 / (units - 1)) if variance else units - 1
    error = math.sqrt(variance)
    half = float(stats.t.ppf((1 + LEVEL) / 2, df)) * error
    without = [float(np.delete(each, place).mean()) for place in range(units)]
    return Effect(
        value=value,
        low=value - half,
        high=value + half,
        p=float(2 * stats.t.sf(abs(value) / error, df)) if error else float(value == 0),
        over_units=(independent.low, independent.high),
        over_folds=(over.low, over.high),
        below=int((each < 0).sum()),
        units=units,
        least=min(without),
        most=max(without),
    )


def _error(half: float, free: int) -> float:
    """Standard error behind half of a t interval."""
    return half / float(stats.t.ppf((1 + LEVEL) / 2, free))
