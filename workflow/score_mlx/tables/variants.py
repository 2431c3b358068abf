"""Runs of the paper's experiments once more: with one setting changed, or in other repeats."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from score_mlx.runs.run import FoldRun, mean_std
from score_mlx.runs.spec import Spec
from score_mlx.stats.statistics import ALPHA, corrected, holm
from score_mlx.tables.factorial import interval
from score_mlx.tables.formats import change, number
from score_mlx.tables.runs import provenance, warnings
from score_mlx.tables.table import Readable

VARIANT_COLUMNS = (
    "model", "steps", "readout", "head", "rmse", "changed_rmse", "difference", "low", "high", "p", "p_holm", "paper",
    "from_paper", "changed_from_paper", "last_difference", "repeats", "changed_options",
)  # fmt: skip
Papers = Mapping[Spec, float]  # what the paper prints for a run in repeat 0
Pairs = Sequence[tuple[Spec, Spec]]  # as the paper has it, as changed


def variant_table(pairs: Pairs, runs: Mapping[Spec, FoldRun], paper: Papers) -> list[dict[str, Any]]:
    """One row a pair of which both have a record, repeats together; keys `VARIANT_COLUMNS`.

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


def variant_caption(runs: Sequence[FoldRun], change: str, missing: Sequence[Spec]) -> list[str]:
    """What a reader must know, a sentence an item."""
    lines = [
        *warnings(runs),
        f"Data and runs: {provenance(runs)}. Changed: {change}.",
        "RMSE: the lowest over epochs on each test fold, mean ± population standard deviation over folds. Difference: "
        "changed less unchanged, below 0 where the change lowers it; interval: 95 %, folds corrected as by Nadeau and "
        "Bengio (2003); p (Holm): adjusted over all rows. Last epoch: the difference with no epoch chosen.",
    ]
    return lines + _lacking(missing)


def repeat_table(runs: Sequence[FoldRun]) -> list[dict[str, Any]]:
    """One row a run with two repeats or more: the five-fold mean of each repeat, and how much these differ."""
    grouped: dict[Spec, list[FoldRun]] = {}
    for run in runs:
        grouped.setdefault(replace(run.spec, repeat=0), []).append(run)
    several = {spec: sorted(same, key=lambda r: r.spec.repeat) for spec, same in grouped.items() if len(same) > 1}
    return [_repeats(spec, same, repeat_columns(runs)) for spec, same in several.items()]


def repeat_columns(runs: Sequence[FoldRun]) -> tuple[str, ...]:
    """Columns of `repeat_table`, one a repeat that occurs."""
    found = sorted({run.spec.repeat for run in runs})
    return (
        "model", "steps", "options", "repeats", "mean", "standard_deviation", "last_mean", "last_standard_deviation",
        *(f"repeat{repeat}" for repeat in found), *(f"last_repeat{repeat}" for repeat in found),
    )  # fmt: skip


def pooled(rows: Sequence[Mapping[str, Any]], column: str = "standard_deviation") -> tuple[float, int]:
    """The standard deviation between repeats of one five-fold mean over all rows, and its degrees of freedom."""
    free = [row["repeats"] - 1 for row in rows]
    squares = sum(df * row[column] ** 2 for df, row in zip(free, rows, strict=True))
    return math.sqrt(squares / sum(free)) if free else math.nan, sum(free)


def repeat_caption(runs: Sequence[FoldRun], rows: Sequence[Mapping[str, Any]], missing: Sequence[Spec]) -> list[str]:
    """What a reader must know, a sentence an item."""
    lines = [
        *warnings(runs),
        f"Data and runs: {provenance(runs)}.",
        "A repeat has other folds and other weights. Each number is the mean over the folds of one repeat, at the best "
        "epoch of each fold as in the paper; spread: standard deviation (ddof 1) between repeats.",
    ]
    if rows:
        (best, df), (last, _) = pooled(rows), pooled(rows, "last_standard_deviation")
        lines.append(
            f"Spread of one five-fold mean, pooled over all rows ({df} degrees of freedom): {best:.4f} at the best "
            f"epoch, {last:.4f} after the last."
        )
    return lines + _lacking(missing)


def repeat_readable(runs: Sequence[FoldRun]) -> Readable:
    """What people read of `repeat_table`."""
    found = sorted({run.spec.repeat for run in runs})
    return (
        ("model", lambda row: row["model"]),
        ("options", lambda row: row["options"]),
        *(
            (f"repeat {r}", lambda row, r=r: "" if row[f"repeat{r}"] is None else number(row[f"repeat{r}"]))
            for r in found
        ),
        ("mean", lambda row: number(row["mean"])),
        ("spread", lambda row: number(row["standard_deviation"])),
        ("last epoch", lambda row: number(row["last_mean"])),
        ("its spread", lambda row: number(row["last_standard_deviation"])),
    )


def _lacking(missing: Sequence[Spec]) -> list[str]:
    return [f"NOT COMPLETE: {len(missing)} runs have no record, first {missing[0].path('')}."] if missing else []


def _row(both: Sequence[tuple[FoldRun, FoldRun]], paper: float | None) -> dict[str, Any]:
    spec, changed = both[0][0].spec, both[0][1].spec
    row = dict.fromkeys(VARIANT_COLUMNS) | {"model": spec.model, "repeats": len(both), "paper": paper}
    row |= {name: spec.as_dict()[name] for name in ("steps", "readout", "head")} | {"changed_options": changed.options}
    means = [[mean_std(run.best)[0] for run in side] for side in zip(*both, strict=True)]
    row["rmse"], row["changed_rmse"] = (None if None in side else float(np.mean(side)) for side in means)
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


def _repeats(spec: Spec, runs: Sequence[FoldRun], names: Sequence[str]) -> dict[str, Any]:
    row = dict.fromkeys(names) | {"model": spec.model, "steps": spec.as_dict().get("steps"), "options": spec.options}
    row["repeats"] = len(runs)
    for prefix, epoch in (("", "best"), ("last_", "last")):
        means = [float(np.mean(run.rmse(epoch))) for run in runs]
        row |= {f"{prefix}repeat{run.spec.repeat}": mean for run, mean in zip(runs, means, strict=True)}
        row |= {f"{prefix}mean": float(np.mean(means)), f"{prefix}standard_deviation": float(np.std(means, ddof=1))}
    return row


def _shown(row: Mapping[str, Any]) -> str:
    if row["p_holm"] is None:
        return "diverged"
    return "not shown" if row["p_holm"] >= ALPHA else "lower" if row["difference"] < 0 else "higher"


VARIANT_READABLE: Readable = (
    ("model", lambda row: row["model"]),
    ("K", lambda row: str(row["steps"])),
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
