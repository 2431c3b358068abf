"""Learning curves: Figures 11 to 16, SCORE beside the native stack; Figure 17, the time warp."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from score_mlx.experiments.speedup.table import pairs
from score_mlx.models.graphs.run import GraphRun
from score_mlx.plots import style
from score_mlx.plots.learning_curves import band, dress, marker, small_print
from score_mlx.stats import warp
from score_mlx.tables.runs import require_one_dataset

# (recurrent, descriptors): label, colour, line
FORMS: dict[tuple[bool, bool], tuple[str, str, Any]] = {
    (False, False): ("native", "#000000", "-"),
    (True, False): ("SCORE", "#0072B2", "-"),
    (False, True): ("native + RDKit", "#E69F00", (0, (4, 2))),
    (True, True): ("SCORE + RDKit", "#CC79A7", (0, (4, 2))),
}


def draw_forms(runs: Sequence[GraphRun], path: str | Path, *, title: str, epochs: int = 100) -> None:
    """One architecture, SCORE and native, with and without descriptors: mean and standard deviation over folds.

    Args:
        runs: of one architecture, on the same data and folds.
        path: where to save (.png and .pdf).
        title: the figure's name; which architecture it shows is added.
        epochs: how many are shown.

    Raises:
        UserError: runs on different data.
    """
    require_one_dataset(runs)
    with style.context():
        figure, axes = plt.subplots(figsize=(style.WIDTH - 1, 3.6))
        for run in runs:
            label, colour, line = FORMS[run.spec.recurrent, run.spec.descriptors]
            band(axes, run, label, colour, line, epochs)
        dress(axes, runs, epochs)
        heading = style.titled(f"{title}. {_label(runs)}, SCORE and native", runs[0].dataset)
        axes.set_title(heading, loc="left")
        _label_runs(axes, [(run, *FORMS[run.spec.recurrent, run.spec.descriptors]) for run in runs], epochs)
        text = small_print(runs, "Lines are means over folds, bands one standard deviation.")
        style.footnote(axes, text, characters=104, below=34)
        style.save(figure, path, heading, text)


def draw_warp(runs: Sequence[GraphRun], path: str | Path, *, title: str, epochs: int = 100) -> None:
    """SCORE's curve, the native one, and the native one compressed by the fitted factor; arguments as `draw_forms`.

    Raises:
        UserError: not one model of each form, or runs on different data.
    """
    require_one_dataset(runs)
    ((native, score),) = pairs(runs)
    curves = [np.mean(run.curves, axis=0) for run in (native, score)]
    found = warp.fit(*curves)
    with style.context():
        figure, axes = plt.subplots(figsize=(style.WIDTH - 1, 3.6))
        place = np.arange(1, len(curves[0]) + 1)
        for curve, name, colour in ((curves[0], "native", "#999999"), (curves[1], "SCORE", FORMS[True, False][1])):
            axes.plot(place, warp.smooth(curve), marker=marker(curve), color=colour, lw=1.5, label=name)
        if np.isfinite(found.factor):
            label = f"native, compressed {found.factor:.1f} times"
            axes.plot(*warp.compressed(curves[0], found.factor), color=style.REFERENCE, ls=(0, (4, 1.5)), label=label)
        dress(axes, runs, epochs)
        heading = style.titled(f"{title}. {_label(runs)}, the native curve compressed to SCORE's", runs[0].dataset)
        axes.set_title(heading, loc="left")
        axes.legend(loc="upper right")
        how = f"Means over folds, smoothed over {warp.WINDOW} epochs"
        if np.isfinite(found.factor):
            near = f"lies {found.residual:.3f} from SCORE's over {found.overlap} epochs (root mean square)"
            how += f"; the compressed curve {near}"
        how += f". {found.flaw.capitalize()}." if found.flaw else "."
        text = small_print(runs, how)
        style.footnote(axes, text, characters=104, below=34)
        style.save(figure, path, heading, text)


def _label_runs(axes: Axes, drawn: Sequence[tuple[GraphRun, str, str, object]], epochs: int) -> None:
    ends = [(float(np.mean(run.curves, axis=0)[:epochs][-1]), label, colour) for run, label, colour, _ in drawn]
    style.label_ends(axes, ends)


def _label(runs: Sequence[GraphRun]) -> str:
    return style.arch_label(runs[0].spec.arch)
