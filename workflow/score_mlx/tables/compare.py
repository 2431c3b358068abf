"""Which depth wins on a data set: each configuration beside one of them, by a test that holds for folds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from score_mlx.models.graphs.run import GraphRun
from score_mlx.runs.objective import Metric
from score_mlx.stats.statistics import ALPHA, corrected, holm
from score_mlx.system.errors import UserError
from score_mlx.tables.formats import change, number
from score_mlx.tables.runs import provenance, quantity, require_one_dataset, warnings
from score_mlx.tables.table import Readable, Row, Table

KEYS = (
    "options", "architecture", "depth", "against", "value", "against_value", "difference", "low", "high", "p", "p_holm",
    "n", "better",
)  # fmt: skip
ALL = "all together"  # differences of a fold averaged over architectures
Values = dict[tuple[int, int], float]  # (repeat, fold) -> the metric
Pairs = dict[tuple[str, str, str], tuple[Values, Values]]  # (options, architecture, configuration) -> it, the other


def table(title: str, runs: Sequence[GraphRun], rows: Sequence[dict[str, Any]], epoch: str) -> Table:
    """The table of a `comparison` of these runs, whose columns are named by their metric."""
    metric = runs[0].metric
    named = {"value": metric.key, "against_value": f"against_{metric.key}"}
    columns = [named.get(key, key) for key in KEYS if key != "better"]
    renamed = [{named.get(key, key): value for key, value in row.items()} for row in rows]
    size = metric.key
    readable: Readable = (
        ("model", lambda row: row["architecture"]),
        ("options", lambda row: row["options"]),
        ("depth", lambda row: row["depth"]),
        (metric.name, lambda row: number(row[size])),
        (f"other {metric.name}", lambda row: number(row[f"against_{size}"])),
        ("difference", lambda row: change(row["difference"], row[size])),
        ("95 % interval", lambda row: "" if row["p"] is None else _interval(row, row[size])),
        ("p", lambda row: _p(row["p"])),
        ("p (Holm)", lambda row: _p(row["p_holm"])),
        ("shown", lambda row: shown(row)),
    )
    return Table(title, columns, renamed, caption(runs, epoch), readable)


def comparison(runs: Sequence[GraphRun], against: str, epoch: str) -> list[dict[str, Any]]:
    """One row for each run that has one of depth `against` beside it, the same in all else.

    Where several architectures have a configuration, rows `ALL` come first: a fold's differences averaged over them.
    Those of one set of options are a family for Holm, those of single architectures another.

    Args:
        runs: of graph networks on one data set and one kind of folds; repeats of a run add to its results.
        against: a configuration.
        epoch: `best` or `last`, whose metric is compared.

    Returns:
        Rows with the keys `KEYS`: the metric's value and difference (configuration - against) are means over repeats
        and folds, with corrected interval and p, and p adjusted by Holm; None where a fold diverged. `better`: whether
        the difference is in favour of the configuration.

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
    metric = runs[0].metric
    each = [_row(*key, against, *pair, folds, metric) for key, pair in pairs.items()]
    together = []
    for options, config in dict.fromkeys((options, config) for options, _, config in pairs):
        same = [pair for (o, _, c), pair in pairs.items() if (o, c) == (options, config) and _finite(pair)]
        if len(same) > 1:
            ours, theirs = map(_average, zip(*same, strict=True))
            together.append(_row(options, f"{ALL} ({len(same)})", config, against, ours, theirs, folds, metric))
    return [row for family in (together, each) for row in _adjusted(family)]


def conclusion(rows: Sequence[dict[str, Any]], metric: Metric) -> list[str]:
    """What the tests show, a sentence a depth; a difference that may be chance is not called a win."""
    judged = [row for row in rows if row["architecture"].startswith(ALL)] or list(rows)
    lines = [
        f"{row['depth']} against {row['against']}, {row['architecture']}, {row['options']}: {shown(row)}."
        for row in judged
    ]
    return lines + [_best(rows, options, metric) for options in dict.fromkeys(row["options"] for row in rows)]


def caption(runs: Sequence[GraphRun], epoch: str) -> list[str]:
    """What a reader must know, a sentence an item."""
    side = "above" if runs[0].metric.higher else "below"
    which = {"last": "the last epoch, without selection", "best": "the best epoch, chosen on the test fold"}[epoch]
    return [
        *warnings(runs),
        f"Data and runs: {provenance(runs)}; {quantity(runs)} of {which}.",
        f"Difference: to the other depth, fold by fold; {side} 0 the depth named is better. Interval and p: t test "
        "with the correction of Nadeau and Bengio (2003) for folds that share training data; p (Holm): adjusted for "
        f"the number of tests with the same options. Shown at {ALPHA:g}.",
    ]


def shown(row: Row) -> str:
    """What a row's test shows of the depth that it names."""
    if row["p_holm"] is None:
        return "diverged"
    if row["p_holm"] >= ALPHA:
        return "no difference shown"
    return "better" if row["better"] else "worse"


def winners(rows: Sequence[dict[str, Any]], options: str, metric: Metric) -> list[str]:
    """The depth of the best value in each architecture, whether a test shows it or not."""
    each = [row for row in rows if row["options"] == options and not row["architecture"].startswith(ALL)]
    found = []
    for arch in dict.fromkeys(row["architecture"] for row in each):
        values = {row["depth"]: row["value"] for row in each if row["architecture"] == arch}
        values |= {row["against"]: row["against_value"] for row in each if row["architecture"] == arch}
        found.append(_least({depth: metric.error(value) for depth, value in values.items() if value is not None}))
    return found


def _least(errors: Mapping[str, float]) -> str:
    """The name of the least error; several with the same win nothing."""
    best = [name for name, error in errors.items() if error == min(errors.values())]
    return best[0] if len(best) == 1 else "a tie" if best else "none, all diverged"


def over_columns(columns: Mapping[str, tuple[Sequence[GraphRun], Sequence[dict[str, Any]]]], epoch: str) -> list[str]:
    """How often each depth and each model is the best over several target columns, a sentence each.

    Args:
        columns: the name of each with its runs and the rows of their comparison.
        epoch: whose metric counts.
    """
    pairs: list[str] = []
    models: list[str] = []
    metric = next(iter(columns.values()))[0][0].metric
    for runs, rows in columns.values():
        for options in dict.fromkeys(row["options"] for row in rows):
            pairs += winners(rows, options, metric)
        errors: dict[str, float] = {}
        for run in runs:
            error = metric.error(float(np.mean(run.rmse(epoch))))
            if math.isfinite(error):
                errors[run.model] = min(error, errors.get(run.model, math.inf))  # of all options and repeats
        models.append(_least(errors))
    return [
        f"Over {len(columns)} target columns, {metric.best} {metric.name}: {counted(pairs)} of {len(pairs)} pairs of "
        "column and architecture.",
        f"Best model: {counted(models)} of {len(models)} columns.",
    ]


def counted(found: Sequence[str]) -> str:
    """How often each name occurs, as `SCORE in 3, base in 1`."""
    return ", ".join(
        f"{name} in {found.count(name)}" for name in sorted(dict.fromkeys(found), key=found.count, reverse=True)
    )


def _best(rows: Sequence[dict[str, Any]], options: str, metric: Metric) -> str:
    found = winners(rows, options, metric)
    return f"{metric.best.capitalize()} {metric.name}, {options}: {counted(found)} of {len(found)} architectures."


def _one_number_of_folds(runs: Sequence[GraphRun]) -> int:
    """Folds of each run, once it is known that all saw the same molecules in the same folds."""
    for repeat in {run.spec.repeat for run in runs}:
        require_one_dataset(run for run in runs if run.spec.repeat == repeat)
    for key in ("name", "sha256"):
        found = {getattr(run.dataset, key) for run in runs}
        if len(found) > 1:
            raise UserError(f"records of different data: dataset {key} is {' and '.join(sorted(found))}")
    return len(runs[0].best) if runs else 0


def _pairs(runs: Sequence[GraphRun], against: str, epoch: str) -> Pairs:
    errors: dict[tuple[str, str, str], Values] = {}
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


def _options(run: GraphRun) -> str:
    """What tells runs of one architecture apart beside their depth; another repetition is the same model."""
    parts = [part for part in run.spec.options.split(",") if not part.startswith("repeat=")]
    return ",".join(parts) or "default"


def _finite(pair: tuple[Values, Values]) -> bool:
    return all(math.isfinite(value) for side in pair for value in side.values())


def _average(sides: Sequence[Values]) -> Values:
    """The mean over architectures of each repeat's and fold's metric."""
    shared = set.intersection(*map(set, sides))
    return {key: float(np.mean([side[key] for side in sides])) for key in sorted(shared)}


def _row(
    options: str, arch: str, config: str, against: str, ours: Values, theirs: Values, folds: int, metric: Metric
) -> dict[str, Any]:
    row = dict.fromkeys(KEYS) | {"options": options, "architecture": arch, "depth": config, "against": against}
    a, b = (np.array([side[key] for key in sorted(side)]) for side in (ours, theirs))
    row |= {"value": _finite_or_none(a.mean()), "against_value": _finite_or_none(b.mean()), "n": len(a)}
    if not _finite((ours, theirs)):
        return row
    found = corrected(a - b, folds)
    return (
        row
        | {"difference": found.value, "low": found.low, "high": found.high, "p": found.p}
        | {"better": metric.better(found.value)}
    )


def _finite_or_none(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _adjusted(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows with `p_holm`, those of one set of options a family."""
    adjusted = []
    for options in dict.fromkeys(row["options"] for row in rows):
        family = [row for row in rows if row["options"] == options]
        adjusted += [row | {"p_holm": p} for row, p in zip(family, holm([r["p"] for r in family]), strict=True)]
    return adjusted


def _interval(row: Mapping[str, Any], size: float) -> str:
    low, high = (change(row[side], size) for side in ("low", "high"))
    return f"{low} to {high}"


def _p(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}" if value >= 0.001 else "< 0.001"
