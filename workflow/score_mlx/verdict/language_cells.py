"""Which runs of language models correspond to the paper's Tables 10 to 12 and the losses in its text.

The only link between the verdict and the language models: `RUNS` maps the paper's runs to those of config.yaml, `CELLS`
maps printed numbers to runs. A number whose run config.yaml does not list is "not run".
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from score_mlx.models.language.run import LanguageRun
from score_mlx.models.language.spec import LanguageSpec
from score_mlx.runs.run import Run, of_kind

Value = Callable[[LanguageRun], float]
DEPTHS = range(2, 7)  # of nanoGPTx

# The paper's run -> the experiment of config.yaml that lists it, and the fields that tell it from the others there.
RUNS: dict[str, tuple[str, dict[str, Any]]] = {
    "nanogpt_d64_native": ("figure3", {"config": "base", "width": 64}),
    "nanogpt_d64_score": ("figure3", {"config": "SCORE", "width": 64}),
    "nanogpt_d64_native_corrected": ("figure3b", {"config": "base"}),
    "nanogpt_d64_score_corrected": ("figure3b", {"config": "SCORE"}),
    "nanogpt_d384_native": ("figure3", {"config": "base", "width": 384}),
    "nanogpt_d384_score": ("figure3", {"config": "SCORE", "width": 384}),  # dt = 1/K, the paper's default
    **{f"nanogptx_native_k{k}": ("figure4", {"config": "base", "steps": k}) for k in DEPTHS},
    **{f"nanogptx_score_k{k}": ("figure4", {"config": "SCORE", "steps": k}) for k in DEPTHS},
    **{f"nanogptx_half_k{k}": ("figure4", {"config": "SCORE_skip05", "steps": k}) for k in DEPTHS},
    "char_native_adamw": ("table10", {"config": "base", "optimizer": "adamw"}),
    "char_native_muon": ("table10", {"config": "base", "optimizer": "muon", "dropout": 0.2}),
    "char_mscore_muon": ("table10", {"config": "mSCORE_skip05", "optimizer": "muon"}),
    "char_mscore_adam": ("table10", {"config": "mSCORE_skip05", "optimizer": "adam"}),
    "char_score6_muon": ("table10", {"config": "SCORE_skip05", "optimizer": "muon", "steps": 6}),
    "char_score12_bigram": ("table11", {"bigram": True, "train_fraction": 0.9}),
    "char_score12_no_bigram": ("table11", {"bigram": False, "train_fraction": 0.9}),
    "challenge_d4_skip05": ("table12", {"config": "skip05", "feedforward": "swiglu"}),
    "challenge_d4": ("table12", {"config": "base", "feedforward": "swiglu"}),
    "challenge_2xs2": ("table12", {"config": "mSCORE_skip05", "feedforward": "swiglu"}),
    "challenge_pr4": ("table12", {"config": "base", "feedforward": "gelu"}),
    **{
        f"autosearch_{name}_{seconds // 60}min": ("figure5", {"config": config, "seconds": seconds})
        for name, config in (("2xs2", "mSCORE_skip05"), ("d4_skip05", "skip05"), ("d4", "base"))
        for seconds in (300, 360)
    },
}


PAPER_DEVICE = "Apple M3 Max"  # the device of the paper's runs against the clock
PAPER_VOCABULARY = {"nanogpt": 23_544, "nanogptx": 23_544, "chargpt": 65, "d4": 8192}


def uncountable(run: LanguageRun) -> str:
    """Why this run's number of parameters does not compare with the paper's; "" where it does."""
    ours, paper = run.dataset.vocabulary, PAPER_VOCABULARY[run.spec.arch]
    return "" if ours == paper else f"a vocabulary of {ours}, the paper's has {paper}"


def unlike_printed(run: LanguageRun) -> str:
    """Why this run's losses do not compare with printed ones; "" where they do."""
    device = str(run.meta.device)
    elsewhere = run.spec.timed and PAPER_DEVICE not in device
    return run.incomparable() or (f"trained against the clock on {device}, not on {PAPER_DEVICE}" if elsewhere else "")


def loss(run: LanguageRun) -> float:
    """Best validation loss, nats a token."""
    return _number(run.best.val_loss)


def average(run: LanguageRun) -> float:
    """Mean validation loss over the evaluations of a training, the untrained model's left out."""
    _, losses = run.curve("val_loss")
    return math.fsum(losses[1:]) / (len(losses) - 1)


def bpb(run: LanguageRun) -> float:
    """Bits a byte after the last step."""
    return _number(run.last.val_bpb)


def millions(run: LanguageRun) -> float:
    """Parameters."""
    return run.counted / 1e6


def early(run: LanguageRun, fraction: float = 0.1) -> float:
    """Validation loss at the evaluation nearest to a tenth of the steps, the untrained model's left out."""
    steps, losses = run.curve("val_loss")
    place = min(range(1, len(steps)), key=lambda k: abs(steps[k] - fraction * steps[-1]))
    return losses[place]


# (target, row, column) of the paper -> the run that decides it, and what of it.
CELLS: dict[tuple[str, str, str], tuple[str, Value]] = {
    ("table10", "nanoGPT", "parameters_million"): ("char_native_adamw", millions),
    ("table10", "nanoGPT", "val_loss_table"): ("char_native_adamw", loss),
    ("table10", "mSCORE", "parameters_million"): ("char_mscore_muon", millions),
    ("table10", "mSCORE", "val_loss_table"): ("char_mscore_muon", loss),
    ("table10", "SCORE", "parameters_million"): ("char_score6_muon", millions),
    ("table10", "SCORE", "val_loss_table"): ("char_score6_muon", loss),
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
    ("text", "SCORE 12 steps parameters (million)", "value"): ("char_score12_bigram", millions),
    ("text", "native character nanoGPT with AdamW val loss", "value"): ("char_native_adamw", loss),
    ("text", "native character nanoGPT with Muon val loss", "value"): ("char_native_muon", loss),
    ("text", "mSCORE 3.6M with Muon val loss", "value"): ("char_mscore_muon", loss),
    ("text", "SCORE 1.8M six steps val loss", "value"): ("char_score6_muon", loss),
}


def wanted(name: str, specs: Iterable[LanguageSpec]) -> LanguageSpec | None:
    """The spec, of those that the experiment of `RUNS` lists, that is the paper's run `name`."""
    _, fields = RUNS[name]
    there = [spec for spec in specs if fields.items() <= spec.as_dict().items()]
    return there[0] if there else None


def matching(runs: Iterable[Run], spec: LanguageSpec) -> list[LanguageRun]:
    """The runs of a spec, whatever seed and repeat; on another text or with cuts only where there are no others."""
    found = [run for run in of_kind(runs, LanguageRun) if type(run.spec) is type(spec) and _same(run, spec)]
    return [run for run in found if not run.incomparable()] or found


def _same(run: LanguageRun, spec: LanguageSpec) -> bool:
    """Alike in all but what does not tell models apart; how long it trained may differ only by a cut."""
    free = {"dataset", "seed", "repeat", *(spec.CUTTABLE if run.cuts else ())}
    ours = run.spec.as_dict()
    return all(ours[name] == value for name, value in spec.as_dict().items() if name not in free)


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
