"""results/verdict.csv: one row for every published number."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from score_mlx.tables.runs import EPOCHS
from score_mlx.tables.table import Readable
from score_mlx.verdict import rules
from score_mlx.verdict.commands import brief, command
from score_mlx.verdict.evidence import Evidence
from score_mlx.verdict.measures import measure
from score_mlx.verdict.pool import NotRunError, UndecidedError
from score_mlx.verdict.published import Published

OTHER_EPOCHS = [epoch for epoch in EPOCHS if epoch != "best"]
COLUMNS = (
    "target", "row", "column", "paper", "ours", "difference", "low", "high", "half_width", "margin", "repeats",
    "rerun_sd", "df", "verdict", "reason", "primary",
    *(f"{name}_{epoch}" for epoch in OTHER_EPOCHS for name in ("ours", "verdict")),
    "records", "command", "kind",
)  # fmt: skip
YES, NO = "yes", "no"
OF_EPOCHS = ("rmse", "improvement")  # kinds that another choice of epoch changes


def verdict_table(evidence: Evidence, published: Sequence[Published]) -> list[dict[str, Any]]:
    """One row a published number, in the paper's order, with the keys `COLUMNS`; None where there is no value."""
    return [_row(evidence, number) | _other_epochs(evidence, number) for number in published]


def counted(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The rows that count: judged results that are neither computed from other cells nor repeated from one."""
    return [row for row in rows if row["primary"] == YES and row["verdict"] != rules.SHOWN]


def summary(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """How many primary numbers of each target have which verdict: a key a verdict, `other` for the rest; last the sum.

    `other` counts what is shown beside them: derived and repeated numbers, standard deviations, ranks, settings.
    """
    targets = list(dict.fromkeys(row["target"] for row in rows))
    counts = [{"target": target} | _counts([row for row in rows if row["target"] == target]) for target in targets]
    return [*counts, {"target": "all"} | _counts(rows)]


def by_chance(rows: Sequence[Mapping[str, Any]]) -> float:
    """How many primary numbers would be "not reproduced" if all were true replications."""
    return rules.CHANCE * sum(row["half_width"] is not None for row in counted(rows))


def caption() -> list[str]:
    """What a reader of the table must know, a sentence an item."""
    margins = rules.MARGINS
    return [
        "A published number and ours are two draws of one procedure, so their difference is compared with the rerun "
        "interval: t(0.975, df) s sqrt(1 + 1/R), with s the standard deviation between reruns (other folds, other "
        "weights), pooled over all configurations of the kind that have repeats, and R our repeats. Reproduced: "
        "inside, and the interval is at most the practical margin "
        f"(RMSE {margins['rmse']:g}, improvements {margins['improvement']:g} points, speed-up factors "
        f"{rules.FACTOR_MARGIN:.0%}, losses and bits per byte {margins['loss']:g}). Not reproduced: outside. "
        "Inconclusive: inside, but the interval is wider; or the measurement is unreliable. Counts and facts of the "
        "data: as printed. Not comparable: trained for less, by another protocol, on other data or, against the "
        "clock, on another device. Not run: no record yet.",
        "Primary numbers are counted; differences, percentages, averages and what the text repeats of a table are "
        "shown beside them. Standard deviations, ranks and settings are not judged.",
        "Ours: mean over repeats and folds of the lowest RMSE over epochs, as the paper selects; in brackets where "
        "95 % of other reruns would lie. The last columns: the same after the last epoch, and at the epoch chosen on "
        "the other folds, neither of which the test fold chose.",
    ]


def _row(evidence: Evidence, number: Published) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(COLUMNS) | {
        "target": number.target, "row": number.row, "column": number.column, "paper": number.printed,
        "margin": rules.margin(number), "kind": number.kind, "primary": YES if number.primary else NO,
    }  # fmt: skip
    try:
        ours = measure(evidence, number)
    except UndecidedError as why:
        return row | _without(evidence, number, why)
    verdict, reason = rules.judge(number, ours)
    low, high = ours.interval
    judged = verdict != rules.SHOWN and number.kind not in rules.EXACT
    found = {"ours": ours.value, "difference": ours.value - number.value}
    found |= {"low": low, "high": high, "half_width": ours.half_width} if judged else {}
    finite = {name: value for name, value in found.items() if math.isfinite(value)}
    source = {"records": brief(ours.records), "command": command(evidence.listing, ours.records)}
    if judged:
        source["repeats"] = ours.repeats
        source |= {"rerun_sd": ours.scale.sd, "df": ours.scale.df} if ours.scale else {}
    return row | finite | source | {"verdict": verdict, "reason": reason}


def _other_epochs(evidence: Evidence, number: Published) -> dict[str, Any]:
    """Ours and its verdict at the other choices of epoch; nothing where these do not matter or nothing is known."""
    found: dict[str, Any] = {}
    for epoch in OTHER_EPOCHS if number.kind in OF_EPOCHS else ():
        try:
            ours = measure(replace(evidence, epoch=epoch), number)
        except UndecidedError:
            continue
        verdict, _ = rules.judge(number, ours)
        found |= {f"ours_{epoch}": ours.value if math.isfinite(ours.value) else None, f"verdict_{epoch}": verdict}
    return found


def _without(evidence: Evidence, number: Published, why: UndecidedError) -> dict[str, Any]:
    """A row without a value of ours."""
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


def _counts(rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    found = Counter(row["verdict"] for row in counted(rows))
    shown = {rules.SHOWN: len(rows) - found.total()}
    return {verdict: found[verdict] for verdict in rules.CELL_VERDICTS} | shown


def _shown(name: str):
    def show(row: Mapping[str, Any]) -> str:
        return "" if row[name] is None else f"{row[name]:.4g}"

    return show


def _difference(row: Mapping[str, Any]) -> str:
    return "" if row["difference"] is None or row["verdict"] == rules.SHOWN else f"{row['difference']:+.3g}"


def _interval(row: Mapping[str, Any]) -> str:
    return "" if row["low"] is None else f"[{row['low']:.3f}, {row['high']:.3f}]"


def _at(epoch: str):
    def show(row: Mapping[str, Any]) -> str:
        value, verdict = row[f"ours_{epoch}"], row[f"verdict_{epoch}"]
        return "" if verdict is None else f"{'diverged' if value is None else f'{value:.4g}'}, {verdict}"

    return show


READABLE: Readable = (
    ("target", lambda row: row["target"]),
    ("row", lambda row: row["row"]),
    ("column", lambda row: row["column"]),
    ("primary", lambda row: row["primary"]),
    ("paper", lambda row: row["paper"]),
    ("ours", _shown("ours")),
    ("difference", _difference),
    ("95 % of reruns", _interval),
    ("verdict", lambda row: row["verdict"]),
    ("reason", lambda row: row["reason"]),
    *((EPOCHS[epoch], _at(epoch)) for epoch in OTHER_EPOCHS),
)
