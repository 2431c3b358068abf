"""Tables 1-5: models ranked by RMSE, beside the paper's values."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from score_mlx.runs.run import FoldRun, mean_std
from score_mlx.system.errors import UserError
from score_mlx.tables.formats import change, mean_and_std
from score_mlx.tables.runs import NO_VALUE, ORIGIN, origin, provenance, quantity, require_one_dataset, warnings
from score_mlx.tables.table import Readable, Row

COLUMNS = (
    "rank", "model", "top", "rmse_mean", "rmse_std", "last_rmse_mean", "last_rmse_std", "diverged", "parameters",
    "seconds", "paper_rank", "paper_mean", "paper_std", "difference", "comparable", *ORIGIN,
)  # fmt: skip


def _rmse(mean: str, std: str) -> Callable[[Row], str]:
    def show(row: Row) -> str:
        if row[mean] is None:
            if row["rank"] is None:
                return "not run" if mean == "rmse_mean" else ""
            return "diverged" if row["diverged"] and not mean.startswith("paper") else ""
        return mean_and_std(row[mean], row[std])

    return show


# What people read of a row: heading and text. The .csv has the rest.
READABLE: Readable = (
    ("rank", lambda row: f"{row['rank'] or ''}{row['top'] or ''}"),
    ("model", lambda row: row["model"]),
    ("RMSE", _rmse("rmse_mean", "rmse_std")),
    ("last RMSE", _rmse("last_rmse_mean", "last_rmse_std")),
    ("paper", lambda row: _rmse("paper_mean", "paper_std")(row) if row["comparable"] == "yes" else ""),
    ("difference", lambda row: change(row["difference"], row["rmse_mean"])),
    ("parameters", lambda row: "" if row["parameters"] is None else f"{row['parameters']:,}"),
)


def model_table(
    runs: Sequence[FoldRun], paper: Mapping[str, Mapping[str, float]], *, top: int = 13, not_run: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """One row a model, best first, diverged models after these, models without a record last.

    Args:
        runs: at least one, all on the same data and folds.
        paper: the paper's rank, rmse_mean and rmse_std by model (`read_paper`); it prints its best 13 only.
        top: how many of the best are marked.
        not_run: models to list without numbers.

    Returns:
        Rows with the keys `COLUMNS`; None where there is no value. RMSE in the target's unit, std over folds with
        ddof 0 (the population's), difference = ours - paper's.

    Raises:
        UserError: no runs, or runs on different data.
    """
    if not runs:
        raise UserError("no run records for this table")
    require_one_dataset(runs)
    order = sorted(runs, key=lambda run: (run.diverged, np.mean(run.best), run.model))
    rows = [_row(run, rank, paper.get(run.model, {}), top) for rank, run in enumerate(order, 1)]
    return rows + [{**dict.fromkeys(COLUMNS), "model": model, "comparable": "not run"} for model in not_run]


def read_paper(path: str | Path) -> dict[str, dict[str, float]]:
    """The paper's values by model: `{"SCORE_gat": {"rmse_mean": 0.564, "rmse_std": 0.04, "rank": 13}, ...}`.

    Table 1 has no ranks.
    """
    with Path(path).open(encoding="utf-8", newline="") as file:
        return {
            row["model"]: {k: float(row[k]) for k in ("rmse_mean", "rmse_std")}
            | ({"rank": int(row["rank"])} if "rank" in row else {})
            for row in csv.DictReader(file)
        }


def caption(runs: Sequence[FoldRun], top: int = 0) -> list[str]:
    """What a reader of the table must know, a sentence an item; a stand-in says so first."""
    lines = [*warnings(runs), f"Data and runs: {provenance(runs)}."]
    lines.append(f"{quantity(runs)}: mean ± population standard deviation over folds.")
    if runs[0].spec.split == "holdout":
        lines[-1] = (
            f"{quantity(runs)}, of the test molecules; of networks at the epoch of the lowest RMSE of the val ones."
        )
    elif any(run.has_epochs for run in runs):
        lines[-1] += (
            " Of networks the lowest over epochs on each test fold, as in the paper (so chosen on the test fold); last "
            "RMSE: the same after the last epoch."
        )
    if top:
        lines[-1] += " * the best of ours."
    return lines


def _row(run: FoldRun, rank: int, paper: Mapping[str, float], top: int) -> dict[str, Any]:
    why_not = run.incomparable() or ("" if paper else NO_VALUE)
    mean, std = mean_std(run.best)
    last_mean, last_std = mean_std(run.last) if run.has_epochs else (None, None)
    return {
        "rank": rank,
        "model": run.model,
        "top": "*" if rank <= top and not run.diverged else "",
        "rmse_mean": mean,
        "rmse_std": std,
        "last_rmse_mean": last_mean,
        "last_rmse_std": last_std,
        "diverged": _diverged(run),
        "parameters": run.parameters,
        "seconds": run.meta.seconds,
        "paper_rank": paper.get("rank"),
        "paper_mean": paper.get("rmse_mean"),
        "paper_std": paper.get("rmse_std"),
        "difference": None if why_not or mean is None else mean - paper["rmse_mean"],
        "comparable": why_not or "yes",
    } | origin(run)


def _diverged(run: FoldRun) -> str:
    """`best 1/5, last 2/5`: folds without a finite RMSE at any, at the last epoch."""
    counts = (("best", run.diverged), ("last", sum(map(math.isnan, run.last))))
    return ", ".join(f"{which} {count}/{len(run.best)}" for which, count in counts if count)
