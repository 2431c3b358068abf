"""Tables 1-5: models ranked by RMSE, beside the paper's values; of classes by ROC-AUC."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from score_mlx.runs.objective import REGRESSION, Metric
from score_mlx.runs.run import FoldRun, mean_std
from score_mlx.system.errors import UserError
from score_mlx.tables.formats import change, mean_and_std
from score_mlx.tables.runs import NO_VALUE, ORIGIN, origin, provenance, quantity, require_one_dataset, warnings
from score_mlx.tables.table import Readable, Row

COLUMNS = (
    "rank", "model", "top", "rmse_mean", "rmse_std", "last_rmse_mean", "last_rmse_std", "diverged", "parameters",
    "seconds", "paper_rank", "paper_mean", "paper_std", "difference", "comparable", *ORIGIN,
)  # fmt: skip


def columns(runs: Sequence[FoldRun]) -> tuple[str, ...]:
    """Of the table of these runs: the paper prints errors only, and classes have metrics of their own."""
    if runs[0].spec.task == REGRESSION:
        return COLUMNS
    names = (f"{last}{m.key}_{of}" for m in _metrics(runs) for last in ("", "last_") for of in ("mean", "std"))
    return ("rank", "model", "top", *names, "diverged", "parameters", "seconds", *ORIGIN)


def readable(runs: Sequence[FoldRun]) -> Readable:
    """What people read of a row, by what is learnt."""
    if runs[0].spec.task == REGRESSION:
        return READABLE
    shown = [
        (
            f"{last.replace('_', ' ')}{m.name}",
            _value(f"{last}{m.key}_mean", f"{last}{m.key}_std", first=not place and not last),
        )
        for place, m in enumerate(_metrics(runs))
        for last in ("", "last_")
    ]
    return (*READABLE[:2], *shown, READABLE[-1])


def _metrics(runs: Sequence[FoldRun]) -> tuple[Metric, ...]:
    return runs[0].spec.objective.metrics


def _value(mean: str, std: str, *, first: bool = False) -> Callable[[Row], str]:
    """A mean and its deviation; the `first` of a row says why there is none."""

    def show(row: Row) -> str:
        if row[mean] is None:
            if row["rank"] is None:
                return "not run" if first else ""
            return "diverged" if row["diverged"] and not mean.startswith("paper") else ""
        return mean_and_std(row[mean], row[std])

    return show


# What people read of a row: heading and text. The .csv has the rest.
READABLE: Readable = (
    ("rank", lambda row: f"{row['rank'] or ''}{row['top'] or ''}"),
    ("model", lambda row: row["model"]),
    ("RMSE", _value("rmse_mean", "rmse_std", first=True)),
    ("last RMSE", _value("last_rmse_mean", "last_rmse_std")),
    ("paper", lambda row: _value("paper_mean", "paper_std")(row) if row["comparable"] == "yes" else ""),
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
        Rows with the keys `columns(runs)`; None where there is no value. RMSE in the target's unit, std over folds with
        ddof 0 (the population's), difference = ours - paper's.

    Raises:
        UserError: no runs, or runs on different data.
    """
    if not runs:
        raise UserError("no run records for this table")
    require_one_dataset(runs)
    order = sorted(runs, key=lambda run: run.rank)
    rows = [_row(run, rank, paper.get(run.model, {}), top) for rank, run in enumerate(order, 1)]
    return rows + [{**dict.fromkeys(columns(runs)), "model": model, "comparable": "not run"} for model in not_run]


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
    metric, others = runs[0].metric, _metrics(runs)[1:]
    what = " and ".join([quantity(runs), *(other.name for other in others)])
    lines.append(f"{what}: mean ± population standard deviation over folds.")
    if runs[0].spec.split == "holdout":
        lines[-1] = (
            f"{what}, of the test molecules; of networks at the epoch of the {metric.best} {metric.name} of the val "
            "ones."
        )
    elif any(run.has_epochs for run in runs) and others:
        lines[-1] += (
            f" Of networks at the epoch of the {metric.best} {metric.name} on each test fold (so chosen on the test "
            "fold, as the paper chooses by RMSE); last: the same after the last epoch."
        )
    elif any(run.has_epochs for run in runs):
        lines[-1] += (
            " Of networks the lowest over epochs on each test fold, as in the paper (so chosen on the test fold); last "
            "RMSE: the same after the last epoch."
        )
    if others:
        lines[-1] += " PR-AUC is the average precision."
    if top:
        lines[-1] += " * the best of ours."
    return lines


def _row(run: FoldRun, rank: int, paper: Mapping[str, float], top: int) -> dict[str, Any]:
    why_not = run.incomparable() or ("" if paper else NO_VALUE)
    values: dict[str, float | None] = {}
    for key, (best, last) in {run.metric.key: (run.best, run.last), **run.others}.items():
        values[f"{key}_mean"], values[f"{key}_std"] = mean_std(best)
        values[f"last_{key}_mean"], values[f"last_{key}_std"] = mean_std(last) if run.has_epochs else (None, None)
    mean = values[f"{run.metric.key}_mean"]
    return {
        "rank": rank,
        "model": run.model,
        "top": "*" if rank <= top and not run.diverged else "",
        **values,
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
