"""Every run that there is, one row each, with what it cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from score_mlx.analysis.formats import Readable, number
from score_mlx.analysis.runs import ORIGIN, Run, mean_std, origin

COLUMNS = (
    "family", "model", "rmse_mean", "rmse_std", "last_rmse_mean", "folds", "epochs", "parameters", "seconds", "resumed",
    "started", "host", "path", *ORIGIN,
)  # fmt: skip


def catalogue(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Rows with the keys `COLUMNS`, by family, model and options; RMSE None where a fold diverged."""
    return [_row(run) for run in sorted(runs, key=lambda run: (run.spec.FAMILY, run.model, run.spec.options))]


def matching(rows: Sequence[dict[str, Any]], conditions: dict[str, str]) -> list[dict[str, Any]]:
    """The rows in which each named column holds the text."""
    return [row for row in rows if all(text.lower() in str(row[name]).lower() for name, text in conditions.items())]


def _row(run: Run) -> dict[str, Any]:
    mean, std = mean_std(run.best)
    return {
        "family": run.spec.FAMILY,
        "model": run.model,
        "rmse_mean": mean,
        "rmse_std": std,
        "last_rmse_mean": mean_std(run.last)[0],
        "folds": len(run.best),
        "epochs": run.spec.epochs,
        "parameters": run.parameters,
        "seconds": run.meta.get("seconds"),
        "resumed": run.meta.get("resumed"),
        "started": run.meta.get("started"),
        "host": run.meta.get("host"),
        "path": run.spec.path("").as_posix(),
    } | origin(run)


READABLE: Readable = (
    ("model", lambda row: row["model"]),
    ("options", lambda row: row["options"]),
    ("dataset", lambda row: row["dataset"]),
    ("RMSE", lambda row: number(row["rmse_mean"])),
    ("cuts", lambda row: row["cuts"]),
    ("seconds", lambda row: "" if row["seconds"] is None else f"{row['seconds']:.0f}"),
    ("device", lambda row: str(row["device"] or "")),
)
