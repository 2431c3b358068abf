"""The families of models, and the spec that a record's path or contents describe."""

from __future__ import annotations

from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, TypeVar

from score_mlx.data.chem.prepared import described
from score_mlx.data.described import DataSet
from score_mlx.models.classical.family import ClassicalFamily
from score_mlx.models.dense.family import DenseFamily
from score_mlx.models.graphs.family import GraphFamily
from score_mlx.models.language.family import LanguageFamily
from score_mlx.runs.family import Family
from score_mlx.runs.records import read_meta, read_part
from score_mlx.runs.run import Run
from score_mlx.runs.schema import Record, RunMeta, RunRecord
from score_mlx.runs.spec import Spec, results_of
from score_mlx.system.errors import UserError, unknown

FAMILIES: dict[str, Family] = {
    family.name: family for family in (GraphFamily(), DenseFamily(), ClassicalFamily(), LanguageFamily())
}
R = TypeVar("R", bound=Run)
FIRST = RunRecord.model_fields["family"].default  # of records from before there were others, which do not say it


def family_of(of: Spec | Record) -> Family:
    """The family of a spec or of a record.

    Raises:
        UserError: there is no such family.
    """
    name = of.FAMILY if isinstance(of, Spec) else of.family
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


def read_record(path: str | Path) -> Record:
    """A record, by its family's type.

    Raises:
        UserError: missing, too large, not JSON, or not as its family's type says.
    """

    def type_of(content: Any) -> type[Record]:
        content = content if isinstance(content, dict) else {}
        name, values = content.get("family", FIRST), content.get("spec")
        family = FAMILIES[name if isinstance(name, str) and name in FAMILIES else FIRST]
        return family.record_of(values if isinstance(values, dict) else {})

    return read_part(Path(path), type_of)


def read_run(path: str | Path, kind: type[R] = Run) -> R:
    """The run of a record and of the run.meta.json beside it.

    Args:
        kind: of run that is expected.

    Raises:
        UserError: one of them is missing or not as its type says, the record's spec cannot be, or another kind of run.
    """
    record = read_record(path)
    if isinstance(record.data, DataSet):
        spec = spec_of(record, path)
        words = described(record.data, results_of(spec, Path(path)) / "data" / spec.dataset)
        record = record.model_copy(update={"dataset": words})
    run = run_of(record, read_meta(path), path)
    if not isinstance(run, kind):
        raise UserError(f"{path}: a record of {run.spec.FAMILY}, expected one of {kind.KIND}")
    return run


def run_of(record: Record, meta: RunMeta, path: str | Path = "run.json") -> Run:
    """The run of a record that has been read."""
    spec = spec_of(record, path)
    return family_of(spec).run.of(spec, record, meta)


def spec_of(record: Record, path: str | Path) -> Spec:
    """The spec that a record holds.

    Raises:
        UserError: it lacks a field, has one too many, or says what cannot be.
    """
    try:
        return spec_from_values(record.family, record.spec)
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
