"""nanoGPT (post-norm, after shakedzy/nanogpt) and nanoGPTx, its modern form (Figures 3 and 4)."""

from __future__ import annotations

import mlx.core as mx
import mlx.nn as nn

from score_mlx.models.language.gpt import GPT, depth_of
from score_mlx.models.language.layers import (
    Dense,
    FeedForward,
    PreNormBlock,
    attend_with_dropout,
    drop,
    join_heads,
    relu2,
    rms_norm,
    split_heads,
)
from score_mlx.models.language.spec import NanoGPTSpec
from score_mlx.nn import Embedding, LayerNorm, Noise, relu

_normal, _glorot, _he = nn.init.normal(std=0.02), nn.init.glorot_uniform(), nn.init.he_uniform()


def _linear(inputs: int, outputs: int, bias: bool = True, init=_glorot) -> Dense:
    layer = Dense(inputs, outputs, bias)
    layer.weight = init(layer.weight)
    if bias:
        layer.bias = mx.zeros((outputs,))
    return layer


def _table(rows: int, width: int) -> Embedding:
    table = Embedding(rows, width)
    table.weight = _normal(table.weight)
    return table


def _feedforward(width: int, act) -> FeedForward:
    """The first layer He-uniform, since a ReLU follows."""
    return FeedForward(width, act, lambda i, o: _linear(i, o, init=_he if o > i else _glorot))


class PostNormBlock(nn.Module):
    """x1 = LN(x + attention(x)), LN(x1 + FFN(x1)): q, k, v without bias, logits over sqrt(d_model)."""

    def __init__(self, spec: NanoGPTSpec):
        super().__init__()
        width = spec.width
        self.heads, self.scale = spec.heads, width**-0.5  # the code's d_model, not the usual d_head
        self.qkv, self.out = [_linear(width, width, bias=False) for _ in range(3)], _linear(width, width)
        self.feedforward = _feedforward(width, relu)
        self.norm1, self.norm2 = LayerNorm(width), LayerNorm(width)

    def __call__(self, x: mx.array, noise: Noise) -> mx.array:
        """State (B, T, C) -> state (B, T, C)."""
        q, k, v = (split_heads(project(x), self.heads) for project in self.qkv)  # (B, heads, T, D)
        attended = self.out(join_heads(attend_with_dropout(q, k, v, self.scale, noise)))  # (B, T, C)
        x = self.norm1(x + drop(noise, attended))
        return self.norm2(x + drop(noise, self.feedforward(x)))


class ModernBlock(PreNormBlock):
    """A pre-norm block with logits over sqrt(d_head), dropout on attention weights, and ReLU^2."""

    def __init__(self, spec: NanoGPTSpec):
        super().__init__()
        width = spec.width
        self.heads, self.scale = spec.heads, (width // spec.heads) ** -0.5
        self.qkv, self.out = [_linear(width, width, bias=False) for _ in range(3)], _linear(width, width)
        self.feedforward = _feedforward(width, relu2)

    def attend(self, q: mx.array, k: mx.array, v: mx.array, noise: Noise) -> mx.array:
        """Causal attention with dropout: (B, heads, T, D) three times -> (B, heads, T, D)."""
        return attend_with_dropout(q, k, v, self.scale, noise)


class NanoGPT(GPT):
    """Token table plus positions, blocks, final norm, linear to the vocabulary.

    Args:
        spec: of `nanogpt` or `nanogptx`.
        vocabulary: V.
    """

    def __init__(self, spec: NanoGPTSpec, vocabulary: int):
        super().__init__()
        self.context, self.modern = spec.context, spec.arch == "nanogptx"
        self.by_token = spec.fidelity == "as_code"
        self.table = _table(vocabulary, spec.width)
        if not self.modern:
            # The code's table of positions has V rows and is looked up by token id; the text's has one a place.
            self.positions = _table(vocabulary if self.by_token else spec.context, spec.width)
            self.norm = LayerNorm(spec.width)
        self.depth = depth_of(spec, lambda: (ModernBlock if self.modern else PostNormBlock)(spec))
        self.head = _linear(spec.width, vocabulary)

    def states(self, tokens: mx.array, noise: Noise) -> mx.array:
        """(B, T) -> (B, T, C)."""
        x = self.table(tokens)  # (B, T, C)
        if self.modern:
            return rms_norm(self.depth(x, noise))
        x = x + self.positions(tokens if self.by_token else mx.arange(tokens.shape[1]))
        return self.norm(self.depth(x, noise))
