"""Figure 2 and its kin: the configurations of each architecture, every fold shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from score_mlx.models.graphs.run import GraphRun
from score_mlx.models.graphs.spec import ARCHS, CONFIGS, PAPER_CONFIGS
from score_mlx.plots import style
from score_mlx.runs.run import FoldRun
from score_mlx.system.digits import digits
from score_mlx.tables.runs import provenance, require_one_dataset

CHANCE = 0.5  # ROC-AUC of a model that knows nothing
SPREAD = 0.75  # of all configurations, in units of the distance between architectures
PAPER_SHIFT = 0.05  # the paper's value stands just right of ours
BAND = 0.27  # height of the band for models off the scale, in units of the data's range


def draw(
    runs: Sequence[GraphRun],
    path: str | Path,
    *,
    title: str,
    paper: Mapping[str, Mapping[str, float]] | None = None,
    baseline: FoldRun | None = None,
) -> None:
    """Draw the metric of each fold and its mean for each run and save `path` (.png and .pdf).

    Args:
        runs: on the same data and folds; at most one a (architecture, configuration).
        paper: the paper's values by model; drawn only where a run compares with them.
        baseline: a run on the same data to draw as a line, in the figures CatBoost.

    Raises:
        UserError: runs on different data.
    """
    require_one_dataset([*runs, baseline] if baseline else runs)
    found = dict.fromkeys(run.spec.arch for run in runs)
    archs = [arch for arch in ARCHS if arch in found] + [arch for arch in found if arch not in ARCHS]
    configs, printed = {run.spec.config for run in runs}, paper or {}
    columns = PAPER_CONFIGS if configs <= {*PAPER_CONFIGS} else CONFIGS
    with style.context():
        figure, axes = plt.subplots(figsize=(style.WIDTH, 3.5))
        lowest, highest = limits(runs)
        beyond = [run for run in runs if not np.mean(run.best) <= highest]  # NaN compares false
        axes.set_ylim(lowest, highest + BAND * (highest - lowest) * bool(beyond))
        most = min(highest, 1) if runs[0].metric.higher else highest
        axes.set_yticks([tick for tick in axes.get_yticks() if lowest <= tick <= most])
        for run in runs:
            x = _place(run, archs, columns)
            (_draw_beyond if run in beyond else _draw_run)(axes, run, x, highest)
            if not run.incomparable() and run.model in printed:
                _draw_paper(axes, run, x, printed[run.model]["rmse_mean"])
        _mark_best(axes, runs, archs, columns)
        if baseline:
            _draw_baseline(axes, baseline, len(archs))
        if runs[0].metric.higher and lowest < CHANCE < highest:
            _draw_line(axes, CHANCE, "chance", "#777777", len(archs))
        _dress(axes, runs, archs, title)
        _legend(axes, runs, bool(paper) and any(not run.incomparable() for run in runs))
        lines = _small_print(runs)
        style.footnote(axes, lines)
        style.save(figure, path, style.titled(title, runs[0].dataset), lines)


def limits(runs: Sequence[GraphRun]) -> tuple[float, float]:
    """Range of the metric to show: that of all folds of the models that are not off the scale.

    A model is off the scale when its mean error is beyond three interquartile ranges of all means above
    their upper quartile (Tukey's far outliers). A metric of which more is better has an end, and no such models.
    """
    means = np.array([np.mean(run.best) for run in runs])
    finite = means[np.isfinite(means)]
    if not finite.size:
        return 0.0, 1.0
    low, high = np.quantile(finite, [0.25, 0.75])
    fence = np.inf if runs[0].metric.higher else high + 3 * max(high - low, 0.01 * high)
    points = np.concatenate([run.best for run, mean in zip(runs, means, strict=True) if mean <= fence])
    margin = 0.07 * max(points.max() - points.min(), 0.02)
    return float(points.min() - margin), float(points.max() + 1.5 * margin)


def _place(run: GraphRun, archs: Sequence[str], columns: Sequence[str]) -> float:
    """Where a run stands: architectures at 0, 1, ..., configurations, the `columns`, around them."""
    return archs.index(run.spec.arch) + SPREAD / len(columns) * (
        columns.index(run.spec.config) - (len(columns) - 1) / 2
    )


def _mark_best(axes: Axes, runs: Sequence[GraphRun], archs: Sequence[str], columns: Sequence[str]) -> None:
    """A star on the axis under the configuration with the best mean of each architecture."""
    for arch in archs:
        finished = [run for run in runs if run.spec.arch == arch and not run.diverged]
        if finished:
            best = min(finished, key=lambda run: run.metric.error(float(np.mean(run.best))))
            x, colour = _place(best, archs, columns), style.CONFIG_STYLE[best.spec.config][0]
            axes.plot(x, 0.03, "*", color=colour, ms=6, mew=0, transform=axes.get_xaxis_transform(), zorder=5)


def _draw_run(axes: Axes, run: GraphRun, x: float, highest: float) -> None:
    """Small markers for folds, a large one on a short line for their mean."""
    colour, marker, _ = style.CONFIG_STYLE[run.spec.config]
    shown = [value for value in run.best if value <= highest]
    axes.plot([x] * len(shown), shown, marker, color=colour, ms=2.6, alpha=0.45, mew=0)
    mean = float(np.mean(run.best))
    axes.plot([x - 0.07, x + 0.07], [mean, mean], color=colour, lw=1.2, solid_capstyle="butt", zorder=3)
    axes.plot(x, mean, marker, color=colour, ms=4.6, mec="white", mew=0.6, zorder=4)


def _draw_beyond(axes: Axes, run: GraphRun, x: float, highest: float) -> None:
    """A model off the scale: its mean in words, in the band above the data."""
    colour, marker, _ = style.CONFIG_STYLE[run.spec.config]
    axes.axhspan(highest, axes.get_ylim()[1], color="#F1F1F1", lw=0, zorder=0)
    mean = float(np.mean(run.best))
    number = (
        f"{mean:.2f}"
        if 0.1 <= mean < 100
        else f"{mean:.0e}".replace("e+0", "e").replace("e+", "e").replace("e-0", "e-")
    )
    text = "diverged" if run.diverged else f"{number} →"
    axes.plot(x, highest, marker, color=colour, ms=4.6, mec="white", mew=0.6, zorder=4)
    axes.annotate(
        text, (x, highest), (0, 4), textcoords="offset points", rotation=90, ha="center", va="bottom", fontsize=6
    )


def _draw_paper(axes: Axes, run: GraphRun, x: float, rmse: float) -> None:
    marker = style.CONFIG_STYLE[run.spec.config][1]
    axes.plot(x + PAPER_SHIFT, rmse, marker, mfc="none", mec="#333333", ms=4.2, mew=0.8, zorder=5)


def _draw_baseline(axes: Axes, baseline: FoldRun, columns: int) -> None:
    mean = float(np.mean(baseline.best))
    _draw_line(axes, mean, f"{baseline.model}\n{digits(mean)}", style.REFERENCE, columns)


def _draw_line(axes: Axes, height: float, label: str, colour: str, columns: int) -> None:
    """A line over all architectures, named at its end; off the scale it is named at the edge beyond which it is."""
    low, high = axes.get_ylim()
    place = min(max(height, low), high)
    beyond = "" if place == height else "↓ " if place == low else "↑ "
    if not beyond:
        axes.axhline(height, color=colour, lw=1, ls=(0, (5, 3)), zorder=1)
    axes.annotate(
        beyond + label, (columns - 0.5, place), (3, 0), textcoords="offset points", ha="left",
        va="center", fontsize=7, color=colour, annotation_clip=False,
    )  # fmt: skip


def _dress(axes: Axes, runs: Sequence[GraphRun], archs: Sequence[str], title: str) -> None:
    data = runs[0].dataset
    axes.set_xticks(range(len(archs)), [style.arch_label(arch) for arch in archs])
    axes.set_xlim(-0.5, len(archs) - 0.5)
    for edge in range(1, len(archs)):
        axes.axvline(edge - 0.5, color="#C8C8C8", lw=0.6)
    axes.set_ylabel(style.metric_label(runs[0]))
    axes.set_title(style.titled(title, data), loc="left", pad=22)


def _legend(axes: Axes, runs: Sequence[GraphRun], with_paper: bool) -> None:
    handles = [
        Line2D([], [], color=colour, marker=marker, lw=1.4, ms=5, mec="white", mew=0.6, label=label)
        for config, (colour, marker, label) in style.CONFIG_STYLE.items()
        if any(run.spec.config == config for run in runs)
    ]
    handles.append(Line2D([], [], color="#777777", marker="o", ls="", ms=2.6, mew=0, label="one fold"))
    handles.append(Line2D([], [], color="#777777", marker="*", ls="", ms=6, mew=0, label="best"))
    if with_paper:
        handles.append(
            Line2D([], [], mfc="none", mec="#333333", marker="o", ls="", ms=4.2, mew=0.8, label="paper's mean")
        )
    axes.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(-0.01, 1.0), ncols=len(handles), columnspacing=1.1,
        handletextpad=0.4, borderaxespad=0.1,
    )  # fmt: skip


def _small_print(runs: Sequence[GraphRun]) -> list[str]:
    metric = runs[0].metric
    like = "as in the paper" if metric.in_unit else "as the paper chooses by RMSE"
    point = f"A point is the {metric.best} validation {metric.name} over epochs of one fold, {like}"
    lines = [f"{point}; large markers are means.", f"{provenance(runs)}."]
    if not all(np.mean(run.best) <= limits(runs)[1] for run in runs):
        lines[0] += " In the grey band: models off the scale, with their mean."
    return style.small_print(lines, runs[0].dataset)
