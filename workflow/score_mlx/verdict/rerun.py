"""Rerun standard deviations: how much a quantity of cross-validation moves when the same models are trained again.

A rerun has other folds and other weights. The scatter is pooled over all configurations that have repeats, so that
one value with known degrees of freedom holds for every number of a kind. All repeats of a configuration share their
folds with those of the others: what folds add to all models is estimated beside what each model adds by itself, since
it cancels in differences.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from scipy import stats

from score_mlx.data.splits import SPLITS
from score_mlx.experiments.speedup import table as speedup
from score_mlx.models.language.run import LanguageRun
from score_mlx.models.language.spec import LanguageSpec
from score_mlx.runs.run import FoldRun
from score_mlx.runs.spec import Spec
from score_mlx.stats import statistics
from score_mlx.tables.runs import EPOCHS

TARGET_SD = 2.096  # standard deviation of ESOL's targets: RMSE of predicting their mean
UNTRAINED = TARGET_SD / 2  # RMSE from which a network counts as not trained
Table = Mapping[Spec, Mapping[int, float]]  # configuration -> repeat -> value


@dataclass(frozen=True)
class Scale:
    """A rerun standard deviation.

    Attributes:
        sd: standard deviation of one rerun, in the quantity's unit (of its logarithm for a factor).
        df: its degrees of freedom.
        of: what it was pooled over, in words.
    """

    sd: float
    df: int
    of: str

    def half_width(self, repeats: int) -> float:
        """Half-width of the 95 % interval for the difference of one more rerun from the mean of `repeats`."""
        return self._quantile * self.sd * math.sqrt(1 + 1 / repeats)

    def repeats_for(self, margin: float) -> int | None:
        """The least number of repeats whose half-width is within `margin`; None where no number is enough."""
        room = (margin / (self._quantile * self.sd)) ** 2 - 1 if self.sd else math.inf
        return max(1, math.ceil(1 / room)) if room > 0 else None

    @property
    def _quantile(self) -> float:
        return float(stats.t.ppf((1 + statistics.LEVEL) / 2, self.df))


class Reruns:
    """The scales of a pool of runs; those that its repeats cannot give are None.

    Args:
        runs: of any family; those of the paper's data set, folds and protocol count.
        language: runs of language models.
    """

    def __init__(self, runs: Iterable[FoldRun], language: Iterable[LanguageRun] = ()) -> None:
        self._runs: dict[Spec, dict[int, FoldRun]] = {}
        for run in filter(_counts, runs):
            self._runs.setdefault(replace(run.spec, seed=0, repeat=0), {})[run.spec.repeat] = run
        self._language = list(language)
        self._known: dict[tuple[str, str, bool], tuple[Scale | None, Scale | None]] = {}

    def mean(self, family: str, epoch: str, models: int = 1) -> Scale | None:
        """Of a five-fold mean RMSE, or of the average of such means over `models` different models."""
        total, own = self._scales(family, epoch, logarithm=False)
        if total is None or models == 1 or own is None:
            return total
        folds = max(total.sd**2 - own.sd**2, 0.0)
        return Scale(math.sqrt(folds + own.sd**2 / models), own.df, f"{total.of}, averaged over {models}")

    def own(self, family: str, epoch: str) -> Scale | None:
        """Of what a rerun adds to one model's mean beside what its folds add to all models."""
        return self._scales(family, epoch, logarithm=False)[1]

    def difference(self, family: str, epoch: str, pairs: int = 1) -> Scale | None:
        """Of the difference of two models' means on the same folds, or of its average over `pairs` of models."""
        return self._apart(family, epoch, pairs, logarithm=False)

    def improvement(self, family: str, epoch: str, pairs: int = 1) -> Scale | None:
        """Of a difference in percent of one of the two means."""
        found = self._apart(family, epoch, pairs, logarithm=True)
        return found and replace(found, sd=100 * found.sd)

    @cached_property
    def log_factor(self) -> Scale | None:
        """Of the logarithm of a speed-up factor, SCORE against the stack."""
        table: dict[Spec, dict[int, float]] = {}
        for spec, runs in self._runs.items():
            score = self._runs.get(replace(spec, config="SCORE"), {}) if spec.configuration == "base" else {}
            common = runs.keys() & score.keys()
            warps = {repeat: speedup.fit(runs[repeat], score[repeat]) for repeat in common} if len(common) > 1 else {}
            if warps and not any(warp.flaw for warp in warps.values()):
                table[spec] = {repeat: math.log(warp.factor) for repeat, warp in warps.items()}
        return pooled(table, "pairs of SCORE and stack")

    def loss(self, value: Callable[[LanguageRun], float], timed: bool) -> Scale | None:
        """Of a value of language models, trained for a number of steps or (timed) of seconds."""
        groups: dict[tuple[LanguageSpec, str], list[float]] = {}
        for run in self._language:
            if run.spec.timed == timed and not run.incomparable():
                key = replace(run.spec, seed=0, repeat=0), str(run.meta.device) if timed else ""
                groups.setdefault(key, []).append(value(run))
        finite = {key: dict(enumerate(each)) for key, each in groups.items() if np.isfinite(each).all()}
        return pooled(finite, "language models")

    def _apart(self, family: str, epoch: str, pairs: int, *, logarithm: bool) -> Scale | None:
        own = self._scales(family, epoch, logarithm=logarithm)[1]
        over = f", averaged over {pairs} pairs" if pairs > 1 else ""
        return own and Scale(math.sqrt(2 / pairs) * own.sd, own.df, f"differences of {own.of}{over}")

    def _scales(self, family: str, epoch: str, *, logarithm: bool) -> tuple[Scale | None, Scale | None]:
        key = family, epoch, logarithm
        if key not in self._known:
            table = self._means(family, epoch, logarithm)
            what = f"{family} configurations, {EPOCHS[epoch]}"
            self._known[key] = pooled(table, what), _beside_folds(table, what)
        return self._known[key]

    def _means(self, family: str, epoch: str, logarithm: bool) -> Table:
        table = {}
        for spec, runs in self._runs.items():
            if family == spec.FAMILY and len(runs) > 1:
                means = {repeat: float(np.mean(run.rmse(epoch))) for repeat, run in runs.items()}
                if all(mean < UNTRAINED for mean in means.values()):  # NaN is not
                    table[spec] = {r: math.log(mean) for r, mean in means.items()} if logarithm else means
        return table


def pooled(table: Mapping[Any, Mapping[int, float]], what: str) -> Scale | None:
    """The scale within configurations, whatever their repeats have in common; None where none has repeats."""
    groups = [list(each.values()) for each in table.values() if len(each) > 1]
    df = sum(len(each) - 1 for each in groups)
    squares = sum(float(np.var(each)) * len(each) for each in groups)
    return Scale(math.sqrt(squares / df), df, f"{len(groups)} {what}") if df else None


def _counts(run: FoldRun) -> bool:
    """Whether a run is one of the paper's data and protocol."""
    plain = run.spec == run.spec.with_known(fidelity="as_code", bias_correction=False)
    esol = run.dataset.name == "esol" and not run.dataset.stand_in
    return esol and plain and not run.cuts and run.spec.as_dict().get("split") == SPLITS[0]


def _beside_folds(table: Table, what: str) -> Scale | None:
    """What is left beside a configuration's mean and what a repeat adds to all of them: least squares of both."""
    cells = [(row, repeat, value) for row, each in enumerate(table.values()) for repeat, value in each.items()]
    repeats = sorted({repeat for _, repeat, _ in cells})
    design = np.zeros((len(cells), len(table) + len(repeats)))
    for place, (row, repeat, _) in enumerate(cells):
        design[place, row] = design[place, len(table) + repeats.index(repeat)] = 1
    values = np.array([value for *_, value in cells])
    df = len(cells) - int(np.linalg.matrix_rank(design)) if cells else 0
    if not df:
        return None
    rest = values - design @ np.linalg.lstsq(design, values, rcond=None)[0]
    return Scale(math.sqrt(float(rest @ rest) / df), df, f"{len(table)} {what}")


def repeats_of(values: statistics.Numbers, folds: int) -> int:
    """How many repeats of cross-validation a row of results contains."""
    return len(values) // folds
