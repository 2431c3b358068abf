"""Rows of a table by index, with a gradient that adds up in one order on every device.

The gradient of a lookup adds the cotangents of all places that read a row. MLX does so by a scatter, on a GPU with
atomic additions, whose order and so whose rounding changes from run to run. Here a small table's gradient is a product
with one-hot rows; a large one's is a sum over sorted places, in pairs, of which every row receives one number. On the
CPU MLX's scatter has one order and stays.
"""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# MLX has no stubs of mlx.nn, and leaves arguments of some methods untyped.
from __future__ import annotations

import mlx.core as mx
import mlx.nn as nn

from score_mlx.nn.fast_math import on_cpu, with_gradient

SMALL = 1024  # rows up to which the product with one-hot rows is the cheaper


class Embedding(nn.Embedding):
    """`mlx.nn.Embedding`, whose rows are looked up by `lookup`."""

    def __call__(self, x: mx.array) -> mx.array:
        """Indices of any shape -> (..., C)."""
        return lookup(self.weight, x)


def lookup(table: mx.array, rows: mx.array) -> mx.array:
    """table (V, C), rows (...) of integers in 0..V-1 -> (..., C)."""
    return table[rows] if on_cpu() else _lookup(table, rows)


def _backward(primals: tuple[mx.array, mx.array], cotangent: mx.array, _output: mx.array) -> tuple[mx.array, mx.array]:
    table, rows = primals
    return gradient(cotangent, rows, len(table)), mx.zeros_like(rows)


@with_gradient(_backward)
def _lookup(table: mx.array, rows: mx.array) -> mx.array:
    return table[rows]


def gradient(cotangent: mx.array, rows: mx.array, count: int) -> mx.array:
    """The sum of the cotangents (..., C) of each of `count` rows: (count, C)."""
    values, rows = cotangent.reshape(-1, cotangent.shape[-1]), rows.reshape(-1).astype(mx.int32)
    if count <= SMALL:
        return (mx.arange(count)[:, None] == rows[None]).astype(values.dtype) @ values
    return _sorted_sums(values, rows, count)


def _sorted_sums(values: mx.array, rows: mx.array, count: int) -> mx.array:
    places = mx.arange(len(rows))
    key = mx.int64 if count * len(rows) >= 2**31 else mx.int32
    order = mx.argsort(rows.astype(key) * len(rows) + places.astype(key))  # no two keys are equal, so one order
    rows, values = rows[order], values[order]
    span = 1
    while span < len(rows):  # each place gains the sum of as many places before it, as far as they are of its row
        same = mx.concatenate([mx.zeros((span,), mx.bool_), rows[span:] == rows[:-span]])
        before = mx.concatenate([mx.zeros_like(values[:span]), values[:-span]])
        values = values + mx.where(same[:, None], before, 0)
        span *= 2
    last = mx.concatenate([rows[1:] != rows[:-1], mx.ones((1,), mx.bool_)])
    # One place of each row adds its sum, all others add 0 to a row that is then cut off: no order can matter.
    sums = mx.zeros((count + 1, values.shape[-1]), values.dtype)
    return sums.at[mx.where(last, rows, count)].add(mx.where(last[:, None], values, 0))[:count]
