"""results/epochs.csv: every model on molecules under three choices of epoch, beside CatBoost.

`best`: the epoch of the lowest RMSE of each test fold, as the paper selects, which the test fold itself chose. `last`:
without selection. `held_out`: for each fold the epoch of the lowest mean RMSE over the other folds. CatBoost has no
epochs, so only the first choice favours the networks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from score_mlx.runs.spec import Spec
from score_mlx.tables.formats import change, number
from score_mlx.tables.runs import EPOCHS
from score_mlx.tables.table import Readable
from score_mlx.verdict.claims.baselines import CATBOOST
from score_mlx.verdict.evidence import Evidence
from score_mlx.verdict.pool import UndecidedError, record_name

TABLES = ("table1", "table2", "table3", "table4", "table5", "table7a", "table7b", "table8", "table9")
VALUES = ("rmse", "rank", "catboost_difference")
COLUMNS = ("target", "model", "steps", *(f"{name}_{epoch}" for epoch in EPOCHS for name in VALUES), "record")


def epochs_table(evidence: Evidence) -> list[dict[str, Any]]:
    """One row a model of each table with the keys `COLUMNS`; None where a run is missing or diverged.

    All of the first repeat: RMSE, its rank in the table, and RMSE - CatBoost's, by choice of epoch.
    """
    first = replace(evidence, repeats=(0,))
    rows = []
    for target in TABLES:
        specs = _listed(first, target)
        found: list[dict[str, Any]] = [
            dict.fromkeys(COLUMNS)
            | {"target": target, "model": s.model, "steps": s.as_dict().get("steps"), "record": record_name(s)}
            for s in specs
        ]
        for epoch in EPOCHS:
            _fill(found, specs, replace(first, epoch=epoch), epoch)
        rows += found
    return rows


def below_catboost(rows: Sequence[Mapping[str, Any]], target: str, epoch: str) -> tuple[int, int]:
    """How many of a table's networks have a lower RMSE than CatBoost, and of how many."""
    known = [row[f"catboost_difference_{epoch}"] for row in rows if row["target"] == target]
    known = [value for value in known if value is not None]
    return sum(value < 0 for value in known), len(known)


def caption(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """What a reader of the table must know, a sentence an item."""
    graphs = [target for target in TABLES if target != "table1"]
    counts = []
    for epoch, called in EPOCHS.items():
        each = [(target, *below_catboost(rows, target, epoch)) for target in graphs]
        counts.append(f"{called}: " + ", ".join(f"{below} of {of} ({target})" for target, below, of in each if of))
    return [
        "RMSE of the first repeat, mean over folds, by the epoch at which each fold is read. Best epoch: the lowest of "
        "each test fold, as the paper selects. Last epoch: without selection. Chosen on the other folds: for each fold "
        "the epoch of the lowest mean RMSE over the others. In brackets the difference from CatBoost.",
        f"Networks below CatBoost, {'; '.join(counts)}.",
    ]


def _fill(rows: list[dict[str, Any]], specs: Sequence[Spec], evidence: Evidence, epoch: str) -> None:
    means = [_mean(evidence, spec) for spec in specs]
    table1 = _listed(evidence, "table1")
    catboost = next((_mean(evidence, spec) for spec in table1 if spec.model == CATBOOST), None)
    known = sorted(mean for mean in means if mean is not None)
    for row, mean in zip(rows, means, strict=True):
        if mean is not None:
            row |= {f"rmse_{epoch}": mean, f"rank_{epoch}": 1 + known.index(mean)}
            row[f"catboost_difference_{epoch}"] = None if catboost is None else mean - catboost


def _mean(evidence: Evidence, spec: Spec) -> float | None:
    try:
        return float(evidence.scores([spec]).mean())
    except UndecidedError:
        return None


def _listed(evidence: Evidence, target: str) -> list[Spec]:
    try:
        return evidence.specs(target)
    except UndecidedError:  # config.yaml does not list it
        return []


def _at(epoch: str):
    def show(row: Mapping[str, Any]) -> str:
        mean = row[f"rmse_{epoch}"]
        return "" if mean is None else f"{number(mean)} ({change(row[f'catboost_difference_{epoch}'])})"

    return show


READABLE: Readable = (
    ("target", lambda row: row["target"]),
    ("model", lambda row: row["model"]),
    ("steps", lambda row: "" if row["steps"] is None else str(row["steps"])),
    *((called, _at(epoch)) for epoch, called in EPOCHS.items()),
)
