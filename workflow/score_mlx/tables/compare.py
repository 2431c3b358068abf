"""Which depth wins on a data set: each configuration beside one of them, by a test that holds for folds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from score_mlx.runs.run import FoldRun
from score_mlx.stats.statistics import ALPHA, corrected, holm
from score_mlx.system.errors import UserError
from score_mlx.tables.formats import change, number
from score_mlx.tables.runs import provenance, quantity, require_one_dataset, warnings
from score_mlx.tables.table import Readable

COLUMNS = (
    "options", "architecture", "depth", "against", "rmse", "against_rmse", "difference", "low", "high", "p", "p_holm",
    "n",
)  # fmt: skip
ALL = "all together"  # differences of a fold averaged over architectures
READABLE: Readable = (
    ("model", lambda row: row["architecture"]),
    ("options", lambda row: row["options"]),
    ("depth", lambda row: row["depth"]),
    ("RMSE", lambda row: number(row["rmse"])),
    ("other RMSE", lambda row: number(row["against_rmse"])),
    ("difference", lambda row: change(row["difference"], row["rmse"])),
    ("95 % interval", lambda row: "" if row["p"] is None else _interval(row)),
    ("p", lambda row: _p(row["p"])),
    ("p (Holm)", lambda row: _p(row["p_holm"])),
    ("shown", lambda row: shown(row)),
)
Errors = dict[tuple[int, int], float]  # (repeat, fold) -> RMSE
Pairs = dict[tuple[str, str, str], tuple[Errors, Errors]]  # (options, architecture, configuration) -> it, the other


def comparison(runs: Sequence[FoldRun], against: str, epoch: str) -> list[dict[str, Any]]:
    """One row for each run that has one of depth `against` beside it, the same in all else.

    Where several architectures have a configuration, rows `ALL` come first: a fold's differences averaged over them.
    Those of one set of options are a family for Holm, those of single architectures another.

    Args:
        runs: of graph networks on one data set and one kind of folds; repeats of a run add to its results.
        against: a configuration.
        epoch: `best` or `last`, whose RMSE is compared.

    Returns:
        Rows with the keys `COLUMNS`: RMSE and difference (configuration - against: below 0 is better) are means over
        repeats and folds, with corrected interval and p, and p adjusted by Holm; None where a fold diverged.

    Raises:
        UserError: nothing to compare, or records of different data.
    """
    folds = _one_number_of_folds(runs)
    if folds < 2:
        raise UserError(f"{runs[0].spec.split}: one test set, and a test needs results of several; expected folds")
    pairs = _pairs(runs, against, epoch)
    if not pairs:
        found = ", ".join(dict.fromkeys(run.model for run in runs)) or "no record"
        raise UserError(f"no two depths of one architecture: expected {against} and another, found {found}")
    each = [_row(*key, against, *pair, folds) for key, pair in pairs.items()]
    together = []
    for options, config in dict.fromkeys((options, config) for options, _, config in pairs):
        same = [pair for (o, _, c), pair in pairs.items() if (o, c) == (options, config) and _finite(pair)]
        if len(same) > 1:
            sides = map(_average, zip(*same, strict=True))
            together.append(_row(options, f"{ALL} ({len(same)})", config, against, *sides, folds))
    return [row for family in (together, each) for row in _adjusted(family)]


def conclusion(rows: Sequence[dict[str, Any]]) -> list[str]:
    """What the tests show, a sentence a depth; a difference that may be chance is not called a win."""
    judged = [row for row in rows if row["architecture"].startswith(ALL)] or list(rows)
    lines = [
        f"{row['depth']} against {row['against']}, {row['architecture']}, {row['options']}: {shown(row)}."
        for row in judged
    ]
    return lines + [_lowest(rows, options) for options in dict.fromkeys(row["options"] for row in rows)]


def caption(runs: Sequence[FoldRun], epoch: str) -> list[str]:
    """What a reader must know, a sentence an item."""
    which = {"last": "the last epoch, no epoch chosen", "best": "the best epoch, chosen on the test fold"}[epoch]
    return [
        *warnings(runs),
        f"Data and runs: {provenance(runs)}; {quantity(runs)} of {which}.",
        "Difference: to the other depth, fold by fold; below 0 the depth named is better. Interval and p: t test with "
        "the correction of Nadeau and Bengio (2003) for folds that share training data; p (Holm): adjusted for the "
        f"number of tests with the same options. Shown at {ALPHA:g}.",
    ]


def shown(row: dict[str, Any]) -> str:
    """What a row's test shows of the depth that it names."""
    if row["p_holm"] is None:
        return "diverged"
    if row["p_holm"] >= ALPHA:
        return "no difference shown"
    return "better" if row["difference"] < 0 else "worse"


def _lowest(rows: Sequence[dict[str, Any]], options: str) -> str:
    """Which depth has the lowest error in how many architectures, whether a test shows it or not."""
    each = [row for row in rows if row["options"] == options and not row["architecture"].startswith(ALL)]
    winners = []
    for arch in dict.fromkeys(row["architecture"] for row in each):
        errors = {row["depth"]: row["rmse"] for row in each if row["architecture"] == arch}
        errors |= {row["against"]: row["against_rmse"] for row in each if row["architecture"] == arch}
        finite = {depth: value for depth, value in errors.items() if value is not None}
        winners.append(min(finite, key=finite.get, default="none, all diverged"))
    counts = ", ".join(f"{depth} in {winners.count(depth)}" for depth in sorted(set(winners), key=winners.count)[::-1])
    return f"Lowest RMSE, {options}: {counts} of {len(winners)} architectures."


def _one_number_of_folds(runs: Sequence[FoldRun]) -> int:
    """Folds of each run, once it is known that all saw the same molecules in the same folds."""
    for repeat in {run.spec.repeat for run in runs}:
        require_one_dataset(run for run in runs if run.spec.repeat == repeat)
    for key in ("name", "sha256"):
        found = {getattr(run.dataset, key) for run in runs}
        if len(found) > 1:
            raise UserError(f"records of different data: dataset {key} is {' and '.join(sorted(found))}")
    return len(runs[0].best) if runs else 0


def _pairs(runs: Sequence[FoldRun], against: str, epoch: str) -> Pairs:
    errors: dict[tuple[str, str, str], Errors] = {}
    for run in runs:
        values = errors.setdefault((_options(run), run.spec.arch, run.spec.config), {})
        values |= {(run.spec.repeat, fold): value for fold, value in enumerate(run.rmse(epoch))}
    pairs = {}
    for options, arch, config in errors:
        ours, theirs = errors[options, arch, config], errors.get((options, arch, against), {})
        shared = sorted(set(ours) & set(theirs))
        if shared and config != against:
            pairs[options, arch, config] = ({key: ours[key] for key in shared}, {key: theirs[key] for key in shared})
    return pairs


def _options(run: FoldRun) -> str:
    """What tells runs of one architecture apart beside their depth; another repetition is the same model."""
    parts = [part for part in run.spec.options.split(",") if not part.startswith("repeat=")]
    return ",".join(parts) or "default"


def _finite(pair: tuple[Errors, Errors]) -> bool:
    return all(math.isfinite(value) for side in pair for value in side.values())


def _average(sides: Sequence[Errors]) -> Errors:
    """The mean over architectures of each repeat's and fold's RMSE."""
    shared = set.intersection(*map(set, sides))
    return {key: float(np.mean([side[key] for side in sides])) for key in sorted(shared)}


def _row(
    options: str, arch: str, config: str, against: str, ours: Errors, theirs: Errors, folds: int
) -> dict[str, Any]:
    row = dict.fromkeys(COLUMNS) | {"options": options, "architecture": arch, "depth": config, "against": against}
    a, b = (np.array([side[key] for key in sorted(side)]) for side in (ours, theirs))
    row |= {"rmse": _finite_or_none(a.mean()), "against_rmse": _finite_or_none(b.mean()), "n": len(a)}
    if not _finite((ours, theirs)):
        return row
    found = corrected(a - b, folds)
    return row | {"difference": found.value, "low": found.low, "high": found.high, "p": found.p}


def _finite_or_none(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _adjusted(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows with `p_holm`, those of one set of options a family."""
    adjusted = []
    for options in dict.fromkeys(row["options"] for row in rows):
        family = [row for row in rows if row["options"] == options]
        adjusted += [row | {"p_holm": p} for row, p in zip(family, holm([r["p"] for r in family]), strict=True)]
    return adjusted


def _interval(row: dict[str, Any]) -> str:
    low, high = (change(row[side], row["rmse"]) for side in ("low", "high"))
    return f"{low} to {high}"


def _p(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}" if value >= 0.001 else "< 0.001"
