"""Learned step sizes: what SCORE makes of dt where it may choose, and whether it gains by it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from score_mlx.models.graphs.run import GraphRun
from score_mlx.runs.run import mean_std
from score_mlx.system.errors import UserError
from score_mlx.tables.formats import change, change_and_std, mean_and_std
from score_mlx.tables.runs import ORIGIN, origin, paired, provenance, require_one_dataset, warnings
from score_mlx.tables.table import Readable


def columns(runs: Sequence[GraphRun]) -> tuple[str, ...]:
    """Of the table of these runs; the number of steps and folds decides how many there are."""
    learned = [run for run in runs if run.spec.learn_dt]
    steps, folds = max(run.spec.steps for run in learned), len(learned[0].best)
    means = (f"dt{step}" for step in range(1, steps + 1))
    each = (f"dt{step}_fold{fold}" for step in range(1, steps + 1) for fold in range(folds))
    fixed = ("learned_mean", "learned_std", "fixed_mean", "fixed_std", "difference", "difference_std")
    last = ("learned_last", "fixed_last", "difference_last")
    return ("model", "fixed_dt", *fixed, *last, *means, *each, "comparable", *ORIGIN)


def learned_table(runs: Sequence[GraphRun]) -> list[dict[str, Any]]:
    """One row an architecture in the order of `runs`.

    Args:
        runs: SCORE with learned and with fixed step size of each architecture, on the same data and folds.

    Returns:
        Rows with the keys `columns(runs)`; difference = learned - fixed, fold by fold, at the best epoch;
        None where a fold diverged.

    Raises:
        UserError: one of a pair lacks, a run has no learned step sizes, or runs are on different data.
    """
    require_one_dataset(runs)
    both = "a run with learned and one with fixed dt"
    pairs = paired(runs, lambda run: run.model, lambda run: run.spec.learn_dt, both)
    names = columns(runs)
    return [dict.fromkeys(names) | _row(learned, fixed) for fixed, learned in pairs]


def caption(runs: Sequence[GraphRun]) -> list[str]:
    """What a reader of the table must know, a sentence an item."""
    metric = runs[0].metric
    return [
        *warnings(runs),
        f"Data and runs: {provenance(runs)}.",
        f"{metric.name}: the {metric.best} over epochs on each test fold, mean ± population standard deviation over "
        "folds; difference: learned - fixed, fold by fold. dt: step sizes after the last epoch, means over folds; each "
        "is kept between 0.1 and 0.5 and starts at 0.3.",
    ]


def _row(learned: GraphRun, fixed: GraphRun) -> dict[str, Any]:
    if not learned.learned_dt or any(not fold for fold in learned.learned_dt):
        raise UserError(f"{learned.spec.path('')}: no learned step sizes in the record")
    row: dict[str, Any] = {"model": learned.model, "fixed_dt": 1 / fixed.spec.steps}
    for name, run in (("learned", learned), ("fixed", fixed)):
        row[f"{name}_mean"], row[f"{name}_std"] = mean_std(run.best)
        row[f"{name}_last"], _ = mean_std(run.last)
    row["difference"], row["difference_std"] = mean_std(np.subtract(learned.best, fixed.best))
    row["difference_last"], _ = mean_std(np.subtract(learned.last, fixed.last))
    for step, values in enumerate(zip(*learned.learned_dt, strict=True), start=1):
        row[f"dt{step}"] = float(np.mean(values))
        row |= {f"dt{step}_fold{fold}": float(value) for fold, value in enumerate(values)}
    row["comparable"] = learned.incomparable(but=("learn_dt",)) or fixed.incomparable() or "yes"
    return row | origin(learned)


def _steps(row) -> str:
    values = [row[name] for name in row if name.startswith("dt") and name[2:].isdigit() and row[name] is not None]
    return ", ".join(f"{value:.2f}" for value in values)


READABLE: Readable = (
    ("model", lambda row: row["model"]),
    ("learned dt", lambda row: mean_and_std(row["learned_mean"], row["learned_std"])),
    ("fixed dt", lambda row: mean_and_std(row["fixed_mean"], row["fixed_std"])),
    ("difference", lambda row: change_and_std(row["difference"], row["difference_std"], row["fixed_mean"])),
    ("last epoch", lambda row: change(row["difference_last"], row["fixed_mean"])),
    ("dt, step by step", _steps),
)
