"""Differences between two run records: in what was trained, and in the results of each fold."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from score_mlx.runs.objective import objective_of
from score_mlx.system.parsed import is_mapping

Record = Mapping[str, Any]


def leaves(ours: Record, theirs: Record) -> list[str]:
    """Each field in which two records differ, a line each; [] for the same run."""
    return [f"{key}: {brief(x)} | {brief(y)}" for key, x, y in _pairs(ours, theirs) if x != y]


def folds(ours: Record, theirs: Record) -> list[str]:
    """Differing fields, then differing metrics of each fold and the curve of the first metric, a line each.

    Both records must have the same metrics.
    """
    lines, keys = (
        leaves(_without_curves(ours), _without_curves(theirs)),
        [m.key for m in objective_of(ours["spec"]).metrics],
    )
    for which in ("best", "last"):
        for key in keys:
            lines += _fold_differences(f"{which} {key}", ours[which][key], theirs[which][key])
    if ours["folds"] != theirs["folds"]:
        lines.append(_curve_difference(ours["folds"], theirs["folds"], keys[0]))
    return lines


def brief(value: Any) -> str:
    """A value of a record for a message, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:77] + "..."


def _without_curves(record: Record) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key not in ("folds", "best", "last")}


def _pairs(a: Any, b: Any, key: str = "") -> list[tuple[str, Any, Any]]:
    """(dotted key, value in a, value in b) of every leaf of either."""
    if not (is_mapping(a) and is_mapping(b)):
        return [(key, a, b)]
    names = sorted(set(a) | set(b))
    return [pair for name in names for pair in _pairs(a.get(name), b.get(name), f"{key}.{name}".strip("."))]


def _fold_differences(which: str, ours: list[float | None], theirs: list[float | None]) -> list[str]:
    if ours == theirs:
        return []
    if len(ours) != len(theirs):
        return [f"{which}: {len(ours)} folds | {len(theirs)} folds"]
    return [
        f"{which}, fold {fold}: {_number(x)} | {_number(y)}" + ("" if x is None or y is None else f"  ({x - y:+.3g})")
        for fold, (x, y) in enumerate(zip(ours, theirs, strict=True))
        if x != y
    ]


def _curve_difference(ours: list[dict[str, Any]], theirs: list[dict[str, Any]], key: str) -> str:
    """The first epoch at which two curves differ, and their largest difference from then on."""
    first, widest = None, 0.0
    for a, b in zip(ours, theirs, strict=False):
        for epoch, (x, y) in enumerate(zip(a[key], b[key], strict=False)):
            if x != y:
                first = epoch if first is None else min(first, epoch)
                widest = max(widest, math.inf if None in (x, y) else abs(x - y))
    if first is None:
        return f"curves: the same {key}, other losses or lengths"
    return f"curves: {key} differs from epoch {first + 1} on, by up to {widest:.3g}"


def _number(value: float | None) -> str:
    return "not finite" if value is None else f"{value:.4f}"
