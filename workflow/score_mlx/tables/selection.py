"""The descriptors that SHAP ranks highest: which, how much they matter, in how many folds they are chosen."""

from __future__ import annotations

from typing import Any

import numpy as np

from score_mlx.models.classical.selection import Selection
from score_mlx.system.digits import digits
from score_mlx.tables.runs import show_versions
from score_mlx.tables.table import Readable

ORIGIN = ("dataset", "split", "stand_in", "cuts", "seed", "device", "versions", "commit")


def columns(folds: int) -> tuple[str, ...]:
    """Names of the CSV's columns, with one of SHAP values for each of so many folds."""
    each = (f"fold{k}" for k in range(folds))
    return ("rank", "descriptor", "mean_abs_shap", *each, "folds_top10", "folds_top100", *ORIGIN)


def selection_table(selection: Selection, count: int = 100) -> list[dict[str, Any]]:
    """The `count` descriptors of largest mean |SHAP| over folds, one row each.

    Returns:
        Rows with the keys `columns(folds)`: mean |SHAP| over folds and in each, in the target's unit, and in how many
        folds the descriptor is among the first 10 and the first 100, which Lasso reads.
    """
    folds = len(selection.importance)
    count = min(count, len(selection.names))
    mean = selection.importance.mean(axis=0)
    chosen = {n: np.concatenate([selection.top(k, min(n, count)) for k in range(folds)]) for n in (10, 100)}
    about = selection.about
    origin = {name: about[name] for name in ("split", "seed", "device", "commit")}
    origin["versions"] = show_versions(about["versions"])
    origin |= {"dataset": about["name"], "stand_in": "yes" if about["stand_in"] else "no"}
    origin["cuts"] = selection.cuts or "none"
    rows = []
    for rank, column in enumerate(np.argsort(-mean, kind="stable")[:count], start=1):
        row = {"rank": rank, "descriptor": str(selection.names[column]), "mean_abs_shap": float(mean[column])}
        row |= {f"fold{k}": float(selection.importance[k, column]) for k in range(folds)}
        rows.append(row | origin | {f"folds_top{n}": int((columns == column).sum()) for n, columns in chosen.items()})
    return rows


def caption(selection: Selection) -> list[str]:
    """What a reader must know, a sentence an item."""
    lines, info = [], selection.about
    if info["stand_in"]:
        lines.append(f"STAND-IN DATA ({info['label']}): no number here compares with the paper's.")
    if selection.cuts:
        lines.append(f"CUT RUN ({selection.cuts}): another model than the one that Table 1 reads.")
    unit = f" ({info['unit']})" if info["unit"] else ""
    lines.append(
        f"{info['label']}: mean |SHAP|{unit} of a CatBoost with its default settings, over the molecules that trained "
        f"it, {info['split']} folds; the last columns say in how many folds a descriptor is among the first 10 and the "
        "first 100."
    )
    return lines


READABLE: Readable = (
    ("rank", lambda row: str(row["rank"])),
    ("descriptor", lambda row: row["descriptor"]),
    ("mean |SHAP|", lambda row: digits(row["mean_abs_shap"])),
    ("folds top 10", lambda row: str(row["folds_top10"])),
    ("folds top 100", lambda row: str(row["folds_top100"])),
)
