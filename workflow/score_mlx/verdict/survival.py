"""results/survival.csv: does a claim survive where the paper might have chosen otherwise?

Each claim is asked again under one changed choice at a time. What a choice needs beyond the paper's runs is listed in
config.yaml under `survival`; the last epoch needs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from score_mlx.config.survival import REPEATS, SURVIVAL_CHOICES
from score_mlx.tables.formats import Readable
from score_mlx.verdict.claims import Claim, decide
from score_mlx.verdict.evidence import Evidence
from score_mlx.verdict.finding import CONFIRMED, PARTLY

PAPER = "best epoch (paper)"
# Column -> the key of it in a claim's `choices`, and what changes in the evidence.
CHOICES: dict[str, tuple[str, dict[str, Any]]] = {
    PAPER: ("", {}),
    "last epoch": ("last", {"epoch": "last"}),
    "grouped folds": ("grouped", SURVIVAL_CHOICES["grouped"][0]),
    "three repeats": ("repeats", {"repeats": REPEATS}),
    "as_text": ("as_text", SURVIVAL_CHOICES["as_text"][0]),
    "Adam corrected": ("corrected", SURVIVAL_CHOICES["corrected"][0]),
}
COLUMNS = ("id", "claim", *CHOICES, "survives", *(f"{choice}: reason" for choice in CHOICES))
UNASKED = "-"  # the choice touches nothing that the claim rests on, or was not planned for it
HOLDS = (CONFIRMED, PARTLY)


def survival_table(claims: Sequence[Claim], evidence: Evidence) -> list[dict[str, Any]]:
    """One row a claim that any other choice is asked of, one column a choice with its verdict.

    Holm's adjustment is over the claims of a family that the same choice is asked of. `survives`: under how many of the
    other choices with records the verdict is as good as the paper's choice gives, as `2/3`.
    """
    paper = replace(evidence, epoch="best", split=None, fidelity=None, bias_correction=None, repeats=(0,))
    rows: dict[str, dict[str, Any]] = {
        claim.id: dict.fromkeys(COLUMNS, "") | dict.fromkeys(CHOICES, UNASKED) | {"id": claim.id, "claim": claim.claim}
        for claim in claims
        if claim.choices
    }
    for choice, (key, changes) in CHOICES.items():
        asked = [claim for claim in claims if claim.choices and (choice == PAPER or key in claim.choices)]
        for found in decide(asked, replace(paper, **changes)):
            rows[found["id"]] |= {choice: found["verdict"], f"{choice}: reason": found["reason"]}
    return [row | {"survives": _survives(row)} for row in rows.values()]


def caption() -> list[str]:
    """What a reader of the table must know, a sentence an item."""
    return [
        "Each column changes one choice. Best epoch: the paper's, chosen on the test fold, and its one repeat of "
        "cross-validation, where the table of claims counts all that there are. Last epoch: none chosen. "
        "Grouped folds: a molecule that occurs twice is tested where it occurs first. Three repeats: of five-fold "
        "cross-validation, with other folds and other weights. as_text: where text and code of the paper differ, the "
        "text. Adam corrected: with Adam's bias correction, which MLX leaves out unless asked, so that the first "
        f"hundred steps are 3 to 6 times as long. {UNASKED}: the choice is not asked of the claim. Survives: of the "
        "other choices that have records, those under which a claim that holds still holds as well.",
    ]


def _survives(row: Mapping[str, Any]) -> str:
    """`2/3`; empty for a claim that fails under the paper's own choice, or that no other choice was tried on."""
    if row[PAPER] not in HOLDS:
        return ""
    tried = [row[choice] for choice in CHOICES if choice != PAPER and row[choice] in (*HOLDS, "not confirmed")]
    kept = [verdict for verdict in tried if verdict == CONFIRMED or verdict == row[PAPER]]
    return f"{len(kept)}/{len(tried)}" if tried else ""


def _shown(choice: str):
    return lambda row: row[choice]


READABLE: Readable = (
    ("claim", lambda row: row["claim"]),
    *((choice, _shown(choice)) for choice in CHOICES),
    ("survives", lambda row: row["survives"]),
)
