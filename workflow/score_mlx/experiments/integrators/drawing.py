"""Figures 9 and 10: learning curves of SCORE with each scheme of integration."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib import pyplot as plt

from score_mlx.models.graphs.run import GraphRun
from score_mlx.models.graphs.spec import INTEGRATOR_EPOCHS
from score_mlx.plots import style
from score_mlx.plots.learning_curves import band, dress, small_print
from score_mlx.tables.runs import require_one_dataset

INTEGRATORS = {
    "euler": ("Euler", "#0072B2", "-"),
    "heun": ("Heun", "#E69F00", (0, (5, 1.5))),
    "midpoint": ("midpoint", "#009E73", (0, (3, 1.5, 1, 1.5))),
    "rk4": ("RK4", "#CC79A7", (0, (1.5, 1))),
}


def draw_integrators(
    runs: Sequence[GraphRun], path: str | Path, *, title: str, epochs: int = INTEGRATOR_EPOCHS
) -> None:
    """A panel an architecture, a curve an integrator; arguments as those of the speed-up's curves.

    Raises:
        UserError: runs on different data.
    """
    require_one_dataset(runs)
    archs = list(dict.fromkeys(run.spec.arch for run in runs))
    epochs = min(epochs, *(len(run.curves[0]) for run in runs))  # Euler's runs are longer
    rows = -(-len(archs) // 3)
    height = 2.3 * rows + 0.4  # inches
    with style.context():
        figure, grid = plt.subplots(rows, 3, figsize=(style.WIDTH + 0.8, height), squeeze=False, sharex=True)
        for arch, axes in zip(archs, grid.flat, strict=False):
            mine = [run for run in runs if run.spec.arch == arch]
            for run in mine:
                label, colour, line = _scheme(run.spec.integrator)
                band(axes, run, label, colour, line, epochs, shade=0.08)
            dress(axes, mine, epochs, labelled=axes in grid[:, 0])
            axes.set_xlabel("epoch" if axes in grid[-1] else "")
            axes.set_title(f"SCORE-{style.arch_label(arch)}", loc="left")
        for axes in grid.flat[len(archs) :]:
            axes.axis("off")
        figure.subplots_adjust(hspace=0.28, wspace=0.22)
        top = figure.subplotpars.top  # above it, whatever the height: titles of panels, legend, title
        heading = style.titled(title, runs[0].dataset)
        figure.suptitle(heading, x=0.125, y=top + 0.68 / height, ha="left", va="top", fontsize=9)
        handles, labels = grid[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="upper left", bbox_to_anchor=(0.115, top + 0.54 / height), ncols=len(labels))
        text = small_print(runs, "Lines are means over folds, bands one standard deviation.")
        style.footnote(grid[-1, 0], text, characters=140, below=34)
        style.save(figure, path, heading, text)


def _scheme(name: str) -> tuple[str, str, Any]:
    """Name, colour and line of an integrator."""
    return INTEGRATORS.get(name, (name, style.OWN, "-"))
