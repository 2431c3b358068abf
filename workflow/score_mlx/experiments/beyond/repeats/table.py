"""Five-fold means of runs in several repeats, and how much these differ."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from score_mlx.runs.run import FoldRun
from score_mlx.runs.spec import Spec
from score_mlx.tables.formats import number
from score_mlx.tables.runs import lacking, provenance, warnings
from score_mlx.tables.table import Readable


def repeat_table(runs: Sequence[FoldRun]) -> list[dict[str, Any]]:
    """One row a run with two repeats or more: the five-fold mean of each repeat, and how much these differ."""
    grouped: dict[Spec, list[FoldRun]] = {}
    for run in runs:
        grouped.setdefault(replace(run.spec, repeat=0), []).append(run)
    several = {spec: sorted(same, key=lambda r: r.spec.repeat) for spec, same in grouped.items() if len(same) > 1}
    return [_repeats(spec, same, columns(runs)) for spec, same in several.items()]


def columns(runs: Sequence[FoldRun]) -> tuple[str, ...]:
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


def caption(runs: Sequence[FoldRun], rows: Sequence[Mapping[str, Any]], missing: Sequence[Spec]) -> list[str]:
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
    return lines + lacking(missing)


def readable(runs: Sequence[FoldRun]) -> Readable:
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


def _repeats(spec: Spec, runs: Sequence[FoldRun], names: Sequence[str]) -> dict[str, Any]:
    row = dict.fromkeys(names) | {"model": spec.model, "steps": spec.as_dict().get("steps"), "options": spec.options}
    row["repeats"] = len(runs)
    for prefix, epoch in (("", "best"), ("last_", "last")):
        means = [float(np.mean(run.rmse(epoch))) for run in runs]
        row |= {f"{prefix}repeat{run.spec.repeat}": mean for run, mean in zip(runs, means, strict=True)}
        row |= {f"{prefix}mean": float(np.mean(means)), f"{prefix}standard_deviation": float(np.std(means, ddof=1))}
    return row
