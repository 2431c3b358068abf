"""Numbers as people write them: what is plain is read, what has two readings is refused with both."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from score_mlx.system.errors import UserError, shortened

LARGEST = 1e100  # of targets; errors are squared, and a square has to be a number too
NO_TARGET = "no target"  # what is wrong with a missing value
MISSING = {"", "na", "n/a", "nan", "null", "none"}
CLASSES = {"true", "false", "yes", "no", "active", "inactive", "positive", "negative", "pos", "neg"}  # as often written
_COMMA = re.compile(r"[+-]?\d+,\d+(?:[eE][+-]?\d+)?")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+")
_NUMBER = r"[+-]?(?:\d+[.,]?\d*|[.,]\d+)(?:[eE][+-]?\d+)?"


def decimal_comma(texts: Sequence[tuple[int, str]], source: str | Path, say: Callable[[str], None]) -> bool:
    """Whether a column's numbers have a decimal comma; says so.

    Args:
        texts: (line, cell) pairs.

    Raises:
        UserError: it may be a separator of thousands, or other numbers of the column have a point.
    """
    commas = [(line, text) for line, text in texts if _COMMA.fullmatch(text) or _THOUSANDS.fullmatch(text)]
    if not commas:
        return False
    line, text = commas[0]
    point = next(((at, other) for at, other in texts if re.fullmatch(r"[+-]?\d*\.\d+(?:[eE][+-]?\d+)?", other)), None)
    if point:
        raise UserError(
            f"{source}: line {line} has '{text}' and line {point[0]} '{point[1]}': a decimal comma or a decimal point? "
            "expected one of them in a column"
        )
    if all(_THOUSANDS.fullmatch(other) for _, other in commas):
        decimal, whole = text.replace(",", "."), text.replace(",", "")
        raise UserError(f"{source}: line {line}: '{text}' may be {decimal} or {whole}: expected numbers with a point")
    say(f"{source}: numbers are read with a decimal comma: '{text}' as {text.replace(',', '.')}")
    return True


def number(text: str, comma: bool = False) -> tuple[float, str]:
    """The value and "", or NaN and what is wrong with it, and what to do."""
    if text.casefold() in MISSING:
        return math.nan, NO_TARGET
    try:
        # Python reads 1_000 as a number, nobody else does
        value = math.nan if "_" in text else float(text.replace(",", ".", 1) if comma else text)
    except ValueError:
        return math.nan, _why(text)
    if math.isinf(value):
        return value, f"target '{shortened(text)}' is not finite"
    if math.isnan(value):
        return value, f"target '{shortened(text)}' is not a number"
    if value and not 1 / LARGEST <= abs(value) <= LARGEST:
        return value, f"target '{shortened(text)}' is out of range, expected a size of {1 / LARGEST:g} to {LARGEST:g}"
    return value, ""


def _why(text: str) -> str:
    shown = f"target '{shortened(text)}'"
    if text.casefold() in CLASSES:
        return f"{shown} is the name of a class: expected 1 or 0 (and task: classification)"
    if re.match(r"[<>=~≤≥≈]", text):
        return f"{shown} has a qualifier: a bound is no value, give one or leave the row out"
    if re.fullmatch(rf"{_NUMBER}\s*%", text):
        return f"{shown} has a percent sign: expected the number alone, target_unit says '%'"
    if re.fullmatch(rf"{_NUMBER}\s*[^\W\d_].*", text):
        return f"{shown} has a unit: expected the number alone, target_unit names the unit"
    return f"{shown} is not a number"
