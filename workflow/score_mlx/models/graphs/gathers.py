"""Atoms and bonds moved between rows, the padded layout and pairs, each by a gather in both directions.

The transpose of a gather is a scatter, which the CPU backend does slowly. Both directions are known here, so each
function's gradient is the opposite gather. `slots`, `occupied`, `place`, `real`, `pair_bond` and `bond_pair` are arrays
of a `Batch`; A atoms, M directed bonds, B molecules, n atoms in the largest.
"""

from __future__ import annotations

import mlx.core as mx

from score_mlx.nn.fast_math import with_gradient

Arrays = tuple[mx.array, ...]


def _lay_out_backward(primals: Arrays, cotangent: mx.array, _: mx.array) -> Arrays:
    _h, slots, occupied, place, real = primals
    rows = (cotangent * occupied[..., None]).reshape(-1, cotangent.shape[-1])
    return (rows[place] * real[:, None], *no_gradient(slots, occupied, place, real))


@with_gradient(_lay_out_backward)
def lay_out(h: mx.array, slots: mx.array, occupied: mx.array, place: mx.array, real: mx.array) -> mx.array:
    """Rows h (A, H) at their places (B, n, H); zeros where no atom is."""
    return h[slots] * occupied[..., None]


def _flatten_backward(primals: Arrays, cotangent: mx.array, _: mx.array) -> Arrays:
    _padded, slots, occupied, place, real = primals
    return ((cotangent * real[:, None])[slots] * occupied[..., None], *no_gradient(slots, occupied, place, real))


@with_gradient(_flatten_backward)
def flatten(padded: mx.array, slots: mx.array, occupied: mx.array, place: mx.array, real: mx.array) -> mx.array:
    """The rows (A, H) of a padded layout (B, n, H); zeros for an atom that is padding."""
    return padded.reshape(-1, padded.shape[-1])[place] * real[:, None]


def _split_heads_backward(primals: Arrays, cotangent: mx.array, _: mx.array) -> Arrays:
    h, _rows, places, _occupied, real = primals
    gradient = cotangent.reshape(-1, cotangent.shape[-1])[places].reshape(h.shape) * real[:, None]
    return (gradient, *no_gradient(*primals[1:]))


@with_gradient(_split_heads_backward)
def split_heads(h: mx.array, rows: mx.array, places: mx.array, occupied: mx.array, real: mx.array) -> mx.array:
    """Rows h (A, H) by molecule and head: (B, heads, n, H / heads)."""
    return h.reshape(-1, h.shape[-1] // rows.shape[1])[rows]


def _join_heads_backward(primals: Arrays, cotangent: mx.array, _: mx.array) -> Arrays:
    x, rows, _places, occupied, real = primals
    gradient = (cotangent * real[:, None]).reshape(-1, x.shape[-1])[rows] * occupied[:, None, :, None]
    return (gradient, *no_gradient(*primals[1:]))


@with_gradient(_join_heads_backward)
def join_heads(x: mx.array, rows: mx.array, places: mx.array, occupied: mx.array, real: mx.array) -> mx.array:
    """The rows (A, heads width) of a layout by head x (B, heads, n, width); zeros for an atom that is padding."""
    return x.reshape(-1, x.shape[-1])[places].reshape(len(places), -1) * real[:, None]


def _to_pairs_backward(primals: Arrays, cotangent: mx.array, _: mx.array) -> Arrays:
    return (from_pairs(cotangent, *primals[1:]), *no_gradient(*primals[1:]))


@with_gradient(_to_pairs_backward)
def to_pairs(x: mx.array, pair_bond: mx.array, bond_pair: mx.array, true: mx.array) -> mx.array:
    """Rows x (M, heads) of bonds at their pairs of atoms (B, heads, n, n); zeros between atoms without a bond."""
    padded = mx.concatenate([x * true[:, None], mx.zeros((1, x.shape[1]), x.dtype)])
    return padded[pair_bond].transpose(0, 3, 1, 2)


def _from_pairs_backward(primals: Arrays, cotangent: mx.array, _: mx.array) -> Arrays:
    return (to_pairs(cotangent, *primals[1:]), *no_gradient(*primals[1:]))


@with_gradient(_from_pairs_backward)
def from_pairs(pairs: mx.array, pair_bond: mx.array, bond_pair: mx.array, true: mx.array) -> mx.array:
    """The rows (M, heads) of bonds from pairs of atoms (B, heads, n, n); zeros for a bond that is padding."""
    return pairs.transpose(0, 2, 3, 1).reshape(-1, pairs.shape[1])[bond_pair] * true[:, None]


def no_gradient(*indices: mx.array) -> tuple[mx.array, ...]:
    """Zeros for the arguments of a custom function that are not differentiated."""
    return tuple(mx.zeros_like(index) for index in indices)
