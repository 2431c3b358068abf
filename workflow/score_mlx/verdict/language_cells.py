"""Which runs of language models stand for the paper's Tables 10 to 12 and the losses in its text.

The one seam between the verdict and the language models: their records are read as plain values, and `RUNS` says by
which fields of its spec a run is the paper's. A run that `RUNS` does not describe yet reads "not run".
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from score_mlx.errors import UserError

FAMILY = "language"


@dataclass(frozen=True)
class LanguageRun:
    """What a record of a language model says.

    Attributes:
        path: the record below the folder of runs.
        spec: what was trained.
        parameters: how many numbers.
        evaluations: `{step, seconds, train_loss, val_loss}` one after another.
        val_bpb: bits a byte, of the five-minute challenge.
        cuts: settings below the paper's, as `iterations 100/3000`; "" for none.
    """

    path: str
    spec: Mapping[str, Any]
    parameters: int
    evaluations: tuple[Mapping[str, float], ...] = ()
    val_bpb: float | None = None
    cuts: str = ""
    meta: Mapping[str, Any] = field(default_factory=dict)

    @property
    def best_loss(self) -> float:
        """The lowest validation loss of all evaluations; NaN without one."""
        return min((e["val_loss"] for e in self.evaluations if e["val_loss"] is not None), default=math.nan)

    def loss_at(self, fraction: float) -> float:
        """Validation loss at the evaluation that comes nearest after that fraction of the training."""
        last = max(e["step"] for e in self.evaluations)
        return next(e["val_loss"] for e in self.evaluations if e["step"] >= fraction * last)


# The paper's run -> the fields of a language spec that describe it. A name without fields has no record yet.
RUNS: dict[str, dict[str, Any]] = {}

Value = Callable[[LanguageRun], float]


def loss(run: LanguageRun) -> float:
    return run.best_loss


def bpb(run: LanguageRun) -> float:
    return math.nan if run.val_bpb is None else run.val_bpb


def millions(run: LanguageRun) -> float:
    return run.parameters / 1e6


# (target, row, column) of the paper -> the run that decides it, and what of it.
CELLS: dict[tuple[str, str, str], tuple[str, Value]] = {
    ("table10", "nanoGPT", "parameters_million"): ("char_native_adamw", millions),
    ("table10", "nanoGPT", "val_loss_table"): ("char_native_adamw", loss),
    ("table10", "nanoGPT", "val_loss_text"): ("char_native_adamw", loss),
    ("table10", "mSCORE", "parameters_million"): ("char_mscore_muon", millions),
    ("table10", "mSCORE", "val_loss_table"): ("char_mscore_muon", loss),
    ("table10", "mSCORE", "val_loss_text"): ("char_mscore_muon", loss),
    ("table10", "SCORE", "parameters_million"): ("char_score6_muon", millions),
    ("table10", "SCORE", "val_loss_table"): ("char_score6_muon", loss),
    ("table10", "SCORE", "val_loss_text"): ("char_score6_muon", loss),
    ("table11", "0.9", "best_val_loss"): ("char_score12_bigram", loss),
    ("table12", "d4 + skip05", "val_bpb"): ("challenge_d4_skip05", bpb),
    ("table12", "d4 + skip05", "parameters_million"): ("challenge_d4_skip05", millions),
    ("table12", "d4 no skip05", "val_bpb"): ("challenge_d4", bpb),
    ("table12", "d4 no skip05", "parameters_million"): ("challenge_d4", millions),
    ("table12", "SCORE 2-recursive", "val_bpb"): ("challenge_2xs2", bpb),
    ("table12", "SCORE 2-recursive", "parameters_million"): ("challenge_2xs2", millions),
    ("table12", "PR#4 d4 (BL3IP)", "val_bpb"): ("challenge_pr4", bpb),
    ("table12", "PR#4 d4 (BL3IP)", "parameters_million"): ("challenge_pr4", millions),
    ("text", "nanoGPT d384 native val loss", "value"): ("nanogpt_d384_native", loss),
    ("text", "nanoGPT d384 SCORE val loss", "value"): ("nanogpt_d384_score", loss),
    ("text", "nanoGPT d384 native parameters (million)", "value"): ("nanogpt_d384_native", millions),
    ("text", "nanoGPT d384 SCORE parameters (million)", "value"): ("nanogpt_d384_score", millions),
    ("text", "autosearch SCORE 2x2 val_bpb 5 min", "value"): ("autosearch_2xs2_5min", bpb),
    ("text", "autosearch SCORE 2x2 val_bpb 6 min", "value"): ("autosearch_2xs2_6min", bpb),
    ("text", "autosearch d4 skip05 val_bpb 5 min", "value"): ("autosearch_d4_skip05_5min", bpb),
    ("text", "autosearch d4 skip05 val_bpb 6 min", "value"): ("autosearch_d4_skip05_6min", bpb),
    ("text", "autosearch d4 native val_bpb 5 min", "value"): ("autosearch_d4_5min", bpb),
    ("text", "autosearch SCORE 2x2 parameters (million)", "value"): ("autosearch_2xs2_5min", millions),
    ("text", "autosearch d4 parameters (million)", "value"): ("autosearch_d4_5min", millions),
    ("text", "SCORE 12 steps bigram NorMuon RMSNorm val loss", "value"): ("char_score12_bigram", loss),
    ("text", "SCORE 12 steps best val loss", "value"): ("char_score12_bigram", loss),
    ("text", "native character nanoGPT with AdamW val loss", "value"): ("char_native_adamw", loss),
    ("text", "native character nanoGPT with Muon val loss", "value"): ("char_native_muon", loss),
    ("text", "mSCORE 3.6M with Muon val loss", "value"): ("char_mscore_muon", loss),
    ("text", "SCORE 1.8M six steps val loss", "value"): ("char_score6_muon", loss),
}


def named(runs: list[LanguageRun], name: str) -> list[LanguageRun]:
    """The runs that are the paper's `name`, whatever seed; uncut ones only, where there are any."""
    fields = RUNS.get(name)
    if fields is None:
        return []
    found = [run for run in runs if all(run.spec.get(key) == value for key, value in fields.items())]
    return [run for run in found if not run.cuts] or found


def is_language(path: Path) -> bool:
    """Whether a record says that it is a language model's; anything unreadable is left to its own reader."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and content.get("family") == FAMILY


def read(path: Path) -> LanguageRun:
    """A language model's record.

    Raises:
        UserError: it lacks what a verdict reads.
    """
    content = json.loads(path.read_text(encoding="utf-8"))
    try:
        cuts = ", ".join(f"{cut['setting']} {cut['ours']}/{cut['paper']}" for cut in content.get("cuts", ()))
        parts = path.parts[path.parts.index(FAMILY) - 1 :] if FAMILY in path.parts else path.parts[-2:]
        return LanguageRun(
            "/".join(parts), content["spec"], content["parameters"], tuple(content["evaluations"]),
            content.get("val_bpb"), cuts,
        )  # fmt: skip
    except (KeyError, TypeError) as missing:
        raise UserError(f"{path}: {missing} is missing or no value, expected a language model's record") from None
