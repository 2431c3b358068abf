"""How much two choices of the paper move each number of Table 1: the best epoch, and molecules that occur twice.

The best epoch is chosen on the test fold, and a molecule that is in both training and test folds is known before it is
asked for. Here each model is compared with itself after the last epoch, and on folds that keep such molecules together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from score_mlx.runs.run import FoldRun, mean_std
from score_mlx.tables.formats import change, mean_and_std
from score_mlx.tables.runs import ORIGIN, origin, paired, require_one_dataset, warnings
from score_mlx.tables.table import Readable

CHOICES = ("rmse", "last_rmse", "grouped_rmse", "grouped_last_rmse")
CHANGES = {"change_last": "last_rmse", "change_grouped": "grouped_rmse", "change_both": "grouped_last_rmse"}
COLUMNS = (
    "model",
    *(f"{choice}_{part}" for choice in CHOICES for part in ("mean", "std")),
    *(f"{change}{part}" for change in CHANGES for part in ("", "_std")),
    *ORIGIN,
)


def sensitivity_table(runs: Sequence[FoldRun], grouped: Sequence[FoldRun]) -> list[dict[str, Any]]:
    """One row a model in the order of `runs`.

    Args:
        runs: on the paper's folds.
        grouped: the same models where a molecule that occurs twice is tested where it occurs first.

    Returns:
        Rows with the keys `COLUMNS`; None where there is no value: trees and kernels have no last epoch. A change is
        the mean over folds of choice - paper's protocol, fold by fold, with its population standard deviation.

    Raises:
        UserError: a model lacks one of its two runs, or runs are on different data or folds.
    """
    for side in (runs, grouped):
        require_one_dataset(side)
    both = "a run on kfold and one on grouped folds"
    pairs = paired([*runs, *grouped], lambda run: run.model, lambda run: run.spec.split == "grouped", both)
    return [_row(run, other) for run, other in pairs]


def caption(runs: Sequence[FoldRun]) -> list[str]:
    """What a reader must know, a sentence an item."""
    first = runs[0]
    return [
        *warnings(runs),
        f"Data: {first.dataset.label}, {first.dataset.rows} molecules, {len(first.best)} folds.",
        "RMSE: mean ± population standard deviation over folds, at the best epoch of each test fold as in the paper. "
        "Last epoch: without selection. Grouped: a molecule that occurs twice is tested where it occurs first, never "
        "trained on in that fold; all others stay in their folds. Changes are means of differences fold by fold.",
    ]


def _row(run: FoldRun, grouped: FoldRun) -> dict[str, Any]:
    values = {"rmse": run.best, "grouped_rmse": grouped.best}
    if run.has_epochs:
        values |= {"last_rmse": run.last, "grouped_last_rmse": grouped.last}
    row: dict[str, Any] = dict.fromkeys(COLUMNS) | {"model": run.model}
    for choice, folds in values.items():
        row[f"{choice}_mean"], row[f"{choice}_std"] = mean_std(folds)
    for name, choice in CHANGES.items():
        if choice in values:
            row[name], row[f"{name}_std"] = mean_std(np.subtract(values[choice], run.best))
    return row | origin(run)


def _shown(choice: str):
    def show(row) -> str:
        mean = row[f"{choice}_mean"]
        return "" if mean is None else mean_and_std(mean, row[f"{choice}_std"])

    return show


READABLE: Readable = (
    ("model", lambda row: row["model"]),
    ("RMSE", _shown("rmse")),
    ("last epoch", _shown("last_rmse")),
    ("change", lambda row: change(row["change_last"], row["rmse_mean"])),
    ("grouped folds", _shown("grouped_rmse")),
    ("change", lambda row: change(row["change_grouped"], row["rmse_mean"])),
    ("grouped, last epoch", _shown("grouped_last_rmse")),
    ("change", lambda row: change(row["change_both"], row["rmse_mean"])),
)
