"""Figure 1b: the models of Table 1 as bars with every fold shown; Figure 1: the schema of the update beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from score_mlx.plots import schema, style
from score_mlx.runs.run import FoldRun
from score_mlx.system.digits import digits
from score_mlx.tables.runs import provenance, require_one_dataset

TREE, DENSE, SCORE = "#D2D2D2", "#A9A9A9", "#7DB9E0"  # light enough for points on them
CHANCE = 0.5  # ROC-AUC of a model that knows nothing
Paper = Mapping[str, Mapping[str, float]]


def draw(runs: Sequence[FoldRun], path: str | Path, *, title: str, paper: Paper) -> None:
    """Bars alone as `path` (.png and .pdf).

    Args:
        runs: on the same data and folds.
        path: where to save.
        title: of the figure.
        paper: the paper's values by model; drawn only where a run compares with them.

    Raises:
        UserError: runs on different data.
    """
    with style.context():
        figure, axes = plt.subplots(figsize=(5.6, 3.3))
        draw_on(axes, runs, title, paper)
        lines = _small_print(runs)
        style.footnote(axes, lines, characters=104, below=38)
        style.save(figure, path, style.titled(title, runs[0].dataset), lines)


def draw_beside_schema(runs: Sequence[FoldRun], path: str | Path, *, title: str, paper: Paper) -> None:
    """Schema and bars side by side as `path` (.png and .pdf); arguments as of `draw`."""
    with style.context():
        figure, (left, right) = plt.subplots(
            1, 2, figsize=(10.6, 3.9), gridspec_kw={"width_ratios": [1.16, 1], "wspace": 0.5}
        )
        schema.draw_on(left, "(a) Depth as a stack and as a recurrence")
        draw_on(right, runs, "(b) " + title.split(". ", 1)[-1], paper)
        lines = _small_print(runs)
        style.footnote(right, lines, characters=88, below=38)
        style.save(figure, path, style.titled(title, runs[0].dataset), [f"(a) {schema.CAPTION} (b)", *lines])


def draw_on(axes: Axes, runs: Sequence[FoldRun], title: str, paper: Paper) -> None:
    """Horizontal bars, the best model on top."""
    require_one_dataset(runs)
    order = sorted(runs, key=lambda run: run.rank[:2])
    table = pd.DataFrame([(run.model, value) for run in order for value in run.best], columns=["model", "value"])
    palette = {run.model: _colour(run) for run in order}
    sns.barplot(
        table, x="value", y="model", hue="model", palette=palette, errorbar=None, width=0.68, ax=axes, legend=False
    )
    sns.stripplot(
        table, x="value", y="model", color="#111111", size=2.6, alpha=0.7, jitter=False, ax=axes, legend=False
    )
    for place, run in enumerate(order):
        # right of the bar, of its folds and of the paper's mark, whichever reaches furthest
        comparable = not run.incomparable() and run.model in paper
        marks = [*run.best, *([paper[run.model]["rmse_mean"]] if comparable else [])]
        text = digits(float(np.mean(run.best))) if not run.diverged else "diverged"
        axes.annotate(
            text, (np.nanmax(marks), place), (5, 0), textcoords="offset points", va="center", fontsize=7
        )  # fmt: skip
        if comparable:
            axes.plot(marks[-1], place, "D", mfc="none", mec=style.REFERENCE, ms=4.6, mew=1.1, zorder=5)
    data = order[0].dataset
    axes.set_title(style.titled(title, data), loc="left", pad=20)
    axes.set(ylabel="", xlabel=style.metric_label(order[0]))
    axes.grid(True, axis="x")
    axes.grid(False, axis="y")
    most = np.nanmax(table["value"])
    if _from_chance(runs):
        axes.set_xlim(CHANCE, most + 0.12 * (most - CHANCE))
        axes.set_xticks([tick for tick in axes.get_xticks() if CHANCE <= tick <= 1])
    else:
        axes.set_xlim(0, 1.12 * most)
    _legend(axes, with_paper=any(not run.incomparable() and run.model in paper for run in runs))


def _from_chance(runs: Sequence[FoldRun]) -> bool:
    """Whether bars can start where those of nothing learnt would end."""
    return runs[0].metric.higher and all(not value < CHANCE for run in runs for value in run.best)


def _colour(run: FoldRun) -> str:
    if not run.has_epochs:
        return TREE
    return SCORE if run.model.startswith("SCORE") else DENSE


def _legend(axes: Axes, *, with_paper: bool) -> None:
    handles = [Line2D([], [], color="#111111", marker="o", ls="", ms=2.8, mew=0, label="one fold")]
    if with_paper:
        mark = {"mfc": "none", "mec": style.REFERENCE, "marker": "D", "ls": "", "ms": 4.6, "mew": 1.1}
        handles.append(Line2D([], [], **mark, label="paper's mean"))
    axes.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=2, handletextpad=0.3, borderaxespad=0
    )


def _small_print(runs: Sequence[FoldRun]) -> list[str]:
    lines = [
        "Bars are means over folds. MLP and SCORE-MLP at the best epoch of each test fold, as in the paper.",
        f"{provenance(runs)}.",
    ]
    if runs[0].metric.higher:
        lines[0] += (
            f" {CHANCE} is the ROC-AUC of a model that knows nothing{'; bars start there' * _from_chance(runs)}."
        )
    return style.small_print(lines, runs[0].dataset)
