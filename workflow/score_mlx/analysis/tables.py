"""Tables 2-5: every architecture in every configuration, ranked, beside the paper's values."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from score_mlx.analysis.runs import Run, provenance, require_one_dataset
from score_mlx.errors import UserError

COLUMNS = (
    "rank", "model", "top", "rmse_mean", "rmse_std", "last_rmse_mean", "last_rmse_std", "diverged", "parameters",
    "seconds", "paper_rank", "paper_mean", "paper_std", "difference", "comparable", "dataset", "stand_in", "preset",
    "cuts", "options", "seed", "device", "versions", "commit", "adopted_from",
)  # fmt: skip


def model_table(
    runs: Sequence[Run], paper: Mapping[str, Mapping[str, float]], *, top: int = 13, not_run: Sequence[str] = ()
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
    order = sorted(runs, key=lambda run: (run.diverged, _mean(run.best), run.model))
    rows = [_row(run, rank, paper.get(run.model, {}), top) for rank, run in enumerate(order, 1)]
    return rows + [{**dict.fromkeys(COLUMNS), "model": model, "comparable": "not run"} for model in not_run]


def read_paper(path: str | Path) -> dict[str, dict[str, float]]:
    """The paper's values by model: `{"SCORE_gat": {"rank": 13, "rmse_mean": 0.564, "rmse_std": 0.04}, ...}`."""
    with Path(path).open(encoding="utf-8", newline="") as file:
        return {
            row["model"]: {"rank": int(row["rank"]), **{k: float(row[k]) for k in ("rmse_mean", "rmse_std")}}
            for row in csv.DictReader(file)
        }


def caption(runs: Sequence[Run]) -> list[str]:
    """What a reader of the table must know, a sentence an item; a stand-in says so first."""
    lines = []
    if runs[0].dataset["stand_in"]:
        lines.append(f"STAND-IN DATA ({runs[0].dataset['label']}): no number here compares with the paper's.")
    cuts = list(dict.fromkeys(run.cuts for run in runs if run.cuts))
    if cuts:
        lines.append(f"CUT RUNS ({'; '.join(cuts)}): trained for less than in the paper, so not compared with it.")
    lines.append(f"Data and runs: {provenance(runs)}.")
    lines.append(
        "RMSE: the lowest over epochs on each test fold, as in the paper (so chosen on the test fold), mean "
        "± population standard deviation over folds. Last RMSE: the same after the last epoch. * the best of ours."
    )
    return lines


def _row(run: Run, rank: int, paper: Mapping[str, float], top: int) -> dict[str, Any]:
    why_not = run.incomparable() or ("" if paper else "the paper gives no value")
    mean = _mean(run.best)
    return {
        "rank": rank,
        "model": run.model,
        "top": "*" if rank <= top and not run.diverged else "",
        "rmse_mean": _finite(mean),
        "rmse_std": _finite(_std(run.best)),
        "last_rmse_mean": _finite(_mean(run.last)),
        "last_rmse_std": _finite(_std(run.last)),
        "diverged": _diverged(run),
        "parameters": run.parameters,
        "seconds": run.meta.get("seconds"),
        "paper_rank": paper.get("rank"),
        "paper_mean": paper.get("rmse_mean"),
        "paper_std": paper.get("rmse_std"),
        "difference": None if why_not else _finite(mean - paper["rmse_mean"]),
        "comparable": why_not or "yes",
        "dataset": run.dataset["name"],
        "stand_in": "yes" if run.dataset["stand_in"] else "no",
        "preset": run.meta.get("preset"),
        "cuts": run.cuts or "none",
        "options": run.spec.options,
        "seed": run.spec.seed,
        "device": run.meta.get("device"),
        "versions": " ".join(f"{name}={value}" for name, value in sorted(run.meta.get("versions", {}).items())),
        "commit": run.meta.get("commit"),
        "adopted_from": run.meta.get("adopted_from"),
    }


def _diverged(run: Run) -> str:
    """`best 1/5, last 2/5`: folds without a finite RMSE at any, at the last epoch."""
    counts = (("best", run.diverged), ("last", sum(map(math.isnan, run.last))))
    return ", ".join(f"{which} {count}/{len(run.best)}" for which, count in counts if count)


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))


def _std(values: Sequence[float]) -> float:
    return float(np.std(values))


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
