"""Checks, as in the kernels, of shapes that MLX's own operations would broadcast, regroup or read out of bounds."""

from __future__ import annotations

from collections.abc import Sequence

import mlx.core as mx


def fit(what: str, array: mx.array, expected: Sequence[int | None], name: str) -> None:
    """Check the sizes of an array's last axes.

    Args:
        what: the operation, for the message.
        expected: sizes of the last axes, None for any; leading axes are free.

    Raises:
        ValueError: too few axes or another size.
    """
    found = array.shape[-len(expected) :] if len(expected) else ()
    if len(found) < len(expected) or any(e not in (None, f) for e, f in zip(expected, found, strict=True)):
        wanted = ", ".join("any" if size is None else str(size) for size in expected)
        raise ValueError(f"{what}: {name} has the shape {tuple(array.shape)}, expected (..., {wanted})")
