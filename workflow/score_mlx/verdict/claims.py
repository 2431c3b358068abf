"""results/claims.csv: what the records make of each claim of the paper's text.

A claim is a function of `Evidence` that returns a `Finding`; `data/paper/claims.yaml` says in words what it states,
what decides it and what would refute it. Verdicts are those of finding.py.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from score_mlx.stats import statistics
from score_mlx.system.errors import UserError
from score_mlx.tables.formats import Readable
from score_mlx.verdict import (
    claims_ablation,
    claims_baselines,
    claims_depth,
    claims_language,
    claims_ranking,
    claims_residuals,
    claims_speed,
)
from score_mlx.verdict.commands import brief, command
from score_mlx.verdict.evidence import Evidence
from score_mlx.verdict.finding import NOT_RUN, NOT_TESTABLE, Finding, Test, settle
from score_mlx.verdict.pool import NotComparableError, NotRunError, UndecidedError

COLUMNS = (
    "id", "family", "claim", "where", "test", "statistic", "low", "high", "p", "p_holm", "verdict", "reason",
    "refuted_by", "missing", "command",
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


def read_claims(path: Path) -> list[Claim]:
    """The claims in the file's order.

    Raises:
        UserError: an entry lacks a key, has one too many, or an id twice.
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
            raise UserError(f"{path}: id {entry['id']} stands there twice")
        seen.add(entry["id"])
    if not seen:
        raise UserError(f"{path}: no claims in it")
    return [Claim(**entry | {"choices": tuple(entry["choices"])}) for entry in entries]


def test_of(claim: Claim) -> Test:
    """The function that decides a claim.

    Raises:
        UserError: there is none.
    """
    tests = all_tests()
    if claim.id not in tests:
        raise UserError(f"claims.yaml: no test decides {claim.id}, expected one of {', '.join(tests)}")
    return tests[claim.id]


def all_tests() -> dict[str, Test]:
    """Every test by its claim's id."""
    modules = (
        claims_baselines, claims_ranking, claims_residuals, claims_ablation, claims_speed, claims_depth,
        claims_language,
    )  # fmt: skip
    return {name: test for module in modules for name, test in module.TESTS.items()}


def decide(claims: Sequence[Claim], evidence: Evidence) -> list[dict[str, Any]]:
    """Verdict on each claim, p values adjusted over the claims of a family that could be tested.

    Returns:
        Rows with the keys `COLUMNS`, in the order of `claims`; None where there is no value.
    """
    findings = {claim.id: _find(claim, evidence) for claim in claims}
    adjusted = _adjusted(claims, findings)
    return [_row(claim, findings[claim.id], adjusted[claim.id], evidence) for claim in claims]


def caption() -> list[str]:
    """What a reader of the table must know, a sentence an item."""
    return [
        "Confirmed: the records say so, and chance hardly would (p < 0.05 after Holm over the claims of a family that "
        "could be tested, by tests corrected for folds that share training data). Partly: true of some of it, or not "
        "beyond chance. Not confirmed: the records say otherwise. Not testable here: records with cuts, of other data "
        "or diverged. Not run: records are missing.",
        "Where all runs that a claim compares have further repeats of cross-validation, these count as well.",
    ]


def _find(claim: Claim, evidence: Evidence) -> Finding | UndecidedError:
    try:
        return test_of(claim)(evidence)
    except NotComparableError as why:
        return _told(claim, evidence, why)
    except UndecidedError as why:
        return why


def _told(claim: Claim, evidence: Evidence, why: NotComparableError) -> UndecidedError:
    """What runs that do not compare would say is told, though it decides nothing."""
    try:
        seen = test_of(claim)(replace(evidence, incomparable=True))
    except UndecidedError:
        return why
    return NotComparableError(f"{why}; these runs say: {seen.reason}")


def _adjusted(claims: Sequence[Claim], findings: Mapping[str, Finding | UndecidedError]) -> dict[str, float | None]:
    adjusted: dict[str, float | None] = {}
    for family in dict.fromkeys(claim.family for claim in claims):
        ids = [claim.id for claim in claims if claim.family == family]
        adjusted |= zip(ids, statistics.holm([getattr(findings[name], "p", None) for name in ids]), strict=True)
    return adjusted


def _row(claim: Claim, found: Finding | UndecidedError, p_holm: float | None, evidence: Evidence) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(COLUMNS) | {name: getattr(claim, name) for name in KEYS if name != "choices"}
    if isinstance(found, UndecidedError):
        lacking = found.records if isinstance(found, NotRunError) else ()
        row["verdict"] = NOT_RUN if isinstance(found, NotRunError) else NOT_TESTABLE
        row["command"] = command(evidence.listing, lacking)
        return row | {"reason": str(found), "missing": brief(lacking) if lacking else None}
    row["verdict"], row["reason"] = settle(found, p_holm)
    numbers = {"statistic": found.statistic, "low": found.low, "high": found.high, "p": found.p, "p_holm": p_holm}
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
    ("verdict", lambda row: row["verdict"]),
    ("reason", lambda row: row["reason"]),
)
