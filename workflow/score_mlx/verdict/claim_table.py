"""results/claims.csv: the verdict on each claim of the paper's text, from run records.

A claim is a function of `Evidence` that returns a `Finding`; `data/paper/claims.yaml` says in words what it states,
what decides it and what would refute it. Verdicts are those of finding.py.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from score_mlx.stats import statistics, warp
from score_mlx.system.errors import UserError
from score_mlx.tables.table import Readable
from score_mlx.verdict import rules
from score_mlx.verdict.claims.registry import test_of
from score_mlx.verdict.commands import brief, command
from score_mlx.verdict.evidence import Evidence
from score_mlx.verdict.finding import CONFIRMED, NOT_RUN, NOT_TESTABLE, Finding, settle
from score_mlx.verdict.pool import NotComparableError, NotRunError, UndecidedError
from score_mlx.verdict.published import Published

COLUMNS = (
    "id", "family", "claim", "where", "test", "statistic", "low", "high", "p", "p_holm", "p_holm_all", "verdict",
    "reason", "refuted_by", "missing", "command",
)  # fmt: skip
KEYS = ("id", "family", "claim", "where", "test", "refuted_by", "choices")


@dataclass(frozen=True)
class Claim:
    """An entry of claims.yaml."""

    id: str
    family: str
    claim: str
    where: str
    test: str
    refuted_by: str
    choices: tuple[str, ...]


def read_claims(path: Path, published: Sequence[Published]) -> list[Claim]:
    """The claims in the file's order.

    Args:
        published: what the paper prints, which texts refer to as `{table:row:column}`; `{equal}` and the like are the
            margins of `rules`.

    Raises:
        UserError: an entry lacks a key, has one too many, an id twice, or refers to what there is not.
    """
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as reason:
        raise UserError(f"{path}: not a list of claims ({' '.join(str(reason).split())})") from None
    seen: set[str] = set()
    for place, entry in enumerate(entries if isinstance(entries, list) else []):
        if not isinstance(entry, dict) or set(entry) != set(KEYS):
            raise UserError(f"{path}: entry {place + 1}: expected the keys {', '.join(KEYS)}")
        if entry["id"] in seen:
            raise UserError(f"{path}: id {entry['id']} is used twice")
        seen.add(entry["id"])
    if not seen:
        raise UserError(f"{path}: no claims in it")
    best = [number.row for number in published if (number.target, number.column) == ("table2", "rmse_mean")]
    counts = {"best": str(len(best)), "score_among_best": str(sum(name.startswith("SCORE") for name in best))}
    known = margins() | counts | {":".join(number.place): number.printed for number in published}
    filled: list[dict[str, Any]] = [
        _filled(path, entry, known) | {"choices": tuple(entry["choices"])} for entry in entries
    ]
    return [Claim(**fields) for fields in filled]


def margins() -> dict[str, str]:
    """What the texts of claims may call a margin by: name -> its value as shown."""
    return {
        "equal": f"{rules.EQUAL:g}",
        "like_catboost": f"{rules.LIKE_CATBOOST:g}",
        "agree": f"{rules.AGREE:g}",
        "not_faster": f"{rules.NOT_FASTER:g}",
        "poor_fit": f"{warp.POOR:g}",
        **{name: f"{value:g}" for name, value in rules.MARGINS.items()},
    }


def _filled(path: Path, entry: Mapping[str, Any], known: Mapping[str, str]) -> dict[str, Any]:
    """An entry with the numbers that its texts refer to."""

    def value(found: re.Match[str]) -> str:
        if found[1] not in known:
            raise UserError(f"{path}: {entry['id']}: {found[0]} is neither a printed number nor a margin")
        return known[found[1]]

    return {key: re.sub(r"\{([^{}]+)\}", value, text) if isinstance(text, str) else text for key, text in entry.items()}


def decide(claims: Sequence[Claim], evidence: Evidence) -> list[dict[str, Any]]:
    """Verdict on each claim, p values adjusted over the claims of a family that could be tested.

    Returns:
        Rows with the keys `COLUMNS`, in the order of `claims`; None where there is no value.
    """
    findings = {claim.id: _find(claim, evidence) for claim in claims}
    ps = {claim.id: getattr(findings[claim.id], "p", None) for claim in claims}
    overall = dict(zip(ps, statistics.holm(list(ps.values())), strict=True))
    rows: dict[str, dict[str, Any]] = {}
    for family in dict.fromkeys(claim.family for claim in claims):
        members = [claim for claim in claims if claim.family == family]
        adjusted = statistics.holm([ps[claim.id] for claim in members])
        parts = _parts([findings[claim.id] for claim in members])
        for claim, p, of_parts in zip(members, adjusted, parts, strict=True):
            row = _row(claim, findings[claim.id], p, of_parts, evidence)
            rows[claim.id] = row | {"p_holm_all": overall[claim.id]}
    return [rows[claim.id] for claim in claims]


def _parts(findings: Sequence[Finding | UndecidedError]) -> list[list[float | None]]:
    """p of each part of each finding, after Holm over those of all of them; exact parts are not adjusted."""
    found = [list(finding.parts) if isinstance(finding, Finding) else [] for finding in findings]
    adjusts = [isinstance(finding, Finding) and not finding.exact for finding in findings]
    flat = [part.p if adjust else None for parts, adjust in zip(found, adjusts, strict=True) for part in parts]
    adjusted = iter(statistics.holm(flat))
    taken = [[next(adjusted) for _ in parts] for parts in found]
    return [
        each if adjust else [part.p for part in parts]
        for each, parts, adjust in zip(taken, found, adjusts, strict=True)
    ]


def surviving(rows: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
    """Of the claims that a test confirmed by Holm within families: how many hold by Holm over all claims, and all."""
    tested = [row for row in rows if row["verdict"] == CONFIRMED and row["p"] is not None]
    return sum(row["p_holm_all"] < statistics.ALPHA for row in tested), len(tested)


def caption(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """What a reader of the table must know, a sentence an item."""
    kept, tested = surviving(rows)
    return [
        "Confirmed: every part of the claim is shown (p < 0.05 after Holm over the claims of a family that could be "
        "tested, by tests corrected for folds that share training data). Partly: some parts are shown, others are not. "
        "Refuted: our 95 % interval excludes what is claimed. Undecided: neither; with one run each there is no test, "
        "only a difference as printed or not. Not testable here: records with cuts, of other data or diverged. Not "
        "run: records are missing.",
        f"Claims that a test confirms: {tested}; significant after Holm over the claims of all families: {kept}.",
        "All repeats of cross-validation that the runs of a claim have in common count.",
    ]


def _find(claim: Claim, evidence: Evidence) -> Finding | UndecidedError:
    try:
        return test_of(claim.id)(evidence)
    except NotComparableError as why:
        return _told(claim, evidence, why)
    except UndecidedError as why:
        return why


def _told(claim: Claim, evidence: Evidence, why: NotComparableError) -> UndecidedError:
    """The reason, with what non-comparable runs indicate, which does not enter the verdict."""
    try:
        seen = test_of(claim.id)(replace(evidence, incomparable=True))
    except UndecidedError:
        return why
    return NotComparableError(f"{why}; these runs indicate: {seen.reason}")


def _row(
    claim: Claim,
    found: Finding | UndecidedError,
    p_holm: float | None,
    parts: Sequence[float | None],
    evidence: Evidence,
) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(COLUMNS) | {name: getattr(claim, name) for name in KEYS if name != "choices"}
    if isinstance(found, UndecidedError):
        lacking = found.records if isinstance(found, NotRunError) else ()
        row["verdict"] = NOT_RUN if isinstance(found, NotRunError) else NOT_TESTABLE
        row["command"] = command(evidence.listing, lacking)
        return row | {"reason": str(found), "missing": brief(lacking) if lacking else None}
    row["verdict"], row["reason"] = settle(found, p_holm, parts)
    worst = found.worst
    numbers = {"statistic": worst.value, "low": worst.low, "high": worst.high, "p": found.p, "p_holm": p_holm}
    return row | {name: value for name, value in numbers.items() if value is not None and math.isfinite(value)}


def _number(row: Mapping[str, Any]) -> str:
    if row["statistic"] is None:
        return ""
    shown = f"{row['statistic']:.3g}"
    return shown if row["low"] is None else f"{shown} [{row['low']:.3g}, {row['high']:.3g}]"


READABLE: Readable = (
    ("claim", lambda row: row["claim"]),
    ("statistic [95 %]", _number),
    ("p, Holm", lambda row: "" if row["p_holm"] is None else f"{row['p_holm']:.2g}"),
    ("over all claims", lambda row: "" if row["p_holm_all"] is None else f"{row['p_holm_all']:.2g}"),
    ("verdict", lambda row: row["verdict"]),
    ("reason", lambda row: row["reason"]),
)
