"""From a spec to a freshly initialised model."""

from __future__ import annotations

import mlx.core as mx

from score_mlx.models.language.challenge import Challenge
from score_mlx.models.language.chargpt import CharGPT
from score_mlx.models.language.gpt import GPT
from score_mlx.models.language.nanogpt import NanoGPT
from score_mlx.models.language.spec import ChallengeSpec, LanguageSpec
from score_mlx.nn import on_cpu

MODELS = {"nanogpt": NanoGPT, "nanogptx": NanoGPT, "chargpt": CharGPT}


def build(spec: LanguageSpec, vocabulary: int, seed: int) -> GPT:
    """The spec's model for V tokens, its weights drawn from `seed`."""
    mx.random.seed(seed)
    if isinstance(spec, ChallengeSpec):
        return Challenge(spec, vocabulary, mx.float32 if on_cpu() else mx.bfloat16)
    return MODELS[spec.arch](spec, vocabulary)
