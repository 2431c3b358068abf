"""One look for all figures: readable at column width in print, in grey and to colour-blind eyes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot as plt  # noqa: E402  (the backend must be chosen first)
from matplotlib.axes import Axes  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402

from score_mlx.data.described import CorpusPart
from score_mlx.runs.run import FoldRun  # noqa: E402
from score_mlx.runs.schema import DataSet  # noqa: E402
from score_mlx.system.files import replacing, write_text  # noqa: E402

if TYPE_CHECKING:
    from matplotlib.typing import RcKeyType

# Colours of Okabe and Ito and a brown, told apart with any colour vision; each has a marker of its own for grey print.
CONFIG_STYLE = {
    "base": ("#000000", "o", "base"),
    "classic": ("#E69F00", "s", "classic"),
    "skip05": ("#009E73", "^", "skip05"),
    "SCORE": ("#0072B2", "D", "SCORE"),
    "SCORE_skip05": ("#CC79A7", "v", "SCORE_skip05"),
    "averaged": ("#56B4E9", "P", "averaged"),
    "shared": ("#8B4513", "X", "shared"),
}
ARCH_LABELS = {
    "gcn": "GCN",
    "gat": "GAT",
    "gatv2": "GATv2",
    "gine": "GINE",
    "mpnn": "MPNN",
    "dmpnn": "D-MPNN",
    "attfp": "AttentiveFP",
    "gt": "GT",
}
OWN = "#56B4E9"  # of a plugin, which has no colour of its own
REFERENCE = "#D55E00"  # a line to compare with
WIDTH = 7.2  # inches, a page's text width

RC: dict[RcKeyType, Any] = {
    "font.family": "DejaVu Sans",  # comes with matplotlib, so that every machine draws the same
    "font.size": 8,
    "axes.titlesize": 9,
    "axes.labelsize": 8.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": "#E4E4E4",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "xtick.major.size": 0,
    "pdf.fonttype": 42,  # text stays text in the .pdf
    "savefig.dpi": 200,
}


def arch_label(arch: str) -> str:
    """The name of an architecture in print; a plugin's as it is."""
    return ARCH_LABELS.get(arch, arch)


def context():
    """`with context():` around everything that draws."""
    return matplotlib.rc_context(RC)


def unit(dataset: DataSet) -> str:
    """The target's unit as matplotlib sets it."""
    return dataset.unit.replace("log10", r"$\log_{10}$")


def shown(dataset: DataSet) -> str:
    """What a data set is called where there is little room."""
    return dataset.label if len(dataset.label) <= 20 else dataset.name


def rmse_label(dataset: DataSet) -> str:
    """Label of an axis of RMSE: data set and unit."""
    return f"RMSE on {shown(dataset)}" + (f" ({unit(dataset)})" if dataset.unit else "")


def metric_label(run: FoldRun) -> str:
    """Label of an axis of a run's metric: data set, and unit where it has one."""
    return rmse_label(run.dataset) if run.metric.in_unit else f"{run.metric.name} on {shown(run.dataset)}"


def titled(title: str, dataset: DataSet | CorpusPart) -> str:
    """A figure's title, which says so where the data are a stand-in."""
    return title + (" – STAND-IN DATA" if dataset.stand_in else "")


def small_print(lines: Sequence[str], dataset: DataSet | CorpusPart) -> list[str]:
    """Lines for `footnote`; a stand-in says so first."""
    warning = "Stand-in data with computed labels: no number here compares with the paper's."
    return [warning, *lines] if dataset.stand_in else list(lines)


def label_ends(axes: Axes, ends: Sequence[tuple[float, str, str]]) -> None:
    """Labels right of the axes at the heights where curves end, pushed apart where they would touch.

    Args:
        axes: with its limits set.
        ends: (height, label, colour) of each curve.
    """
    low, high = axes.get_ylim()
    gap = 0.055 * (high - low)
    place = low
    shown = sorted((height if height <= high else high, label, colour) for height, label, colour in ends)  # NaN: high
    for height, label, colour in shown:
        place = max(height, place + gap)  # from below: as high as its curve, or a line above the label before it
        axes.annotate(
            label, (1, height), (1.035, place), color=colour, va="center",
            xycoords=axes.get_yaxis_transform(), textcoords=axes.get_yaxis_transform(), annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": colour, "lw": 0.5, "shrinkA": 0, "shrinkB": 0, "relpos": (0, 0.5)},
        )  # fmt: skip


def footnote(axes: Axes, lines: Sequence[str], *, characters: int = 128, below: int = 24) -> None:
    """Small print `below` points under the axes: which data, which runs, what a point is. `save` makes room for it."""
    text = "\n".join(fill(line, characters) for line in lines)
    axes.annotate(
        text, (0, 0), (0, -below), xycoords="axes fraction", textcoords="offset points", ha="left", va="top",
        fontsize=6.5, color="#444444", linespacing=1.35, annotation_clip=False,
    )  # fmt: skip


def save(figure: Figure, path: str | Path, title: str, lines: Sequence[str]) -> None:
    """Write `path` (.png, 200 dpi), its .pdf and caption (.md, .json), each whole or not at all, always the same bytes.

    Args:
        figure: is closed.
        path: where to save.
        title, lines: the caption; what `footnote` has under the axes.
    """
    undated = {".pdf": {"CreationDate": None, "Producer": None, "Creator": None}, ".png": {"Software": None}}
    for suffix, metadata in undated.items():
        with replacing(Path(path).with_suffix(suffix)) as temporary:
            figure.savefig(temporary, format=suffix[1:], metadata=metadata, bbox_inches="tight", pad_inches=0.06)
    plt.close(figure)
    about = {"title": title.rstrip("."), "caption": " ".join(lines)}
    write_text(Path(path).with_suffix(".json"), json.dumps(about, indent=1, ensure_ascii=False) + "\n")
    text = f"**{about['title']}.** {about['caption']}\n"
    write_text(Path(path).with_suffix(".md"), text.replace("<", "&lt;"))  # a data set may be called anything
