"""results/verdict.csv: one row for every published number."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from score_mlx.analysis.formats import Readable
from score_mlx.verdict import rules
from score_mlx.verdict.commands import brief, command
from score_mlx.verdict.evidence import Evidence
from score_mlx.verdict.measures import measure
from score_mlx.verdict.pool import NotRunError, UndecidedError
from score_mlx.verdict.published import Published

COLUMNS = (
    "target", "row", "column", "paper", "ours", "difference", "low", "high", "margin", "verdict", "reason", "records",
    "command", "kind",
)  # fmt: skip


def verdict_table(evidence: Evidence, published: Sequence[Published]) -> list[dict[str, Any]]:
    """One row a published number, in the paper's order, with the keys `COLUMNS`; None where there is no value."""
    return [_row(evidence, number) for number in published]


def summary(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """How many numbers of each target have which verdict: rows with `target` and a key a verdict, and their sum."""
    targets = list(dict.fromkeys(row["target"] for row in rows))
    counted = [{"target": target} | _counts(row for row in rows if row["target"] == target) for target in targets]
    return [*counted, {"target": "all"} | _counts(rows)]


def caption() -> list[str]:
    """What a reader of the table must know, a sentence an item."""
    return [
        "Reproduced: within the margin (RMSE 0.02, improvements 2 points, speed-up factors 25 %, losses and bits per "
        "byte 0.03, counts as printed). Not reproduced: beyond it, and our 95 % interval excludes the paper's value. "
        "Inconclusive: beyond it, and the interval holds it; or a speed-up factor of curves that do not lie on each "
        "other. Not comparable: trained for less, by another protocol or on other data. Not run: no record yet. "
        "Standard deviations, ranks and settings are shown, not judged.",
        "Our RMSE: mean over folds of the lowest over epochs, as the paper selects; its interval is Nadeau and "
        "Bengio's for cross-validation.",
    ]


def _row(evidence: Evidence, number: Published) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(COLUMNS) | {
        "target": number.target, "row": number.row, "column": number.column, "paper": number.printed,
        "margin": rules.margin(number), "kind": number.kind,
    }  # fmt: skip
    try:
        ours = measure(evidence, number)
    except UndecidedError as why:
        return row | _without(evidence, number, why)
    verdict, reason = rules.judge(number, ours)
    found = {"ours": ours.value, "difference": ours.value - number.value, "low": ours.low, "high": ours.high}
    finite = {name: value for name, value in found.items() if math.isfinite(value)}
    source = {"records": brief(ours.records), "command": command(evidence.listing, ours.records)}
    return row | finite | source | {"verdict": verdict, "reason": reason}


def _without(evidence: Evidence, number: Published, why: UndecidedError) -> dict[str, Any]:
    """A row of which the records say nothing."""
    records = why.records if isinstance(why, NotRunError) else ()
    verdict, reason = (rules.NOT_RUN if isinstance(why, NotRunError) else rules.NOT_COMPARABLE), str(why)
    if number.kind in rules.UNJUDGED:
        verdict, reason = rules.SHOWN, rules.UNJUDGED[number.kind]
    return {
        "verdict": verdict,
        "reason": reason,
        "records": brief(records),
        "command": command(evidence.listing, records),
    }


def _counts(rows) -> dict[str, int]:
    found = Counter(row["verdict"] for row in rows)
    return {verdict: found[verdict] for verdict in rules.CELL_VERDICTS}


def _shown(name: str):
    def show(row: Mapping[str, Any]) -> str:
        return "" if row[name] is None else f"{row[name]:.4g}"

    return show


def _difference(row: Mapping[str, Any]) -> str:
    return "" if row["difference"] is None or row["verdict"] == rules.SHOWN else f"{row['difference']:+.3g}"


def _interval(row: Mapping[str, Any]) -> str:
    return "" if row["low"] is None else f"[{row['low']:.3f}, {row['high']:.3f}]"


READABLE: Readable = (
    ("target", lambda row: row["target"]),
    ("row", lambda row: row["row"]),
    ("column", lambda row: row["column"]),
    ("paper", lambda row: row["paper"]),
    ("ours", _shown("ours")),
    ("difference", _difference),
    ("95 %", _interval),
    ("verdict", lambda row: row["verdict"]),
    ("reason", lambda row: row["reason"]),
)
