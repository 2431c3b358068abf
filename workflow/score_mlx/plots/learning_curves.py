"""What figures of learning curves share: lines with bands, their limits, the small print."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from score_mlx.plots import style
from score_mlx.runs.run import FoldRun
from score_mlx.tables.runs import provenance

ROOM = 2.0  # curves are shown up to so many times the lowest value: the first epochs would flatten the rest
SHORT = 3.0  # where 1 is the most: down to so many times as far from it as the highest value, and each curve's highest
MOST = 4.0  # and, where one never comes so low, up to its own lowest, if that is no more than so many times the lowest


def limits(means: Sequence[np.ndarray], *, higher: bool = False) -> tuple[float, float]:
    """Lowest and highest value to show of curves that are means over folds; a diverged one does not count.

    Args:
        higher: whether more is better and 1 the most; the first epochs are cut off by how far a curve is from 1.
    """
    lows = [float(np.nanmin(mean)) for mean in means if np.isfinite(mean).any()]
    if not lows:
        return 0.0, 1.0
    lowest = min(lows)
    if higher:
        highs = [float(np.nanmax(mean)) for mean in means if np.isfinite(mean).any()]
        low = max(lowest, min([1 - SHORT * max(1 - max(highs), 0.05), *highs]))
        margin = 0.05 * max(max(highs) - low, 0.02)
        return low - margin, max(highs) + 2.5 * margin  # with room for bands
    return 0.9 * lowest, max([ROOM * lowest, *(1.1 * low for low in lows if low <= MOST * lowest)])


def band(axes: Axes, run: FoldRun, label: str, colour: str, line, epochs: int, *, shade: float = 0.15) -> None:
    """A run's mean over folds as a line, one standard deviation around it as a band."""
    curves = np.array(run.curves)[:, :epochs]
    place, mean, std = np.arange(1, curves.shape[1] + 1), curves.mean(axis=0), curves.std(axis=0)
    axes.plot(place, mean, marker=marker(mean), color=colour, ls=line, lw=1.2, label=label)
    axes.fill_between(place, mean - std, mean + std, color=colour, alpha=shade, lw=0)


def dress(axes: Axes, runs: Sequence[FoldRun], epochs: int, *, labelled: bool = True) -> None:
    """Limits and labels of a panel of learning curves."""
    means = [np.mean(run.curves, axis=0)[:epochs] for run in runs]
    axes.set(xlim=(0, max(map(len, means)) + 1), ylim=limits(means, higher=runs[0].metric.higher), xlabel="epoch")
    axes.set_ylabel(style.metric_label(runs[0]) if labelled else "")


def marker(curve: np.ndarray) -> str | None:
    """A run of one epoch is a point, which a line would not show."""
    return "o" if len(curve) == 1 else None


def small_print(runs: Sequence[FoldRun], how: str) -> list[str]:
    """What is said under a figure of learning curves."""
    lines = [f"Validation {runs[0].metric.name}. {how}", f"{provenance(runs)}."]
    return style.small_print(lines, runs[0].dataset)
