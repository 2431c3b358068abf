"""The few layers that `mlx.nn` lacks or has in a slower form: Glorot linears, activations, GRU, dropout by counter."""

from __future__ import annotations

import mlx.core as mx
import mlx.nn as nn

from score_mlx import kernels

_glorot = nn.init.glorot_uniform()


def glorot(*shape: int) -> mx.array:
    """Glorot-uniform values, the paper's code's initialisation of weights, biases of linears and attention vectors."""
    return _glorot(mx.zeros(shape))


class Linear(nn.Module):
    """x W^T + b with weight (out, in) and bias (out,) both Glorot-uniform, as in mlx-graphs and the paper's code."""

    def __init__(self, inputs: int, outputs: int, bias: bool = True):
        super().__init__()
        self.weight = glorot(outputs, inputs)
        if bias:
            self.bias = glorot(outputs, 1).flatten()

    def __call__(self, x: mx.array) -> mx.array:
        return linear(x, self.weight, self.get("bias"))


def linear(x: mx.array, weight: mx.array, bias: mx.array | None = None) -> mx.array:
    """x W^T + b: (..., inputs), (outputs, inputs), (outputs,) -> (..., outputs)."""
    if kernels.serve(x):
        return kernels.call("linear", [x, weight, kernels.NONE if bias is None else bias])
    # product and sum apart: the CPU backend's fused form first copies the bias to every row
    y = x @ weight.T
    return y if bias is None else y + bias


def towards(h: mx.array, y: mx.array, dt) -> mx.array:
    """h + dt (y - h), dt a number or a scalar array."""
    if isinstance(dt, float) and kernels.serve(h):
        return kernels.call("relax", [h, y], [dt])
    return h + dt * (y - h)


def head_dots(x: mx.array, vector: mx.array) -> mx.array:
    """Dot product of each head's columns with that head's vector: (n, H), (1, heads, H / heads) -> (n, heads)."""
    if kernels.serve(x):
        return kernels.call("score", [x, vector])
    return (x.reshape(-1, *vector.shape[1:]) * vector).sum(axis=-1)


def on_cpu() -> bool:
    return mx.default_device().type == mx.DeviceType.cpu


# Chains of element-wise operations as one kernel, for arrays of any shape. Inside a gradient's forward pass MLX inlines
# them, so what gains is the backward passes (run after tracing) and whatever depends on no parameter.
def fused(chain):
    return mx.compile(chain, shapeless=True)


def relu(x: mx.array) -> mx.array:
    return leaky(x, 0)


# The gradients of `maximum` and `where` cost 20 times a product on the CPU backend, hence the custom backward passes.
@mx.custom_function
def _relu(x: mx.array) -> mx.array:
    return mx.maximum(x, 0)


# a product with a sign costs half of one with a comparison
_relu_backward = fused(lambda x, cotangent: cotangent * mx.maximum(mx.sign(x), 0))


@_relu.vjp
def _relu_vjp(x, cotangent, _):
    return _relu_backward(x, cotangent)


def _leaky(slope: float):
    @mx.custom_function
    def leaky(x: mx.array) -> mx.array:
        return mx.maximum(x, slope * x)

    backward = fused(lambda x, cotangent: cotangent * mx.maximum(mx.sign(x), slope))

    @leaky.vjp
    def _leaky_vjp(x, cotangent, _):
        return backward(x, cotangent)

    return leaky


_LEAKY = {0.01: _leaky(0.01), 0.2: _leaky(0.2), 0: _relu, 1: lambda x: x}


def leaky(x: mx.array, slope: float) -> mx.array:
    """max(x, slope x), for a slope that some layer uses."""
    return kernels.call("leaky", [x], [slope]) if kernels.serve(x) else _LEAKY[slope](x)


def leaky_relu(x: mx.array) -> mx.array:
    return leaky(x, 0.01)


def _fast(x: mx.array) -> bool:
    """Whether a dozen fast operations beat one slow one: for large single-precision arrays on the CPU."""
    return x.size >= 8192 and x.dtype == mx.float32 and on_cpu()


def _exp(x: mx.array) -> mx.array:
    """exp(x) for x <= 88 (callers subtract a maximum); below -87 it stays at exp(-87) on the CPU.

    The CPU backend takes 19 ns an element for `mx.exp`; 2^n times a polynomial in the fraction takes a quarter, with a
    relative error below 8e-6.
    """
    if not _fast(x):
        return mx.exp(x)
    y = mx.maximum(x * 1.4426950408889634, -125.5)
    shifted = y + 12582912.0  # 1.5 * 2^23: rounds to an integer, which then stands in the lowest bits
    f = y - (shifted - 12582912.0)
    # 2^f for |f| <= 1/2; coefficients of the least largest relative error
    p = 0.999999261 + f * (0.693121815 + f * (0.240247448 + f * (0.0559178603 + f * 0.00957010179)))
    return mx.view(mx.view(p, mx.int32) + (mx.view(shifted, mx.int32) << 23), mx.float32)


def _sigmoid(x: mx.array) -> mx.array:
    return 1 / (1 + _exp(mx.minimum(-x, 87.0))) if _fast(x) else mx.sigmoid(x)


def _tanh(x: mx.array) -> mx.array:
    return 2 * _sigmoid(2 * x) - 1 if _fast(x) else mx.tanh(x)


def elu(x: mx.array) -> mx.array:
    return kernels.call("elu", [x]) if kernels.serve(x) else _elu(x)


@mx.custom_function
def _elu(x: mx.array) -> mx.array:
    return mx.maximum(x, 0) + _exp(mx.minimum(x, 0)) - 1


_elu_backward = fused(lambda cotangent, output: cotangent * (mx.minimum(output, 0) + 1))


@_elu.vjp
def _elu_vjp(x, cotangent, output):
    return _elu_backward(cotangent, output)


@mx.custom_function
def softmax(logits: mx.array) -> mx.array:
    """Softmax over the last axis; a row of equal, very negative logits (all masked) is uniform, never NaN."""
    if not on_cpu():
        return mx.softmax(logits, axis=-1)
    weights = _exp(logits - logits.max(axis=-1, keepdims=True))
    return weights * (1 / weights.sum(axis=-1, keepdims=True))


@softmax.vjp
def _softmax_vjp(logits, cotangent, p):
    weighted = p * cotangent
    return weighted - p * weighted.sum(axis=-1, keepdims=True)


class LayerNorm(nn.LayerNorm):
    """MLX's, compiled where it can be."""

    def __call__(self, x: mx.array) -> mx.array:
        if kernels.serve(x):
            return kernels.call("layer_norm", [x, self.weight, self.bias], [self.eps])
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
        x_gates, x_n = mx.split(x, [2 * width], axis=-1)
        s_gates, s_n = mx.split(s, [2 * width], axis=-1)
        return _gru_gates(x_gates + s_gates, x_n, s_n, h)[0]


@mx.custom_function
def _gru_gates(gates, x_n, s_n, h):
    """Pre-activations of both gates (n, 2 hidden) and of the candidate -> new state, and what its gradient needs."""
    r, z = mx.split(_sigmoid(gates), 2, axis=-1)
    n = _tanh(x_n + r * s_n)
    return n + z * (h - n), r, z, n


@_gru_gates.vjp
def _gru_gates_vjp(primals, cotangents, outputs):
    _, _, s_n, h = primals
    _, r, z, n = outputs
    to_r, to_z, to_x, to_s, to_h = _gru_backward(cotangents[0], s_n, h, r, z, n)
    return mx.concatenate([to_r, to_z], axis=-1), to_x, to_s, to_h


@fused
def _gru_backward(c, s_n, h, r, z, n):
    to_x = c * (1 - z) * (1 - n * n)
    return to_x * s_n * (r * (1 - r)), c * (h - n) * (z * (1 - z)), to_x, to_x * r, c * z


class Noise:
    """Dropout masks as a pure function of (key, call, element): padding or training beside others changes none.

    Library generators draw by position in the padded array, so a mask would depend on how a batch is stored. Here an
    element's identity (which atom, bond or molecule, which column) is hashed with the key.

    Args:
        key: uint32 scalar, another for each training step and replica. None: evaluation, nothing is dropped.
        rate: probability that an element is dropped.
    """

    def __init__(self, key: mx.array | None, rate: float = 0.1):
        self.key, self.rate, self.calls = key, rate, 0

    def __call__(self, x: mx.array, rows: mx.array, axis: int = -1) -> mx.array:
        """Drop elements of x and rescale the rest; `rows`, of x's shape without `axis`, names each row (uint32)."""
        key, (call, threshold, scale) = self.draw()
        if not key.size:
            return x
        if axis == -1 and kernels.serve(x):
            return kernels.call("dropout", [x, rows, key], [call, threshold, scale])
        count = x.shape[axis]
        columns = mx.arange(count, dtype=mx.uint32).reshape(count, *[1] * (x.ndim - 1 - axis % x.ndim))
        identity = mx.expand_dims(rows, axis) * mx.array(count, mx.uint32) + columns
        return x * _mask(identity, key + mx.array(call, mx.uint32), mx.array(threshold, mx.uint32), mx.array(scale))

    def draw(self) -> tuple[mx.array, tuple[int, int, float]]:
        """The key, of size 0 where nothing is dropped, and the next call's number, threshold and scale."""
        if self.key is None or self.rate == 0:
            return kernels.NONE, (0, 0, 1.0)
        self.calls += 1
        return self.key, (0x9E3779B9 * self.calls & 0xFFFFFFFF, int(self.rate * 2**32), 1 / (1 - self.rate))


def _scramble(x: mx.array) -> mx.array:
    """An integer hash, every output bit of which depends on every input bit (xor-shift-multiply, Ellis 2018)."""
    x = (x ^ (x >> 16)) * mx.array(0x7FEB352D, mx.uint32)
    x = (x ^ (x >> 15)) * mx.array(0x846CA68B, mx.uint32)
    return x ^ (x >> 16)


@fused
def _mask(identity: mx.array, salt: mx.array, threshold: mx.array, scale: mx.array) -> mx.array:
    return (_scramble(identity + _scramble(salt)) >= threshold) * scale
