"""The effects of the averaging update and of sharing one block, from the runs of Tables 2 to 5.

The paper's five forms of depth contain both contrasts. A stack with the averaging update (skip05) against the plain
stack (base) changes only the update; one shared block with the same update (SCORE_skip05) against the stack that has it
changes only whether weights are shared. Architectures whose plain stack does not learn are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from score_mlx.models.graphs.spec import ARCHS
from score_mlx.stats import statistics
from score_mlx.stats.statistics import Mean
from score_mlx.verdict.evidence import Evidence
from score_mlx.verdict.rerun import UNTRAINED

TABLES = ("table2", "table3", "table4", "table5")
UPDATE = "{0}_skip05", "{0}"  # of an architecture: with, without
SHARING = "SCORE_{0}_skip05", "{0}_skip05"


@dataclass(frozen=True)
class Effect:
    """The mean difference of two forms of depth, over tables and architectures, by folds.

    Attributes:
        mean: with its corrected interval.
        archs: of which it is the mean.
    """

    mean: Mean
    archs: Sequence[str]


def effect(evidence: Evidence, forms: tuple[str, str]) -> Effect:
    """RMSE of the first form - of the second.

    Raises:
        UndecidedError: a run is missing, does not compare, or diverged.
        KeyError: a table lists not all of these forms.
    """
    listed = {target: evidence.by_model(target) for target in TABLES}
    names = dict.fromkeys(name.format(arch) for arch in ARCHS for name in (*UPDATE, *SHARING))
    specs = {(target, name): listed[target][name] for target in TABLES for name in names}
    of = dict(zip(specs, evidence.scores(list(specs.values())), strict=True))  # in the repeats that all have
    lost = {name for (_, name), values in of.items() if values.mean() >= UNTRAINED}
    archs = [arch for arch in ARCHS if not lost & {name.format(arch) for name in (*UPDATE, *SHARING)}]
    first, second = forms
    points = [of[t, first.format(arch)] - of[t, second.format(arch)] for t in TABLES for arch in archs]
    folds = evidence.folds(next(iter(specs.values())))
    return Effect(statistics.corrected(np.mean(points, axis=0), folds), archs)
