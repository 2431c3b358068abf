"""Table 12: bits a byte that so many seconds of training give."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from score_mlx.models.language.run import LanguageRun
from score_mlx.models.language.spec import ChallengeSpec
from score_mlx.tables.formats import change, number
from score_mlx.tables.language_runs import explain_stand_in, provenance, repeats, require_one_corpus
from score_mlx.tables.runs import ORIGIN, origin
from score_mlx.tables.table import Readable

COLUMNS = (
    "model", "feedforward", "bigram", "settings", "limit_seconds", "runs", "val_bpb", "lowest", "highest",
    "paper_val_bpb", "difference", "comparable", "parameters", "bigram_parameters", "steps", "trained_tokens",
    "evaluated_tokens", "resumed", "seconds", *ORIGIN,
)  # fmt: skip

# Which run is which row of the paper's Table 12.
ROWS = {
    ("skip05", "swiglu"): "d4 + skip05",
    ("base", "swiglu"): "d4 no skip05",
    ("mSCORE_skip05", "swiglu"): "SCORE 2-recursive",
    ("base", "gelu"): "PR#4 d4 (BL3IP)",
}
LABELS = {"base": "d4", "skip05": "d4 skip05", "mSCORE_skip05": "SCORE 2 × 2 steps"}
FEEDFORWARD = {"swiglu": "SwiGLU", "gelu": "GELU", "relu2": "ReLU²"}


def read_paper(path: str | Path) -> dict[str, float]:
    """Row of Table 12 -> val_bpb."""
    with Path(path).open(encoding="utf-8", newline="") as stream:
        return {row["config"]: float(row["val_bpb"]) for row in csv.DictReader(stream)}


def challenge_table(runs: Sequence[LanguageRun[ChallengeSpec]], paper: dict[str, float]) -> list[dict[str, Any]]:
    """Rows with the keys `COLUMNS`, one for the repeats of a configuration.

    Raises:
        UserError: runs on different texts.
    """
    require_one_corpus(runs)
    return [_row(group, paper) for group in repeats(runs)]


def _row(group: Sequence[LanguageRun[ChallengeSpec]], paper: dict[str, float]) -> dict[str, Any]:
    first, spec = group[0], group[0].spec
    values = [run.last.val_bpb for run in group if run.last.val_bpb is not None]
    mean = float(np.mean(values)) if len(values) == len(group) else None
    published = paper.get(ROWS.get((spec.config, spec.feedforward), "")) if spec.settings == "B" else None
    table = 5 * first.dataset.vocabulary * spec.width if spec.bigram else 0
    return {
        "model": LABELS.get(spec.config, spec.model),
        "feedforward": FEEDFORWARD[spec.feedforward],
        "bigram": "yes" if spec.bigram else "no",
        "settings": spec.settings,
        "limit_seconds": spec.seconds,
        "runs": len(group),
        "val_bpb": mean,
        "lowest": min(values) if mean is not None else None,
        "highest": max(values) if mean is not None else None,
        "paper_val_bpb": published,
        "difference": mean - published if mean and published and not first.incomparable() else None,
        "comparable": first.incomparable() or "yes",
        "parameters": first.parameters,
        "bigram_parameters": table,
        "steps": round(np.mean([run.last.step for run in group])),
        "trained_tokens": round(np.mean([run.trained_tokens for run in group])),
        "evaluated_tokens": first.last.evaluated_tokens,
        "resumed": sum(run.meta.resumed for run in group),
        "seconds": sum(run.meta.seconds for run in group),
    } | origin(first)


READABLE: Readable = (
    ("model", lambda row: row["model"]),
    ("feed-forward", lambda row: row["feedforward"]),
    ("bigram", lambda row: row["bigram"]),
    ("settings", lambda row: row["settings"]),
    ("seconds", lambda row: str(row["limit_seconds"])),
    ("val_bpb", lambda row: number(row["val_bpb"])),
    ("range", lambda row: "" if row["runs"] == 1 else f"{number(row['lowest'])} to {number(row['highest'])}"),
    ("paper", lambda row: "" if row["paper_val_bpb"] is None else f"{row['paper_val_bpb']:.4f}"),
    ("difference", lambda row: change(row["difference"])),
    ("parameters", lambda row: f"{row['parameters']:,}"),
    ("of them bigram", lambda row: f"{row['bigram_parameters']:,}"),
    ("steps", lambda row: f"{row['steps']:,}"),
    ("tokens seen", lambda row: f"{row['trained_tokens']:,}"),
    ("resumed", lambda row: "no" if not row["resumed"] else f"{row['resumed']} times"),
    ("text", lambda row: row["dataset"]),
    ("device", lambda row: str(row["device"] or "")),
)


def caption(runs: Sequence[LanguageRun[ChallengeSpec]]) -> list[str]:
    """What a reader of the table must know, a sentence an item."""
    return [
        *explain_stand_in(runs),
        "Bits a byte of the validation text after so many seconds of training; the first step and all evaluations do "
        "not count. The value depends on how fast the machine is, so compare only values of one machine.",
        f"{provenance(runs)}.",
    ]
