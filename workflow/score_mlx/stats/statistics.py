"""Tests and intervals that hold for cross-validation: folds share training data, so a plain paired t test does not.

With k folds any two training sets have most molecules in common, so that results of folds are correlated and their
variance says too little. Nadeau and Bengio (2003, Machine Learning 52:239) correct it: the variance of a mean over n
results is (1/n + test/train) s^2, with test/train = 1/(k - 1) for k folds, instead of s^2 / n.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Numbers = Sequence[float] | NDArray[Any]

LEVEL = 0.95  # of every interval
ALPHA = 0.05  # of every test
FEW = 10  # independent runs: below, a t interval with all points shown; from here on, a bootstrap
RESAMPLES = 2000


@dataclass(frozen=True)
class Mean:
    """A mean over folds with its corrected interval and test against zero.

    Attributes:
        value, low, high: the mean and its 95 % interval.
        t, p: corrected statistic and two-sided p of a mean of zero.
        effect: mean / standard deviation (ddof 1), Cohen's d of paired results; infinite for equal, nonzero results.
        n: results, repeats x folds.
    """

    value: float
    low: float
    high: float
    t: float
    p: float
    effect: float
    n: int


def corrected(values: Numbers, folds: float) -> Mean:
    """Mean of results of cross-validation, of one model or of paired differences: (repeats * folds,) -> Mean.

    Args:
        folds: k of one cross-validation; infinity for independent results, to which nothing is corrected.
    """
    values = np.asarray(values, float)
    n, mean, deviation = len(values), float(np.mean(values)), float(np.std(values, ddof=1))
    scale = _scale(values, folds)
    t = mean / scale if scale else _sure(mean)
    half = float(stats.t.ppf((1 + LEVEL) / 2, n - 1)) * scale
    p = float(2 * stats.t.sf(abs(t), n - 1))
    return Mean(mean, mean - half, mean + half, t, p, mean / deviation if deviation else _sure(mean), n)


def below(differences: Numbers, folds: float, bound: float = 0.0) -> float:
    """One-sided p of the corrected test that the mean is below `bound`: small where it is."""
    differences = np.asarray(differences, float) - bound
    scale = _scale(differences, folds)
    t = float(np.mean(differences)) / scale if scale else _sure(float(np.mean(differences)))
    return float(stats.t.cdf(t, len(differences) - 1))


def bayesian(differences: Numbers, folds: int, rope: float) -> tuple[float, float, float]:
    """Probabilities that the mean difference is below -rope, within, above (Corani and Benavoli 2015).

    The posterior of the correlated t test is Student's with n - 1 degrees of freedom around the mean, its scale
    sqrt((1/n + rho / (1 - rho)) s^2) with rho = 1/k: the corrected test's, read as a probability.
    """
    differences = np.asarray(differences, float)
    scale, mean = _scale(differences, folds), float(np.mean(differences))
    if not scale:
        return float(mean < -rope), float(-rope <= mean <= rope), float(mean > rope)
    left, not_right = stats.t.cdf([-rope, rope], len(differences) - 1, mean, scale)
    return float(left), float(not_right - left), float(1 - not_right)


def holm(ps: Sequence[float | None]) -> list[float | None]:
    """Holm's step-down adjustment of a family's p values; None, a claim without one, stays None and does not count."""
    known = {place: p for place, p in enumerate(ps) if p is not None}
    order = sorted(known, key=known.__getitem__)
    adjusted: list[float | None] = [None] * len(ps)
    highest = 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, (len(order) - rank) * known[place]))
        adjusted[place] = highest
    return adjusted


def interval(values: Numbers) -> tuple[float, float]:
    """95 % interval of the mean of independent runs: t below `FEW` of them, bias-corrected bootstrap (BCa) from there.

    NaN for a single run, which has no interval.
    """
    values = np.asarray(values, float)
    if len(values) < 2:
        return math.nan, math.nan
    if len(values) < FEW:
        half = float(stats.t.ppf((1 + LEVEL) / 2, len(values) - 1) * stats.sem(values))
        return float(np.mean(values)) - half, float(np.mean(values)) + half
    return bca(np.mean, values)


def bca(statistic: Callable[..., np.ndarray], *samples: Numbers) -> tuple[float, float]:
    """BCa bootstrap interval of a statistic of samples that are drawn together; the same for the same samples.

    Args:
        statistic: of arrays (..., n), with `axis`, as numpy's are.
        samples: of equal length, paired.
    """
    arrays = [np.asarray(sample, float) for sample in samples]
    if all(np.ptp(array) == 0 for array in arrays):  # every resample gives the same
        same = float(statistic(*arrays, axis=-1))
        return same, same
    found = stats.bootstrap(
        arrays, statistic, paired=True, vectorized=True, n_resamples=RESAMPLES, confidence_level=LEVEL, method="BCa",
        rng=np.random.default_rng(0),
    )  # fmt: skip
    return float(found.confidence_interval.low), float(found.confidence_interval.high)


def kendall(ours: Numbers, theirs: Numbers) -> tuple[float, float, float, float]:
    """Kendall's tau-b of two rankings, its BCa interval over the ranked things, two-sided p."""
    found: Any = stats.kendalltau(ours, theirs)  # a class that scipy makes at run time
    tau, p = float(found.statistic), float(found.pvalue)
    if abs(tau) > 1 - 1e-9:  # so is that of any draw
        return tau, tau, tau, p
    return tau, *bca(tau_b, ours, theirs), p


def tau_b(a: np.ndarray, b: np.ndarray, axis: int = -1) -> np.ndarray:
    """Kendall's tau-b along the last axis, (..., n) twice -> (...): scipy's takes one pair of rankings at a time.

    A draw in which one ranking is a single tie counts as no agreement.
    """
    x, y = (np.sign(values[..., :, None] - values[..., None, :]) for values in (a, b))
    agreement, untied = (x * y).sum((-2, -1)), (x**2).sum((-2, -1)) * (y**2).sum((-2, -1))
    return agreement / np.sqrt(np.maximum(untied, 1))


def smaller_spread(ours: Numbers, theirs: Numbers) -> float:
    """One-sided p that paired results of ours vary less (Pitman 1939, Morgan 1939): sums and differences correlate."""
    ours, theirs = np.asarray(ours, float), np.asarray(theirs, float)
    found: Any = stats.pearsonr(ours + theirs, ours - theirs, alternative="less")
    return float(found.pvalue)


def ratio_points(ours: Numbers, theirs: Numbers) -> np.ndarray:
    """Results whose mean is 1 - mean(ours) / mean(theirs) and whose spread is that ratio's to first order.

    An improvement is a ratio of two means over the same folds; its linearised results go through `corrected`.
    """
    ours, theirs = np.asarray(ours, float), np.asarray(theirs, float)
    ratio = ours.mean() / theirs.mean()
    return 1 - ratio - (ours - ratio * theirs) / theirs.mean()


def _scale(values: np.ndarray, folds: float) -> float:
    """Corrected standard error of a mean."""
    return math.sqrt(1 / len(values) + 1 / (folds - 1)) * float(np.std(values, ddof=1))


def _sure(mean: float) -> float:
    """t of results that do not vary."""
    return math.copysign(math.inf, mean) if mean else 0.0
