"""Table 6: how many times faster SCORE learns than the native stack, with and without the RDKit descriptors."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from score_mlx.models.graphs.run import GraphRun
from score_mlx.stats import warp
from score_mlx.tables.runs import NO_VALUE, ORIGIN, Pair, origin, paired, provenance, require_one_dataset, warnings
from score_mlx.tables.table import Readable

COLUMNS = (
    "model", "readout", "descriptors", "factor", "factor_low", "factor_high", "residual", "overlap", "flaw",
    "paper_factor", "difference_percent", "comparable", *ORIGIN,
)  # fmt: skip
# The paper's names of the rows.
PAPER_NAMES = {
    "attfp": "AttFP (with MolAttFP)", "dmpnn": "DMPNN", "mpnn": "MPNN", "gine": "GINE", "gat": "GAT", "gt": "GT",
}  # fmt: skip


def speedup_table(runs: Sequence[GraphRun], paper: Mapping[tuple[str, bool], float]) -> list[dict[str, Any]]:
    """One row an architecture with and one without descriptors, in the order of `runs`.

    Args:
        runs: base and SCORE of each architecture, with and without descriptors, on the same data and folds.
        paper: the paper's factor by (architecture, with descriptors).

    Returns:
        Rows with the keys `COLUMNS`; the interval is a bootstrap over folds, None where a curve is not finite.

    Raises:
        UserError: one of a pair lacks, or runs are on different data.
    """
    require_one_dataset(runs)
    return [_row(native, score, paper) for native, score in pairs(runs)]


def pairs(runs: Sequence[GraphRun]) -> list[Pair]:
    """(native, SCORE) of each architecture and choice of descriptors.

    Raises:
        UserError: one of the two lacks.
    """

    def name(run: GraphRun) -> str:
        return f"{run.spec.arch} {'with' if run.spec.descriptors else 'without'} descriptors"

    return paired(runs, name, lambda run: run.spec.recurrent, "SCORE and the native model")


def fit(native: GraphRun, score: GraphRun) -> warp.Warp:
    """How many times faster the second run learns than the first, from their mean curves."""
    return warp.fit(np.mean(native.curves, axis=0), np.mean(score.curves, axis=0))


def interval(native: GraphRun, score: GraphRun) -> tuple[float, float]:
    """Of that factor, by a bootstrap over folds."""
    return warp.interval(np.array(native.curves), np.array(score.curves))


def read_paper(path: str | Path) -> dict[tuple[str, bool], float]:
    """The paper's factors: `{("gat", True): 1.5, ("gat", False): 3.3, ...}`."""
    archs = {name: arch for arch, name in PAPER_NAMES.items()}
    with Path(path).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    columns = {"with_rdkit": True, "without_rdkit": False}
    return {(archs[row["model"]], flag): float(row[name]) for row in rows for name, flag in columns.items()}


def caption(runs: Sequence[GraphRun]) -> list[str]:
    """What a reader of the table must know, a sentence an item."""
    return [
        *warnings(runs),
        f"Data and runs: {provenance(runs)}.",
        f"Factor c: SCORE at epoch t is where the native model is at epoch c t, from curves of validation RMSE, means "
        f"over folds, smoothed over {warp.WINDOW} epochs; least squares over at least {warp.OVERLAP} epochs. In "
        "brackets a 95 % bootstrap interval over folds; residual: root mean squared distance of the two curves.",
    ]


def _row(native: GraphRun, score: GraphRun, paper: Mapping[tuple[str, bool], float]) -> dict[str, Any]:
    spec = score.spec
    found = fit(native, score)
    finite = np.isfinite(found.factor)
    low, high = interval(native, score) if finite else (None, None)
    printed = paper.get((spec.arch, spec.descriptors))
    why_not = score.incomparable() or native.incomparable() or ("" if printed else NO_VALUE)
    row = {
        "model": PAPER_NAMES.get(spec.arch, spec.arch),
        "readout": spec.readout,
        "descriptors": "yes" if spec.descriptors else "no",
        "factor": found.factor if finite else None,
        "factor_low": low,
        "factor_high": high,
        "residual": found.residual if finite else None,
        "overlap": found.overlap,
        "flaw": found.flaw,
        "paper_factor": printed,
        "difference_percent": None if why_not or not finite or not printed else 100 * (found.factor / printed - 1),
        "comparable": why_not or "yes",
    }
    return row | origin(score)


def _interval(row) -> str:
    return "" if row["factor_low"] is None else f"[{row['factor_low']:.1f}, {row['factor_high']:.1f}]"


READABLE: Readable = (
    ("model", lambda row: row["model"]),
    ("RDKit", lambda row: row["descriptors"]),
    ("factor", lambda row: "" if row["factor"] is None else f"{row['factor']:.1f}"),
    ("95 %", _interval),
    ("paper", lambda row: f"{row['paper_factor']:.1f}" if row["comparable"] == "yes" else ""),
    ("residual", lambda row: "" if row["residual"] is None else f"{row['residual']:.3f}"),
    ("flaw", lambda row: row["flaw"]),
)
