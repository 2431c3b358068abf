"""Dropout whose masks depend on which element it is, not on how a batch is stored."""

# pyright: reportUnknownMemberType=false
# MLX's stubs leave arguments of some methods untyped.
from __future__ import annotations

import mlx.core as mx

from score_mlx import kernels
from score_mlx.nn.fast_math import fused
from score_mlx.nn.shapes import fit


class Noise:
    """Dropout masks as a pure function of (key, call, element): padding or training beside others changes none.

    Library generators draw by position in the padded array, so a mask would depend on how a batch is stored. Here an
    element's identity (which atom, bond or molecule, which column) is hashed with the key.

    Args:
        key: uint32 scalar, another for each training step and replica. None: evaluation, nothing is dropped.
        rate: probability that an element is dropped.
        first: number of the first sample, where a batch comes in pieces.
    """

    def __init__(self, key: mx.array | None, rate: float = 0.1, first: int = 0):
        self.key, self.rate, self.first, self.calls = key, rate, first, 0

    def __call__(self, x: mx.array, rows: mx.array, axis: int = -1) -> mx.array:
        """Drop elements of x and rescale the rest; `rows`, of x's shape without `axis`, names each row (uint32)."""
        key, (call, threshold, scale) = self.draw()
        if not key.size:
            return x
        if axis == -1 and kernels.serve(x):
            return kernels.call("dropout", [x, rows, key], [call, threshold, scale])
        count = x.shape[axis]
        fit("dropout", rows, [size for n, size in enumerate(x.shape) if n != axis % x.ndim], "rows")
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
