"""Learning curves: Figures 11 to 16, SCORE beside the native stack; Figure 17, the time warp; 9 and 10, integrators."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from score_mlx.models.graphs.spec import INTEGRATOR_EPOCHS
from score_mlx.plots import style
from score_mlx.runs.run import FoldRun
from score_mlx.stats import warp
from score_mlx.tables.runs import provenance, require_one_dataset
from score_mlx.tables.speedup import pairs

# (recurrent, descriptors): label, colour, line
FORMS = {
    (False, False): ("native", "#000000", "-"),
    (True, False): ("SCORE", "#0072B2", "-"),
    (False, True): ("native + RDKit", "#E69F00", (0, (4, 2))),
    (True, True): ("SCORE + RDKit", "#CC79A7", (0, (4, 2))),
}
INTEGRATORS = {
    "euler": ("Euler", "#0072B2", "-"),
    "heun": ("Heun", "#E69F00", (0, (5, 1.5))),
    "midpoint": ("midpoint", "#009E73", (0, (3, 1.5, 1, 1.5))),
    "rk4": ("RK4", "#CC79A7", (0, (1.5, 1))),
}
ROOM = 2.0  # curves are shown up to so many times the lowest value: the first epochs would flatten the rest
MOST = 4.0  # and, where one never comes so low, up to its own lowest, if that is no more than so many times the lowest


def draw_forms(runs: Sequence[FoldRun], path: str | Path, *, title: str, epochs: int = 100) -> None:
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
            _band(axes, run, *FORMS[run.spec.recurrent, run.spec.descriptors], epochs)
        _dress(axes, runs, epochs)
        heading = style.titled(f"{title}. {_label(runs)}, SCORE and native", runs[0].dataset)
        axes.set_title(heading, loc="left")
        _label_runs(axes, [(run, *FORMS[run.spec.recurrent, run.spec.descriptors]) for run in runs], epochs)
        text = _small_print(runs, "Lines are means over folds, bands one standard deviation.")
        style.footnote(axes, text, characters=104, below=34)
        style.save(figure, path, heading, text)


def draw_warp(runs: Sequence[FoldRun], path: str | Path, *, title: str, epochs: int = 100) -> None:
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
            axes.plot(place, warp.smooth(curve), marker=_marker(curve), color=colour, lw=1.5, label=name)
        if np.isfinite(found.factor):
            label = f"native, compressed {found.factor:.1f} times"
            axes.plot(*warp.compressed(curves[0], found.factor), color=style.REFERENCE, ls=(0, (4, 1.5)), label=label)
        _dress(axes, runs, epochs)
        heading = style.titled(f"{title}. {_label(runs)}, the native curve compressed to SCORE's", runs[0].dataset)
        axes.set_title(heading, loc="left")
        axes.legend(loc="upper right")
        how = f"Means over folds, smoothed over {warp.WINDOW} epochs"
        if np.isfinite(found.factor):
            near = f"lies {found.residual:.3f} from SCORE's over {found.overlap} epochs (root mean square)"
            how += f"; the compressed curve {near}"
        how += f". {found.flaw.capitalize()}." if found.flaw else "."
        text = _small_print(runs, how)
        style.footnote(axes, text, characters=104, below=34)
        style.save(figure, path, heading, text)


def draw_integrators(runs: Sequence[FoldRun], path: str | Path, *, title: str, epochs: int = INTEGRATOR_EPOCHS) -> None:
    """A panel an architecture, a curve an integrator; arguments as `draw_forms`.

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
                _band(axes, run, *_scheme(run.spec.integrator), epochs, shade=0.08)
            _dress(axes, mine, epochs, labelled=axes in grid[:, 0])
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
        text = _small_print(runs, "Lines are means over folds, bands one standard deviation.")
        style.footnote(grid[-1, 0], text, characters=140, below=34)
        style.save(figure, path, heading, text)


def limits(means: Sequence[np.ndarray]) -> tuple[float, float]:
    """Lowest and highest value to show of curves that are means over folds; a diverged one does not count."""
    lows = [float(np.nanmin(mean)) for mean in means if np.isfinite(mean).any()]
    if not lows:
        return 0.0, 1.0
    lowest = min(lows)
    return 0.9 * lowest, max([ROOM * lowest, *(1.1 * low for low in lows if low <= MOST * lowest)])


def _band(axes: Axes, run: FoldRun, label: str, colour: str, line, epochs: int, *, shade: float = 0.15) -> None:
    curves = np.array(run.curves)[:, :epochs]
    place, mean, std = np.arange(1, curves.shape[1] + 1), curves.mean(axis=0), curves.std(axis=0)
    axes.plot(place, mean, marker=_marker(mean), color=colour, ls=line, lw=1.2, label=label)
    axes.fill_between(place, mean - std, mean + std, color=colour, alpha=shade, lw=0)


def _dress(axes: Axes, runs: Sequence[FoldRun], epochs: int, *, labelled: bool = True) -> None:
    means = [np.mean(run.curves, axis=0)[:epochs] for run in runs]
    axes.set(xlim=(0, max(map(len, means)) + 1), ylim=limits(means), xlabel="epoch")
    axes.set_ylabel(style.rmse_label(runs[0].dataset) if labelled else "")


def _label_runs(axes: Axes, drawn: Sequence[tuple[FoldRun, str, str, object]], epochs: int) -> None:
    ends = [(float(np.mean(run.curves, axis=0)[:epochs][-1]), label, colour) for run, label, colour, _ in drawn]
    style.label_ends(axes, ends)


def _marker(curve: np.ndarray) -> str | None:
    """A run of one epoch is a point, which a line would not show."""
    return "o" if len(curve) == 1 else None


def _scheme(name: str) -> tuple:
    """Name, colour and line of an integrator."""
    return INTEGRATORS.get(name, (name, style.OWN, "-"))


def _label(runs: Sequence[FoldRun]) -> str:
    return style.arch_label(runs[0].spec.arch)


def _small_print(runs: Sequence[FoldRun], how: str) -> list[str]:
    lines = [f"Validation RMSE. {how}", f"{provenance(runs)}."]
    return style.small_print(lines, runs[0].dataset)
