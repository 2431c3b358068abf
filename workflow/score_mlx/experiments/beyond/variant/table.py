"""Runs of the paper's experiments once more with one setting changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from score_mlx.runs.run import FoldRun
from score_mlx.runs.spec import Spec
from score_mlx.stats.statistics import ALPHA, corrected, holm
from score_mlx.tables.formats import change, interval, number
from score_mlx.tables.runs import lacking, provenance, warnings
from score_mlx.tables.table import Readable

COLUMNS = (
    "model", "steps", "readout", "head", "rmse", "changed_rmse", "difference", "low", "high", "p", "p_holm", "paper",
    "from_paper", "changed_from_paper", "last_difference", "repeats", "changed_options",
)  # fmt: skip
Papers = Mapping[Spec, float]  # what the paper prints for a run in repeat 0
Pairs = Sequence[tuple[Spec, Spec]]  # as the paper has it, as changed


def variant_table(pairs: Pairs, runs: Mapping[Spec, FoldRun], paper: Papers) -> list[dict[str, Any]]:
    """One row a pair of which both have a record, repeats together; keys `COLUMNS`.

    `difference` is changed less unchanged, below 0 where the change lowers the RMSE; p adjusted by Holm over all rows.
    """
    grouped: dict[Spec, list[tuple[FoldRun, FoldRun]]] = {}
    for spec, changed in pairs:
        if spec in runs and changed in runs:
            grouped.setdefault(replace(spec, repeat=0), []).append((runs[spec], runs[changed]))
    rows = [_row(both, paper.get(spec)) for spec, both in grouped.items()]
    for row, p in zip(rows, holm([row["p"] for row in rows]), strict=True):
        row["p_holm"] = p
    return rows


def caption(runs: Sequence[FoldRun], change: str, missing: Sequence[Spec]) -> list[str]:
    """What a reader must know, a sentence an item."""
    lines = [
        *warnings(runs),
        f"Data and runs: {provenance(runs)}. Changed: {change}.",
        "RMSE: the lowest over epochs on each test fold, mean ± population standard deviation over folds. Difference: "
        "changed less unchanged, below 0 where the change lowers it; interval: 95 %, folds corrected as by Nadeau and "
        "Bengio (2003); p (Holm): adjusted over all rows. Last epoch: the difference without selection.",
    ]
    return lines + lacking(missing)


def _row(both: Sequence[tuple[FoldRun, FoldRun]], paper: float | None) -> dict[str, Any]:
    spec, changed = both[0][0].spec, both[0][1].spec
    row = dict.fromkeys(COLUMNS) | {"model": spec.model, "repeats": len(both), "paper": paper}
    row |= {name: spec.as_dict()[name] for name in ("steps", "readout", "head")} | {"changed_options": changed.options}
    means = [[np.mean(run.best) for run in side] for side in zip(*both, strict=True)]
    row["rmse"], row["changed_rmse"] = (float(np.mean(side)) if np.isfinite(side).all() else None for side in means)
    if paper is not None:
        row["from_paper"] = None if row["rmse"] is None else row["rmse"] - paper
        row["changed_from_paper"] = None if row["changed_rmse"] is None else row["changed_rmse"] - paper
    for epoch, prefix in (("best", ""), ("last", "last_")):
        values = np.concatenate([np.subtract(new.rmse(epoch), old.rmse(epoch)) for old, new in both])
        if np.isfinite(values).all():
            found = corrected(values, len(both[0][0].best))
            row[f"{prefix}difference"] = found.value
            row |= {} if prefix else {"low": found.low, "high": found.high, "p": found.p}
    return row


def _shown(row: Mapping[str, Any]) -> str:
    if row["p_holm"] is None:
        return "diverged"
    return "not shown" if row["p_holm"] >= ALPHA else "lower" if row["difference"] < 0 else "higher"


READABLE: Readable = (
    ("model", lambda row: row["model"]),
    ("K", lambda row: str(row["steps"])),
    ("readout", lambda row: row["readout"]),
    ("RMSE", lambda row: number(row["rmse"])),
    ("changed", lambda row: number(row["changed_rmse"])),
    ("difference", lambda row: change(row["difference"])),
    ("95 % interval", lambda row: interval(row["low"], row["high"])),
    ("p (Holm)", lambda row: "" if row["p_holm"] is None else f"{row['p_holm']:.3f}"),
    ("shown", _shown),
    ("last epoch", lambda row: change(row["last_difference"])),
    ("paper", lambda row: "" if row["paper"] is None else number(row["paper"])),
    ("ours - paper", lambda row: change(row["from_paper"])),
    ("changed - paper", lambda row: change(row["changed_from_paper"])),
)
