"""What the Transformers are built from: attention, feed-forward layers, norms without parameters, RoPE, dropout."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import mlx.core as mx
import mlx.nn as nn

from score_mlx import kernels
from score_mlx.nn import Noise, linear, relu, softmax


class Dense(nn.Linear):
    """x W^T + b, initialised as MLX's: uniform within 1 / sqrt(inputs)."""

    def __call__(self, x: mx.array) -> mx.array:
        """(..., inputs) -> (..., outputs)."""
        return linear(x, self.weight, self.get("bias"))


def rms_norm(x: mx.array, eps: float = 1e-6) -> mx.array:
    """x / sqrt(mean of x^2 + eps) over the last axis, no parameters."""
    return kernels.call("rms_norm", [x], [eps]) if kernels.serve(x) else mx.fast.rms_norm(x, None, eps)


def rope(x: mx.array) -> mx.array:
    """Rotary positions (Su et al. 2021): (B, heads, T, D) -> same, pair i of place t turned by t 10000^(-2i/D)."""
    return mx.fast.rope(x, x.shape[-1], traditional=True, base=1e4, scale=1.0, offset=0)


def rotate_heads(x: mx.array, heads: int, eps: float = 1e-6) -> mx.array:
    """Queries or keys: heads with rotary positions, each vector divided by its RMS: (B, T, C) -> (B, heads, T, D)."""
    if kernels.serve(x):
        return kernels.call("rotate_heads", [x], [heads, eps, 1.0])
    return rms_norm(rope(split_heads(x, heads)), eps)


def unit_heads(x: mx.array, heads: int) -> mx.array:
    """The same with vectors of length 1."""
    width = x.shape[-1] // heads
    if kernels.serve(x):
        return kernels.call("rotate_heads", [x], [heads, 1e-6 / width, width**-0.5])
    return rms_norm(rope(split_heads(x, heads)), 1e-6 / width) / math.sqrt(width)


def drop(noise: Noise, x: mx.array) -> mx.array:
    """Dropout on x (B, ..., C); every row is known by its place in the batch, of which x may be a piece."""
    if noise.key is None or noise.rate == 0:
        return x
    return noise(x, rows_of(noise, x.shape[:-1]))


def rows_of(noise: Noise, shape: tuple[int, ...]) -> mx.array:
    """The number that `noise` knows each row by: its place in the batch, of which these (B, ...) may be a piece."""
    count = math.prod(shape)
    first = noise.first * (count // shape[0])
    return mx.arange(first, first + count, dtype=mx.uint32).reshape(shape)


def causal_mask(length: int, window: int | None = None) -> mx.array:
    """(T, T) whether place t sees place s: s <= t, and t - s < window where there is one."""
    t = mx.arange(length)
    distance = t[:, None] - t[None, :]
    return (distance >= 0) if window is None else (distance >= 0) & (distance < window)


def attend(q: mx.array, k: mx.array, v: mx.array, scale: float, window: int | None = None) -> mx.array:
    """Causal attention without dropout: (B, heads, T, D) three times -> (B, heads, T, D).

    Args:
        window: how many places back, the present one included, a place sees; None: all.
    """
    length = q.shape[2]
    window = None if window is None or window >= length else window
    if kernels.serve(q):
        nothing_dropped = [0, 0, 1.0]  # salt, threshold, factor
        inputs = [q, k, v, kernels.NONE, kernels.NONE]
        return kernels.call("causal_attention", inputs, [scale, window or length, *nothing_dropped])
    mask = "causal" if window is None else causal_mask(length, window)
    return mx.fast.scaled_dot_product_attention(q, k, v, scale=scale, mask=mask)


def attend_with_dropout(q: mx.array, k: mx.array, v: mx.array, scale: float, noise: Noise) -> mx.array:
    """`attend`, with dropout on the attention weights."""
    if kernels.serve(q):
        key, numbers = noise.draw()
        rows = rows_of(noise, q.shape[:-1]) if key.size else kernels.NONE
        return kernels.call("causal_attention", [q, k, v, rows, key], [scale, q.shape[2], *numbers])
    logits = scale * (q @ k.swapaxes(-1, -2))  # (B, heads, T, T)
    weights = softmax(mx.where(causal_mask(q.shape[2]), logits, -1e9))
    return drop(noise, weights) @ v


def split_heads(x: mx.array, heads: int) -> mx.array:
    """(B, T, C) -> (B, heads, T, C / heads)."""
    if kernels.serve(x):
        return kernels.call("split_heads", [x], [heads])
    return x.reshape(*x.shape[:2], heads, -1).swapaxes(1, 2)


def join_heads(x: mx.array) -> mx.array:
    """(B, heads, T, D) -> (B, T, heads D)."""
    if kernels.serve(x):
        return kernels.call("join_heads", [x])
    return x.swapaxes(1, 2).flatten(2)


def relu2(x: mx.array) -> mx.array:
    """max(x, 0)^2."""
    if kernels.serve(x):
        return kernels.call("relu2", [x])
    positive = relu(x)
    return positive * positive


class PreNormBlock(nn.Module):
    """x1 = x + attention(RMS x), x1 + FFN(RMS x1): RoPE, unit-norm q and k, dropout on what is added.

    A subclass makes `heads`, `scale`, the layers `qkv` and `out` and the `feedforward` network, and attends.
    """

    heads: int
    scale: float
    qkv: list[nn.Module]
    out: nn.Module
    feedforward: nn.Module

    def attend(self, q: mx.array, k: mx.array, v: mx.array, noise: Noise) -> mx.array:
        """Causal attention: (B, heads, T, D) three times -> (B, heads, T, D)."""
        raise NotImplementedError

    def __call__(self, x: mx.array, *context: Any) -> mx.array:
        """State (B, T, C) -> state (B, T, C); the last of `context` is the step's dropout."""
        noise = context[-1]
        normed = rms_norm(x)
        q, k, v = (project(normed) for project in self.qkv)  # (B, T, C)
        q, k, v = unit_heads(q, self.heads), unit_heads(k, self.heads), split_heads(v, self.heads)  # (B, heads, T, D)
        x = x + drop(noise, self.out(join_heads(self.attend(q, k, v, noise))))
        return x + drop(noise, self.feedforward(rms_norm(x)))


class FeedForward(nn.Module):
    """Two linear layers, the first four times as wide, with `act` between.

    Args:
        make: builds a linear layer from its numbers of inputs and outputs.
    """

    def __init__(self, width: int, act: Callable[[mx.array], mx.array], make: Callable[[int, int], nn.Module]):
        super().__init__()
        self.enter, self.leave, self.act = make(width, 4 * width), make(4 * width, width), act

    def __call__(self, x: mx.array) -> mx.array:
        """(..., C) -> (..., C)."""
        return self.leave(self.act(self.enter(x)))


def cross_entropy(
    h: mx.array, weight: mx.array, bias: mx.array | None, targets: mx.array, cap: float = 0.0
) -> mx.array:
    """Nats of each token, from states and the linear layer that makes logits z of them.

    Kernels never hold all logits: a tile of them, with gradients a panel of rows.

    Args:
        h: states (N, C).
        weight, bias: of the layer, (V, C) and (V,) or None.
        targets: (N,), integers below V.
        cap: not 0: logits are cap tanh(z / cap).

    Returns:
        (N,).
    """
    if kernels.serve(h):
        return kernels.call("cross_entropy", _of_kernel(h, weight, bias, targets), [cap])
    logits = linear(h, weight, bias).astype(mx.float32)
    return nn.losses.cross_entropy(cap * mx.tanh(logits / cap) if cap else logits, targets)


def mean_cross_entropy(
    h: mx.array, weight: mx.array, bias: mx.array | None, targets: mx.array, cap: float = 0.0
) -> mx.array:
    """Mean of `cross_entropy`, a scalar: for training, since its kernel computes gradients together with the loss."""
    if kernels.serve(h):
        return kernels.call("mean_cross_entropy", _of_kernel(h, weight, bias, targets), [cap])
    return cross_entropy(h, weight, bias, targets, cap).mean()


def _of_kernel(h: mx.array, weight: mx.array, bias: mx.array | None, targets: mx.array) -> list[mx.array]:
    return [h, weight, kernels.NONE if bias is None else bias, targets.astype(mx.int32)]
