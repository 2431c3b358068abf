"""The families of models, and the spec that a record's path or contents describe."""

from __future__ import annotations

from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from score_mlx.classical.spec import ClassicalSpec
from score_mlx.dense.spec import DenseSpec
from score_mlx.errors import UserError
from score_mlx.graphs.spec import GraphSpec
from score_mlx.language.spec import LanguageSpec
from score_mlx.spec import Spec, unknown

FAMILIES: dict[str, type[Spec]] = {
    family.FAMILY: family for family in (GraphSpec, DenseSpec, ClassicalSpec, LanguageSpec)
}


def spec_from_path(path: str | Path) -> Spec:
    """The spec that a record's path describes, of whichever family.

    Raises:
        UserError: the path is no family's.
    """
    parts = Path(path).parts
    for family in FAMILIES.values():
        place = -3 - len(family.NAMED)
        if len(parts) >= -place and parts[place] == family.FAMILY:
            return family.from_path(path)
    raise UserError(f"{path}: expected {' or '.join(family.pattern() for family in FAMILIES.values())}")


def spec_of(record: dict[str, Any], path: str | Path) -> Spec:
    """The spec that a record holds.

    Raises:
        UserError: it lacks a field, has one too many, or says what cannot be.
    """
    try:
        return spec_from_values(record.get("family", "graphs"), record["spec"])
    except UserError as reason:
        raise UserError(f"{path}: spec: {reason}") from None


def spec_from_values(family: str, values: dict[str, Any]) -> Spec:
    """The spec of a family with these fields.

    Raises:
        UserError: no such family, a field too few or too many, or a value that cannot be.
    """
    if family not in FAMILIES:
        raise UserError(unknown("family", family, FAMILIES))
    base = FAMILIES[family]
    kind = base.variant(*(str(values.get(name)) for name in base.NAMED))
    for field in fields(kind):
        expected = type(field.default) if field.default is not MISSING else str
        fits = (int, float) if expected is float else expected
        value = values.get(field.name, field.default)
        if field.name in values and (not isinstance(value, fits) or isinstance(value, bool) is not (expected is bool)):
            raise UserError(f"{field.name} = {value!r}: expected {expected.__name__}")
    try:
        return kind(**values)
    except TypeError as reason:
        raise UserError(str(reason).removeprefix(f"{kind.__name__}.__init__() ")) from None
