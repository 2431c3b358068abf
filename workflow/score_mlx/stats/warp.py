"""How many times faster one learning curve falls than another: the time warp of the paper's Table 6 and Figure 17.

The factor c compresses the native model's curve so that native(c t) lies on SCORE(t): at epoch t, SCORE is where the
native model is at epoch c t.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

LOWEST, HIGHEST = 0.5, 15.0  # factors tried
OVERLAP = 10  # epochs of SCORE's curve that the compressed curve must reach
WINDOW = 3  # epochs of the moving average, the same for both curves; a wider one blunts the faster curve more
POOR = 0.05  # root mean squared distance, in RMSE, beyond which two curves do not lie on each other
GRID = 400  # factors tried before the best is refined: enough that its basin is not missed


@dataclass(frozen=True)
class Warp:
    """A fitted factor.

    Attributes:
        factor: c.
        residual: root mean squared distance of the two smoothed curves, in the target's unit.
        overlap: epochs that were compared.
    """

    factor: float
    residual: float
    overlap: int

    @property
    def at_edge(self) -> bool:
        """Whether the best factor lies outside what is tried: it says which curve is faster, not by how much."""
        return bool(self.factor > 0.99 * HIGHEST or self.factor < 1.01 * LOWEST)

    @property
    def flaw(self) -> str:
        """Why the factor is unreliable; "" where the warped curves coincide."""
        if not np.isfinite(self.residual):
            return "a curve is not finite" if self.overlap else f"fewer than {OVERLAP} epochs"
        if self.at_edge:
            return f"at the edge of what is tried, {LOWEST:g} to {HIGHEST:g}"
        return f"the curves stay {self.residual:.3f} apart" if self.residual > POOR else ""


def smooth(curve: np.ndarray, window: int = WINDOW) -> np.ndarray:
    """Centred moving average over `window` epochs, over fewer, still centred, at both ends: (T,) -> (T,)."""
    curve = np.asarray(curve, float)
    total = np.concatenate([[0.0], np.cumsum(curve)])
    place = np.arange(len(curve))
    half = np.minimum(window // 2, np.minimum(place, len(curve) - 1 - place))
    return (total[place + half + 1] - total[place - half]) / (2 * half + 1)


def fit(native: np.ndarray, score: np.ndarray) -> Warp:
    """The factor with the least mean squared distance of smooth(native)(c t) and smooth(score)(t) over their overlap.

    Args:
        native, score: (T,) values after epochs 1 to T, means over folds.

    Returns:
        The warp; its factor is NaN where a curve is not finite or shorter than the overlap that is asked for.
    """
    native, score = smooth(native), smooth(score)
    shorter = min(len(native), len(score))
    if shorter < OVERLAP:
        return Warp(np.nan, np.nan, 0)
    if not (np.isfinite(native).all() and np.isfinite(score).all()):
        return Warp(np.nan, np.nan, shorter)
    highest = min(HIGHEST, len(native) / OVERLAP)
    factors = np.geomspace(LOWEST, highest, GRID)
    place = int(np.argmin(_distances(factors, native, score)[0]))
    near = factors[max(place - 1, 0)], factors[min(place + 1, GRID - 1)]
    found = minimize_scalar(lambda c: _distances(c, native, score)[0][0], bounds=near, method="bounded")
    (distance,), (overlap,) = _distances(found.x, native, score)
    return Warp(float(found.x), float(np.sqrt(distance)), int(overlap))


def interval(native: np.ndarray, score: np.ndarray, *, level: float = 0.95, draws: int = 500) -> tuple[float, float]:
    """Percentile bootstrap of the factor over folds: (folds, T) each, the same folds drawn from both.

    With five folds it is rough; it says how much the factor hangs on single folds.
    """
    rng = np.random.default_rng(0)  # the same interval for the same curves
    native, score = np.asarray(native, float), np.asarray(score, float)
    factors = []
    for _ in range(draws):
        folds = rng.integers(len(native), size=len(native))
        factors.append(fit(native[folds].mean(axis=0), score[folds].mean(axis=0)).factor)
    low, high = np.quantile(factors, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def compressed(native: np.ndarray, factor: float) -> tuple[np.ndarray, np.ndarray]:
    """Epochs t and smooth(native)(factor t), as far as native's curve reaches."""
    native = smooth(native)
    epochs = np.arange(1, len(native) + 1)
    there = epochs[(factor * epochs >= 1) & (factor * epochs <= len(native))]
    return there, np.interp(factor * there, epochs, native)


def _distances(factors: np.ndarray | float, native: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean squared distance over the overlap of two smoothed curves, and the number of epochs in it: (factors,) each.

    All factors at once: a bootstrap asks for 200,000 of them.
    """
    at = np.outer(factors, np.arange(1, len(score) + 1))  # epochs of native, (factors, T)
    reached = (at >= 1) & (at <= len(native))
    before = np.clip(at.astype(int), 1, len(native) - 1)
    squares = (native[before - 1] + (at - before) * np.diff(native)[before - 1] - score) ** 2
    overlap = reached.sum(axis=1)
    distances = np.where(reached, squares, 0.0).sum(axis=1) / np.maximum(overlap, 1)
    return np.where(overlap < OVERLAP, np.inf, distances), overlap
