"""Figures 3 and 4: training and validation loss of language models; and the same of character models."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from score_mlx.models.language.run import LanguageRun
from score_mlx.plots import style
from score_mlx.tables.language_runs import (
    explain_losses,
    explain_stand_in,
    provenance,
    repeats,
    require_one_corpus,
)

LABELS = {"base": "stack", "skip05": "stack, dt 0.5", "SCORE": "SCORE, dt 1/K", "SCORE_skip05": "SCORE, dt 0.5"}
LOSSES = {"train_loss": ("training", (0, (4, 2))), "val_loss": ("validation", "-")}


def draw(runs: Sequence[LanguageRun], path: str | Path, *, title: str) -> None:
    """A panel for each width and number of steps, a colour for each configuration, a line for each loss.

    Args:
        runs: on one text.
        path: where to save (.png and .pdf).
        title: of the figure.

    Raises:
        UserError: runs on different texts.
    """
    require_one_corpus(runs)
    panels = list(dict.fromkeys((run.spec.width, run.spec.steps) for run in runs))
    columns = min(3, len(panels))
    rows = -(-len(panels) // columns)
    heading, height = style.titled(title, runs[0].dataset), 2.4 * rows + 0.8
    with style.context():
        size = (style.WIDTH + 0.3, height)
        figure, grid = plt.subplots(rows, columns, figsize=size, squeeze=False, sharey=rows > 1)
        for panel, axes in zip(panels, grid.flat, strict=False):
            _panel(axes, [run for run in runs if (run.spec.width, run.spec.steps) == panel])
            axes.set_title(_name(panel, panels), loc="left")
            axes.set_xlabel("step")
            axes.set_ylabel("loss (nats a token)" if axes in grid[:, 0] else "")
        for axes in grid.flat[len(panels) :]:
            axes.axis("off")
        figure.subplots_adjust(top=1 - 0.6 / height, hspace=0.45, wspace=0.28)  # room for title, legend, panels' names
        figure.suptitle(heading, x=0.125, y=1 + 0.06 / height, ha="left", fontsize=9)
        place = (0.115, 1 - 0.08 / height)
        figure.legend(handles=_legend(runs), loc="upper left", bbox_to_anchor=place, ncols=5, handlelength=1.8)
        text = [
            *explain_stand_in(runs),
            f"{explain_losses(runs)}; a circle marks the lowest validation loss.",
            _seeds(runs),
            *_covered(runs),
            f"{provenance(runs)}.",
        ]
        style.footnote(grid[-1, 0], text, characters=140, below=36)
        style.save(figure, path, heading, text)


def _panel(axes: Axes, runs: Sequence[LanguageRun]) -> None:
    shown = []
    for same in repeats(runs):
        colour = style.CONFIG_STYLE[same[0].spec.config][0]
        for name, (_, line) in LOSSES.items():
            steps, mean, each = _over_repeats(same, name)
            axes.plot(steps, mean, color=colour, ls=line, lw=1.2, marker="o" if len(mean) == 1 else None, ms=3)
            if len(same) > 1:
                axes.plot(steps, np.transpose(each), color=colour, ls=line, lw=0.5, alpha=0.6)
            for one in each:  # the untrained models' loss, log of the vocabulary, would flatten the rest
                shown += one[1:] or one
            if name == "val_loss" and np.isfinite(mean).any():
                best = int(np.nanargmin(mean))
                axes.plot(steps[best], mean[best], "o", color=colour, mfc="none", ms=5)
    finite = [value for value in shown if np.isfinite(value)]
    if finite:
        low, high = min(finite), max(finite)
        settled = sorted(finite)[int(0.9 * (len(finite) - 1))]  # a peak later on may leave the panel as well
        top = min(high + 0.05 * (high - low), settled + 0.25 * (settled - low))
        axes.set_ylim(low - 0.05 * (settled - low) - 0.01, top + 0.01)


def _over_repeats(runs: Sequence[LanguageRun], name: str) -> tuple[list[float], list[float], list[list[float]]]:
    """Steps that all repeats have evaluated; a loss there, its mean and that of each repeat."""
    curves = [dict(zip(*run.curve(name), strict=True)) for run in runs]
    steps = [step for step in curves[0] if all(step in curve for curve in curves)]
    values = np.array([[curve[step] for step in steps] for curve in curves])
    return steps, values.mean(axis=0).tolist(), values.tolist()


def _seeds(runs: Sequence[LanguageRun]) -> str:
    """How many repeats stand behind each line."""
    counts = {len(same) for same in repeats(runs)}
    if counts == {1}:
        return "One seed a line."
    others = " A line without thin ones is one seed." if 1 in counts else ""
    most = " or ".join(str(count) for count in sorted(counts - {1}))
    return f"A line with thin ones beside it is the mean of {most} seeds, each of which is a thin line.{others}"


def _covered(runs: Sequence[LanguageRun]) -> list[str]:
    """Why a panel shows one line of SCORE fewer than the others."""
    halves = {run.spec.config for run in runs if run.spec.steps == 2} & {"SCORE", "SCORE_skip05"}
    return ["With K = 2 both dt are 0.5: the same computation, the same curves."] if len(halves) == 2 else []


def _name(panel: tuple[int, int], panels: Sequence[tuple[int, int]]) -> str:
    """What tells a panel from the others."""
    width, steps = panel
    parts = [f"d = {width}"] * (len({w for w, _ in panels}) > 1) + [f"K = {steps}"] * (len({k for _, k in panels}) > 1)
    return ", ".join(parts) or f"d = {width}, K = {steps}"


def _legend(runs: Sequence[LanguageRun]) -> list[Line2D]:
    configs = dict.fromkeys(run.spec.config for run in runs)
    colours = [Line2D([], [], color=style.CONFIG_STYLE[c][0], label=LABELS.get(c, c)) for c in configs]
    return colours + [Line2D([], [], color="#666666", ls=line, label=name) for name, line in LOSSES.values()]
