"""The character GPT of Tables 10 and 11: a GPT of 6 layers, RoPE, unit-norm q and k, ReLU^2, RMSNorm."""

from __future__ import annotations

import mlx.core as mx

from score_mlx.models.language.bigram import Bigram, MixIn
from score_mlx.models.language.gpt import GPT, depth_of
from score_mlx.models.language.layers import (
    Dense,
    FeedForward,
    PreNormBlock,
    attend,
    relu2,
    rms_norm,
)
from score_mlx.models.language.spec import CharSpec
from score_mlx.nn import Embedding, Noise


class CharBlock(PreNormBlock):
    """A pre-norm block whose linear layers all have a bias; no dropout on attention weights."""

    def __init__(self, spec: CharSpec):
        super().__init__()
        width = spec.width
        self.heads, self.scale = spec.heads, (width // spec.heads) ** -0.5
        self.qkv, self.out = [Dense(width, width) for _ in range(3)], Dense(width, width)
        self.feedforward = FeedForward(width, relu2, Dense)

    def attend(self, q: mx.array, k: mx.array, v: mx.array, noise: Noise) -> mx.array:
        """Causal attention: (B, heads, T, D) three times -> (B, heads, T, D)."""
        return attend(q, k, v, self.scale)


class CharGPT(GPT):
    """Token table, blocks, RMSNorm, linear to the vocabulary; with or without hashed pairs of tokens.

    Args:
        spec: what is trained.
        vocabulary: V.
    """

    def __init__(self, spec: CharSpec, vocabulary: int):
        super().__init__()
        self.context = spec.context
        self.table = Embedding(vocabulary, spec.width)
        if spec.bigram:
            self.pairs = Bigram(vocabulary, spec.width)
            # a number a block: blocks that recur use theirs in each of their steps
            self.mix = MixIn(spec.blocks if spec.recurrent else spec.steps, x0=0.0, bigram=0.1)
        self.each = spec.steps if spec.recurrent else 1  # steps that share a number
        self.depth = depth_of(spec, lambda: CharBlock(spec), before=self._before if spec.bigram else None)
        self.head = Dense(spec.width, vocabulary)

    def _before(self, x: mx.array, t: int, x0: mx.array, pairs: mx.array, _) -> mx.array:
        return self.mix(x, t // self.each, x0, pairs)

    def states(self, tokens: mx.array, noise: Noise) -> mx.array:
        """(B, T) -> (B, T, C)."""
        x = self.table(tokens)  # (B, T, C)
        if "pairs" in self:
            x = rms_norm(x)
            return rms_norm(self.depth(x, x, self.pairs(tokens), noise))
        return rms_norm(self.depth(x, noise))
