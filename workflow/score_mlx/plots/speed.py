"""Seconds of a training epoch, engine by engine, and how far each is from the matrix products alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib import pyplot as plt
from matplotlib.ticker import FuncFormatter, LogLocator

from score_mlx.models.graphs.spec import ARCHS
from score_mlx.plots import style

# Okabe and Ito's colours, a marker each
ENGINE_STYLE = {
    "score-mlx": ("#0072B2", "D", "this project"),
    "score-mlx-plain": ("#56B4E9", "d", "without kernels"),
    "pyg": ("#D55E00", "o", "PyTorch Geometric"),
    "mlx-graphs": ("#009E73", "s", "mlx-graphs' layers"),
    "chemprop": ("#CC79A7", "^", "Chemprop"),
    "roofline": ("#000000", "|", "matrix products alone"),
}


def draw(rows: Sequence[dict[str, Any]], path: str | Path) -> None:
    """Save `path` (.png and .pdf).

    Args:
        rows: of a benchmark, with architecture, form, engine and seconds_per_epoch.
    """
    models = list(dict.fromkeys((row["architecture"], row["form"]) for row in rows))
    models.sort(key=lambda model: (ARCHS.index(model[0]), model[1] == "SCORE"))
    with style.context():
        figure, axes = plt.subplots(figsize=(style.WIDTH, 0.24 * len(models) + 1.1))
        for engine, (colour, marker, label) in ENGINE_STYLE.items():
            mine = [row for row in rows if row["engine"] == engine]
            places = [models.index((row["architecture"], row["form"])) for row in mine]
            seconds = [float(row["seconds_per_epoch"]) for row in mine]
            if mine:
                size = 9 if marker == "|" else 5
                axes.plot(seconds, places, marker, color=colour, ms=size, mew=1.6 if marker == "|" else 0, label=label)
        axes.set_yticks(range(len(models)), [_name(*model) for model in models])
        axes.invert_yaxis()
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
        axes.minorticks_off()
        axes.grid(True, axis="both")
        axes.set_xlabel("seconds of a training epoch of one fold, one core (logarithmic)")
        axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=3, handletextpad=0.2, columnspacing=0.9)
        how = "Median over interleaved turns on one machine; ESOL, hidden 128, K = 4, batch 32."
        style.save(figure, path, "Seconds of a training epoch of one fold on one core, engine by engine", [how])


def _name(arch: str, form: str) -> str:
    return f"{'SCORE-' if form == 'SCORE' else ''}{style.arch_label(arch)}"
