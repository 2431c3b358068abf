"""Numbers for people: as many digits as say something, whatever the size of what is measured."""

from __future__ import annotations

import math

PLAIN = (0.01, 1000)  # sizes that read well with three decimals, as the paper prints errors


def digits(value: float, scale: float | None = None, sign: str = "") -> str:
    """Three decimals, or three significant digits where `scale` is far from 1.

    Args:
        scale: size of what stands beside it, as the mean beside a deviation; by default `value`.
        sign: "+" shows it always.
    """
    size = abs(value if scale is None else scale)
    if not size or not math.isfinite(size) or PLAIN[0] <= size < PLAIN[1]:
        return f"{value:{sign}.3f}"
    if 0.001 <= size < PLAIN[0]:
        return f"{value:{sign}.5f}"
    return f"{value:{sign}.3g}"
