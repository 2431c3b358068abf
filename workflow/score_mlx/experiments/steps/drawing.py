"""Figures 18 to 21: depth from 2 to 7, SCORE beside the native stack; how they learn and how good they get."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from score_mlx.models.graphs.run import GraphRun
from score_mlx.plots import style
from score_mlx.plots.learning_curves import limits
from score_mlx.stats import warp
from score_mlx.tables.runs import provenance, require_one_dataset

FORMS = {True: ("SCORE", "D", "#0072B2"), False: ("native", "o", "#000000")}  # by `recurrent`
WINDOW = 9  # epochs of the moving average
SHIFT = 0.12  # between the two forms, in units of the distance between depths
ROOM = 1.6  # curves are shown up to so many times the lowest value: the first epochs would flatten the rest


def draw(
    runs: Sequence[GraphRun], path: str | Path, *, title: str, paper: Mapping[str, Mapping[str, float]] | None = None
) -> None:
    """Save `path` (.png and .pdf).

    Args:
        runs: SCORE and base of one architecture at each depth, on the same data and folds.
        path: where to save.
        title: of the figure.
        paper: the paper's score and native by K, drawn where a run compares with them.

    Raises:
        UserError: runs on different data.
    """
    require_one_dataset(runs)
    depths = sorted({run.spec.steps for run in runs})
    with style.context():
        figure, panels = plt.subplot_mosaic(
            "SN.B", figsize=(style.WIDTH + 2, 3.3), width_ratios=(1, 1, 0.25, 1.5), gridspec_kw={"wspace": 0.12}
        )
        *learning, best = panels.values()
        colours = dict(zip(depths, plt.get_cmap("viridis")(np.linspace(0, 0.88, len(depths))), strict=True))
        for axes, recurrent in zip(learning, FORMS, strict=True):
            form = [run for run in runs if run.spec.recurrent == recurrent]
            for run in form:
                _curve(axes, run, colours[run.spec.steps])
            axes.set_title(FORMS[recurrent][0], pad=6)
        for run in runs:
            _best(best, run, depths, paper or {})
        _dress_learning(learning, runs, colours)
        _dress_best(best, runs, depths)
        learning[0].annotate(
            style.titled(title, runs[0].dataset), (0, 1), (0, 22), xycoords="axes fraction",
            textcoords="offset points", fontsize=style.RC["axes.titlesize"], annotation_clip=False,
        )  # fmt: skip
        lines = _small_print(runs)
        style.footnote(learning[0], lines, characters=160, below=34)
        style.save(figure, path, style.titled(title, runs[0].dataset), lines)


def _curve(axes: Axes, run: GraphRun, colour) -> None:
    mean = np.mean(run.curves, axis=0)
    epochs = np.arange(1, len(mean) + 1)
    marker = FORMS[run.spec.recurrent][1] if len(mean) == 1 else None  # a line would not show one epoch
    axes.plot(epochs, mean, color=colour, lw=0.5, alpha=0.3)
    axes.plot(epochs, warp.smooth(mean, WINDOW), marker=marker, color=colour, lw=1.3)


def _best(axes: Axes, run: GraphRun, depths: Sequence[int], paper: Mapping[str, Mapping[str, float]]) -> None:
    """Folds small, their mean large, the paper's mean open."""
    name, marker, colour = FORMS[run.spec.recurrent]
    x = depths.index(run.spec.steps) + (SHIFT if run.spec.recurrent else -SHIFT)
    axes.plot([x] * len(run.best), run.best, marker, color=colour, ms=2.6, alpha=0.45, mew=0)
    axes.plot(x, np.mean(run.best), marker, color=colour, ms=5.5, mec="white", mew=0.6, zorder=4)
    known = paper.get(str(run.spec.steps))
    if known and not run.incomparable(but=("steps",)):
        axes.plot(x + 0.09, known[name.lower()], marker, mfc="none", mec=style.REFERENCE, ms=4.6, mew=0.9, zorder=5)


def _dress_learning(learning: Sequence[Axes], runs: Sequence[GraphRun], colours: Mapping) -> None:
    means, higher = [np.mean(run.curves, axis=0) for run in runs], runs[0].metric.higher
    lowest = min(map(np.nanmin, means))
    for axes in learning:
        axes.set(xlabel="epoch", ylim=limits(means, higher=True) if higher else (0.96 * lowest, ROOM * lowest))
    learning[0].set_ylabel(style.metric_label(runs[0]))
    learning[1].tick_params(labelleft=False)
    handles = [Line2D([], [], color=colour, lw=1.6, label=f"K = {depth}") for depth, colour in colours.items()]
    place = "lower right" if higher else "upper right"
    learning[0].legend(handles=handles, ncols=2, loc=place, handlelength=1.2, columnspacing=1)


def _dress_best(axes: Axes, runs: Sequence[GraphRun], depths: Sequence[int]) -> None:
    axes.set_xticks(range(len(depths)), [str(depth) for depth in depths])
    axes.set(xlabel="K, applications of a block", ylabel=f"{runs[0].metric.best} {style.metric_label(runs[0])}")
    handles = [
        Line2D([], [], color=colour, marker=marker, ls="", ms=5.5, label=name)
        for name, marker, colour in FORMS.values()
    ]
    handles.append(Line2D([], [], color="#777777", marker="o", ls="", ms=2.6, mew=0, label="one fold"))
    if any(not run.incomparable(but=("steps",)) for run in runs):
        mark = {"mfc": "none", "mec": style.REFERENCE, "marker": "o", "ls": "", "ms": 4.6}
        handles.append(Line2D([], [], **mark, label="paper's mean"))
    axes.legend(
        handles=handles, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=4, handletextpad=0.2, columnspacing=1
    )


def _small_print(runs: Sequence[GraphRun]) -> list[str]:
    metric = runs[0].metric
    lines = [
        f"Left: validation {metric.name}, mean over folds, and in bold its average over {WINDOW} epochs. Right: the "
        f"{metric.best} over epochs of each fold, as in the paper.",
        f"{provenance(runs)}.",
    ]
    return style.small_print(lines, runs[0].dataset)
