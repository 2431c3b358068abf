"""results/robustness.csv: does a claim hold where the paper might have chosen otherwise?

Each claim is tested again under one changed choice at a time. What a choice needs beyond the paper's runs is listed in
config.yaml under `robustness`; other epochs need nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from score_mlx.config.robustness import REPEATS, ROBUSTNESS_CHOICES
from score_mlx.tables.table import Readable
from score_mlx.verdict.claim_table import Claim, decide
from score_mlx.verdict.evidence import Evidence
from score_mlx.verdict.finding import CONFIRMED, NOT_RUN, NOT_TESTABLE, PARTLY

PAPER = "best_epoch"
# Column -> the key of it in a claim's `choices`, what changes in the evidence, and how people read it.
CHOICES: dict[str, tuple[str, dict[str, Any], str]] = {
    PAPER: ("", {}, "best epoch (paper)"),
    "last_epoch": ("last", {"epoch": "last"}, "last epoch"),
    "held_out_epoch": ("held_out", {"epoch": "held_out"}, "held-out epoch"),
    "grouped_folds": ("grouped", ROBUSTNESS_CHOICES["grouped"][0], "grouped folds"),
    "three_repeats": ("repeats", {"repeats": REPEATS}, "three repeats"),
    "as_text": ("as_text", ROBUSTNESS_CHOICES["as_text"][0], "as_text"),
    "bias_corrected": ("corrected", ROBUSTNESS_CHOICES["corrected"][0], "Adam, bias corrected"),
}
COLUMNS = ("id", "claim", *CHOICES, "holds", *(f"{choice}_reason" for choice in CHOICES))
NOT_ASKED = "-"  # the choice cannot affect the claim, or was not planned for it
HOLDS = (CONFIRMED, PARTLY)


def robustness_table(claims: Sequence[Claim], evidence: Evidence) -> list[dict[str, Any]]:
    """One row for each claim that is tested under other choices, one column for each choice with its verdict.

    Holm's adjustment is over the claims of a family that are tested under the same choice. `holds`: under how many of
    the other choices with records the verdict is as good as the paper's choice gives, as `2/3`.
    """
    paper = replace(evidence, epoch="best", split=None, fidelity=None, bias_correction=None, repeats=(0,))
    rows: dict[str, dict[str, Any]] = {
        claim.id: dict.fromkeys(COLUMNS, "")
        | dict.fromkeys(CHOICES, NOT_ASKED)
        | {"id": claim.id, "claim": claim.claim}
        for claim in claims
        if claim.choices
    }
    for choice, (key, changes, _) in CHOICES.items():
        asked = [claim for claim in claims if claim.choices and (choice == PAPER or key in claim.choices)]
        for found in decide(asked, replace(paper, **changes)):
            rows[found["id"]] |= {choice: found["verdict"], f"{choice}_reason": found["reason"]}
    return [row | {"holds": _holds(row)} for row in rows.values()]


def caption() -> list[str]:
    """What a reader of the table must know, a sentence an item."""
    return [
        "Each column changes one choice. Best epoch: the paper's, chosen on the test fold, in one repeat of "
        "cross-validation, where the table of claims counts all repeats. Last epoch: without selection. Held-out "
        "epoch: for each fold the epoch of the lowest mean RMSE over the other folds. Grouped folds: a molecule that "
        "occurs twice is tested where it occurs first. Three repeats: of five-fold cross-validation, with other folds "
        "and other weights. as_text: where text and code of the paper differ, the text. Adam, bias corrected: with "
        "Adam's bias correction, which MLX leaves out by default, so that the first hundred updates are 3 to 6 times "
        f"as large. {NOT_ASKED}: the claim is not tested under this choice. Holds: of the other choices that have "
        "records, those under which a claim that holds still holds as well.",
    ]


def _holds(row: Mapping[str, Any]) -> str:
    """`2/3`; empty for a claim that fails under the paper's own choice, or that no other choice was tried on."""
    if row[PAPER] not in HOLDS:
        return ""
    others = [row[choice] for choice in CHOICES if choice != PAPER]
    tried = [verdict for verdict in others if verdict not in (NOT_ASKED, NOT_RUN, NOT_TESTABLE)]
    kept = [verdict for verdict in tried if verdict == CONFIRMED or verdict == row[PAPER]]
    return f"{len(kept)}/{len(tried)}" if tried else ""


def _shown(choice: str):
    return lambda row: row[choice]


READABLE: Readable = (
    ("claim", lambda row: row["claim"]),
    *((heading, _shown(choice)) for choice, (_, _, heading) in CHOICES.items()),
    ("holds", lambda row: row["holds"]),
)
