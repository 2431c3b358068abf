"""d4, the model of the five-minute challenge (Table 12, Figure 5), after karpathy/autoresearch in the paper's code."""

from __future__ import annotations

import math

import mlx.core as mx
import mlx.nn as nn

from score_mlx.models.language.bigram import Bigram, MixIn
from score_mlx.models.language.gpt import GPT, depth_of
from score_mlx.models.language.layers import attend, join_heads, relu2, rms_norm, rotate_heads, split_heads
from score_mlx.models.language.spec import ChallengeSpec
from score_mlx.nn import Embedding, Noise, linear

SWIGLU_HIDDEN = 683  # two thirds of 4 x 256: three matrices with as many numbers as two
GATE_CHANNELS = 32  # of the state, from which the gate of a value embedding is computed
EPS = 1e-5  # of the norms, the code's


class Matrix(nn.Module):
    """x W^T without bias, uniform within `bound`, or zero."""

    def __init__(self, inputs: int, outputs: int, bound: float = 0.0):
        super().__init__()
        self.weight = mx.random.uniform(-bound, bound, (outputs, inputs)) if bound else mx.zeros((outputs, inputs))

    def __call__(self, x: mx.array) -> mx.array:
        """(..., inputs) -> (..., outputs), in x's precision."""
        return linear(x, self.weight.astype(x.dtype))


def windows(spec: ChallengeSpec) -> list[int]:
    """How many places back each step sees: SSSL, half the context three times and then all; the last step all."""
    steps = spec.steps * spec.blocks
    return [spec.context if (t + 1) % 4 == 0 or t == steps - 1 else spec.context // 2 for t in range(steps)]


class FeedForward(nn.Module):
    """ReLU^2 or GELU between two matrices, four times as wide, or SwiGLU: (silu(W1 x) * W3 x) W2."""

    def __init__(self, kind: str, width: int, bound: float):
        super().__init__()
        self.kind = kind
        hidden = SWIGLU_HIDDEN if kind == "swiglu" else 4 * width
        self.enter, self.leave = Matrix(width, hidden, bound), Matrix(hidden, width)
        if kind == "swiglu":
            self.gate = Matrix(width, hidden, bound)

    def __call__(self, x: mx.array) -> mx.array:
        """(..., C) -> (..., C)."""
        h = self.enter(x)
        if self.kind == "swiglu":
            return self.leave(nn.silu(h) * self.gate(x))
        return self.leave(relu2(h) if self.kind == "relu2" else nn.gelu(h))


class ChallengeBlock(nn.Module):
    """x1 = x + attention(RMS x), x1 + FFN(RMS x1); in every second block a value embedding joins v through a gate."""

    def __init__(self, spec: ChallengeSpec, vocabulary: int, has_values: bool):
        super().__init__()
        width, bound = spec.width, math.sqrt(3 / spec.width)
        self.heads, self.scale, self.windows = spec.heads, (width // spec.heads) ** -0.5, windows(spec)
        self.qkv, self.out = [Matrix(width, width, bound) for _ in range(3)], Matrix(width, width)
        self.feedforward = FeedForward(spec.feedforward, width, bound)
        if has_values:
            self.value_table = Embedding(vocabulary, width)
            self.value_table.weight = mx.random.uniform(-bound, bound, (vocabulary, width))
            self.gate = Matrix(GATE_CHANNELS, spec.heads)

    def __call__(self, x: mx.array, x0: mx.array, pairs: mx.array | None, tokens: mx.array, t: int) -> mx.array:
        """State x (B, T, C) -> state (B, T, C).

        Args:
            x0, pairs: the first state and the pairs' rows; `MixIn` has added them, the block does not read them.
            tokens: (B, T), for the value embedding.
            t: number of the step, which says how far back it sees.
        """
        normed = rms_norm(x, EPS)
        q, k, v = (project(normed) for project in self.qkv)  # (B, T, C)
        q, k, v = rotate_heads(q, self.heads, EPS), rotate_heads(k, self.heads, EPS), split_heads(v, self.heads)
        if "value_table" in self:
            gate = 2 * mx.sigmoid(self.gate(normed[..., :GATE_CHANNELS]))  # (B, T, heads)
            v = v + gate.swapaxes(1, 2)[..., None] * split_heads(self.value_table(tokens).astype(v.dtype), self.heads)
        attended = attend(q, k, v, self.scale, self.windows[t])
        x = x + self.out(join_heads(attended))
        return x + self.feedforward(rms_norm(x, EPS))


class Challenge(GPT):
    """Normed token table, blocks with what is mixed in before each, RMSNorm, matrix to the vocabulary, capped logits.

    Args:
        spec: what is trained.
        vocabulary: V.
        dtype: of tables, matrices and states; bfloat16 where the device has it.
    """

    cap = 15.0

    def __init__(self, spec: ChallengeSpec, vocabulary: int, dtype: mx.Dtype = mx.float32):
        super().__init__()
        self.context = spec.context
        self.table = Embedding(vocabulary, spec.width)
        self.table.weight = mx.random.normal((vocabulary, spec.width))
        if spec.bigram:
            self.pairs = Bigram(vocabulary, spec.width)
        self.mix = MixIn(spec.steps * spec.blocks, x0=0.1, bigram=0.1 if spec.bigram else None, residual=True)
        count = spec.blocks if spec.recurrent else spec.steps
        places = iter(range(count))
        # alternate blocks have value embeddings, the last one always
        self.depth = depth_of(
            spec,
            lambda: ChallengeBlock(spec, vocabulary, next(places) % 2 == (count - 1) % 2),
            before=self._before,
            numbered=True,
        )
        self.head = Matrix(spec.width, vocabulary)
        self.head.weight = 0.001 * mx.random.normal((vocabulary, spec.width))
        self.apply(lambda array: array.astype(dtype) if array.ndim > 1 else array)

    def _before(self, x: mx.array, t: int, x0: mx.array, pairs: mx.array | None, _) -> mx.array:
        return self.mix(x, t, x0, pairs)

    def states(self, tokens: mx.array, noise: Noise) -> mx.array:
        """(B, T) -> (B, T, C), in the precision of the tables."""
        x = rms_norm(self.table(tokens), EPS)  # (B, T, C)
        pairs = self.pairs(tokens) if "pairs" in self else None
        return rms_norm(self.depth(x, x, pairs, tokens), EPS)
