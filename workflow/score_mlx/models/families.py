"""The families of models, and the spec that a record's path or contents describe."""

from __future__ import annotations

from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from score_mlx.models.classical.family import ClassicalFamily
from score_mlx.models.dense.family import DenseFamily
from score_mlx.models.graphs.family import GraphFamily
from score_mlx.models.language.family import LanguageFamily
from score_mlx.runs.family import Family
from score_mlx.runs.spec import Spec
from score_mlx.system.errors import UserError, unknown

FAMILIES: dict[str, Family] = {
    family.name: family for family in (GraphFamily(), DenseFamily(), ClassicalFamily(), LanguageFamily())
}
FIRST = "graphs"  # the family of records from before there were others, which do not say it


def family_of(of: Spec | dict[str, Any]) -> Family:
    """The family of a spec, or of what a run.json holds.

    Raises:
        UserError: there is no such family.
    """
    name = of.FAMILY if isinstance(of, Spec) else of.get("family", FIRST)
    if name not in FAMILIES:
        raise UserError(unknown("family", name, FAMILIES))
    return FAMILIES[name]


def inputs_of(spec: Spec, results: str | Path = "results") -> dict[str, Path]:
    """The prepared files that a run reads, by name; the DAG and the command line both ask here."""
    return family_of(spec).inputs(spec, Path(results))


def spec_from_path(path: str | Path) -> Spec:
    """The spec that a record's path describes, of whichever family.

    Raises:
        UserError: the path is no family's.
    """
    parts = Path(path).parts
    for name, family in FAMILIES.items():
        place = -3 - len(family.spec.NAMED)
        if len(parts) >= -place and parts[place] == name:
            return family.spec.from_path(path)
    raise UserError(f"{path}: expected {' or '.join(family.spec.pattern() for family in FAMILIES.values())}")


def spec_of(record: dict[str, Any], path: str | Path) -> Spec:
    """The spec that a record holds.

    Raises:
        UserError: it lacks a field, has one too many, or says what cannot be.
    """
    try:
        return spec_from_values(record.get("family", FIRST), record["spec"])
    except UserError as reason:
        raise UserError(f"{path}: spec: {reason}") from None


def spec_from_values(family: str, values: dict[str, Any]) -> Spec:
    """The spec of a family with these fields.

    Raises:
        UserError: no such family, a field too few or too many, or a value that cannot be.
    """
    if family not in FAMILIES:
        raise UserError(unknown("family", family, FAMILIES))
    base = FAMILIES[family].spec
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
