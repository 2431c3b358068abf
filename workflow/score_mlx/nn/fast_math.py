"""exp, sigmoid, tanh and softmax that are quick on the CPU, and chains of operations as one kernel."""

# pyright: reportUnknownMemberType=false
# MLX's stubs leave arguments of some methods untyped.
from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

import mlx.core as mx

P = ParamSpec("P")
R = TypeVar("R")


def on_cpu() -> bool:
    """Whether MLX's default device is the CPU."""
    return mx.default_device().type == mx.DeviceType.cpu


def fused(chain: Callable[P, R]) -> Callable[P, R]:
    """A chain of element-wise operations as one kernel, for arrays of any shape.

    Inside a gradient's forward pass MLX inlines it, so what gains is the backward passes (run after tracing) and
    whatever depends on no parameter.
    """
    return mx.compile(chain, shapeless=True)


def with_gradient(backward: Callable[..., Any]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorates a function of arrays that has a gradient of its own.

    Args:
        backward: (arguments, cotangents of the results, results) -> cotangents of the arguments, of their shapes; each
            of the three a tuple, or an array where there is only one.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        custom = mx.custom_function(function)
        custom.vjp(backward)
        return cast(Callable[P, R], custom)  # MLX says of its result only that it is an object

    return decorate


def _fast(x: mx.array) -> bool:
    """Whether a dozen fast operations beat one slow one: for large single-precision arrays on the CPU."""
    return x.size >= 8192 and x.dtype == mx.float32 and on_cpu()


def exp(x: mx.array) -> mx.array:
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


def sigmoid(x: mx.array) -> mx.array:
    """1 / (1 + exp(-x)), by `exp`."""
    return 1 / (1 + exp(mx.minimum(-x, 87.0))) if _fast(x) else mx.sigmoid(x)


def tanh(x: mx.array) -> mx.array:
    """tanh(x), by `sigmoid`."""
    return 2 * sigmoid(2 * x) - 1 if _fast(x) else mx.tanh(x)


def _softmax_backward(logits: mx.array, cotangent: mx.array, p: mx.array) -> mx.array:
    weighted = p * cotangent
    return weighted - p * weighted.sum(axis=-1, keepdims=True)


@with_gradient(_softmax_backward)
def softmax(logits: mx.array) -> mx.array:
    """Softmax over the last axis; a row of equal, very negative logits (all masked) is uniform, never NaN."""
    if not on_cpu():
        return mx.softmax(logits, axis=-1)
    weights = exp(logits - logits.max(axis=-1, keepdims=True))
    return weights * (1 / weights.sum(axis=-1, keepdims=True))
