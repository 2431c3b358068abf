"""Small texts, corpora and language models for the tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from score_mlx.data.text import corpus
from score_mlx.data.text.texts import MarkovChain
from score_mlx.data.text.tokens import characters
from score_mlx.models.language import trainer
from score_mlx.models.language.spec import ChallengeSpec, CharSpec, LanguageSpec, NanoGPTSpec
from score_mlx.runs.records import as_json

CHAIN = MarkovChain.example()
SMALL = {
    NanoGPTSpec: {"width": 16, "heads": 2, "context": 8, "batch_size": 4, "iterations": 6, "evaluate_every": 2}
    | {"evaluation_batches": 2},
    CharSpec: {"width": 16, "heads": 2, "context": 8, "batch_size": 4, "iterations": 6, "evaluate_every": 2}
    | {"evaluation_batches": 2, "characters": 12},
    ChallengeSpec: {"width": 64, "heads": 2, "context": 16, "batch_tokens": 64, "evaluation_tokens": 256, "seconds": 1},
}


def markov(letters: int = 2000) -> corpus.Corpus:
    """Some letters of the chain whose entropy rate is known."""
    return corpus.assemble("markov-char", "Markov chain (stand-in)", True, *characters(CHAIN.text(letters)))


def spec(arch: str = "nanogpt", config: str = "SCORE", **options: Any) -> LanguageSpec:
    """A small model; options as in its spec."""
    kind = LanguageSpec.variant(arch)
    return kind("markov-char", arch, config, **(SMALL[kind] | options))


# every architecture in a stack, a recurrence, and with what only some have
EXAMPLES = [
    ("nanogpt", "base", {}),
    ("nanogpt", "SCORE", {"fidelity": "as_text"}),
    ("nanogptx", "SCORE_skip05", {}),
    ("chargpt", "base", {"optimizer": "adamw", "dropout": 0.2}),
    ("chargpt", "mSCORE_skip05", {"blocks": 2, "steps": 2, "optimizer": "adam"}),
    ("chargpt", "SCORE_skip05", {"optimizer": "normuon", "bigram": True}),
    ("chargpt", "mSCORE_skip05", {"blocks": 2, "steps": 2, "bigram": True}),
    ("d4", "skip05", {"feedforward": "swiglu", "settings": "B"}),
    ("d4", "mSCORE_skip05", {"blocks": 2, "steps": 2}),
    ("d4", "base", {"feedforward": "gelu", "bigram": False, "settings": "B"}),
]
NAMES = [f"{arch} {config} {' '.join(options)}".strip() for arch, config, options in EXAMPLES]


def tokens(rows: int, length: int, vocabulary: int = 16, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, vocabulary, (rows, length))


def train(spec: LanguageSpec, root: Path, text: corpus.Corpus | None = None) -> tuple[dict[str, Any], Path]:
    """The record of a run below `root`, where its path says, and the record's folder; by default on `markov()`."""
    folder = spec.path(root / "runs").parent
    return as_json(trainer.train(spec, text or markov(), folder, progress="none", preset="smoke")), folder
