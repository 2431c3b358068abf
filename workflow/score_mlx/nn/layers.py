"""The few layers that `mlx.nn` lacks or has in a slower form: Glorot linears, LayerNorm, GRU."""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# MLX has no stubs of mlx.nn, and leaves arguments of some methods untyped.
from __future__ import annotations

import mlx.core as mx
import mlx.nn as nn

from score_mlx import kernels
from score_mlx.nn.fast_math import fused, sigmoid, tanh, with_gradient
from score_mlx.nn.shapes import fit

_glorot = nn.init.glorot_uniform()


def glorot(*shape: int) -> mx.array:
    """Glorot-uniform values, the paper's code's initialisation of weights, biases of linears and attention vectors."""
    return _glorot(mx.zeros(shape), 1.0)


class Linear(nn.Module):
    """x W^T + b with weight (out, in) and bias (out,) both Glorot-uniform, as in mlx-graphs and the paper's code."""

    def __init__(self, inputs: int, outputs: int, bias: bool = True):
        super().__init__()
        self.weight = glorot(outputs, inputs)
        if bias:
            self.bias = glorot(outputs, 1).flatten()

    def __call__(self, x: mx.array) -> mx.array:
        """x (..., inputs) -> (..., outputs)."""
        # a module is a dictionary of anything; this entry is an array
        return linear(x, self.weight, self.get("bias"))  # pyright: ignore[reportUnknownArgumentType]


def linear(x: mx.array, weight: mx.array, bias: mx.array | None = None) -> mx.array:
    """x W^T + b: (..., inputs), (outputs, inputs), (outputs,) -> (..., outputs)."""
    if kernels.serve(x):
        return kernels.call("linear", [x, weight, kernels.NONE if bias is None else bias])
    # product and sum apart: the CPU backend's fused form first copies the bias to every row
    y = x @ weight.T
    if bias is not None:
        fit("linear", bias, weight.shape[:1], "bias")
    return y if bias is None else y + bias


def towards(h: mx.array, y: mx.array, dt: float | mx.array) -> mx.array:
    """h + dt (y - h), dt a number or a scalar array, y of h's shape or one that spreads to it."""
    if isinstance(dt, float) and h.shape == y.shape and kernels.serve(h):  # a kernel reads as much of y as of h
        return kernels.call("towards", [h, y], [dt])
    return h + dt * (y - h)


def add_bias(x: mx.array, bias: mx.array, times: mx.array | None = None) -> mx.array:
    """x + times bias: (n, width), (width,), (n, 1) or None for 1 -> (n, width). There is no gradient for `times`."""
    if kernels.serve(x):
        return kernels.call("add_bias", [x, bias, kernels.NONE if times is None else times.squeeze(-1)])
    fit("add_bias", bias, [x.shape[-1]], "bias")
    if times is not None:
        fit("add_bias", times, [len(x), 1], "times")
    return x + (bias if times is None else times * bias)


def scale(x: mx.array, factor: float) -> mx.array:
    """factor x, of any shape."""
    return kernels.call("scale", [x], [factor]) if kernels.serve(x) else x * factor


def head_dots(x: mx.array, vector: mx.array) -> mx.array:
    """Dot product of each head's columns with that head's vector: (n, H), (1, heads, H / heads) -> (n, heads)."""
    if kernels.serve(x):
        return kernels.call("head_dots", [x, vector])
    fit("head_dots", x, [vector.shape[1] * vector.shape[2]], "x")
    return (x.reshape(-1, *vector.shape[1:]) * vector).sum(axis=-1)


class LayerNorm(nn.LayerNorm):
    """MLX's, compiled where it can be."""

    def __call__(self, x: mx.array) -> mx.array:
        """x (..., width) -> the same shape."""
        if kernels.serve(x):
            return kernels.call("layer_norm", [x, self.weight, self.bias], [self.eps])
        fit("layer_norm", x, self.weight.shape, "x")
        fit("layer_norm", self.bias, self.weight.shape, "bias")
        return super().__call__(x)


class GRUCell(nn.Module):
    """Gated recurrent unit (Cho et al. 2014) in PyTorch's form: n = tanh(W_n x + r * U_n h), h' = (1 - z) n + z h."""

    def __init__(self, inputs: int, hidden: int):
        super().__init__()
        self.from_input, self.from_state = Linear(inputs, 3 * hidden), Linear(hidden, 3 * hidden)

    def __call__(self, x: mx.array, h: mx.array) -> mx.array:
        """x (n, inputs), h (n, hidden) -> (n, hidden)."""
        x, s = self.from_input(x), self.from_state(h)  # (n, 3 hidden): reset, update, candidate
        if kernels.serve(h):
            return kernels.call("gru", [x, s, h])
        width = h.shape[-1]
        fit("gru", x, [len(h), 3 * width], "what comes from the input")
        fit("gru", s, [len(h), 3 * width], "what comes from the state")
        x_gates, x_n = mx.split(x, [2 * width], axis=-1)
        s_gates, s_n = mx.split(s, [2 * width], axis=-1)
        return _gru_gates(x_gates + s_gates, x_n, s_n, h)[0]


Four = tuple[mx.array, mx.array, mx.array, mx.array]


@fused
def _gru_chain(c: mx.array, s_n: mx.array, h: mx.array, r: mx.array, z: mx.array, n: mx.array) -> tuple[mx.array, ...]:
    to_x = c * (1 - z) * (1 - n * n)
    return to_x * s_n * (r * (1 - r)), c * (h - n) * (z * (1 - z)), to_x, to_x * r, c * z


def _gru_backward(primals: Four, cotangents: Four, outputs: Four) -> Four:
    _, _, s_n, h = primals
    _, r, z, n = outputs
    to_r, to_z, to_x, to_s, to_h = _gru_chain(cotangents[0], s_n, h, r, z, n)
    return mx.concatenate([to_r, to_z], axis=-1), to_x, to_s, to_h


@with_gradient(_gru_backward)
def _gru_gates(gates: mx.array, x_n: mx.array, s_n: mx.array, h: mx.array) -> Four:
    """Pre-activations of both gates (n, 2 hidden) and of the candidate -> new state, and what its gradient needs."""
    r, z = mx.split(sigmoid(gates), 2, axis=-1)
    n = tanh(x_n + r * s_n)
    return n + z * (h - n), r, z, n
