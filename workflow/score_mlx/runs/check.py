"""Records held against their spec and against each other: whole, consistent, where the spec says, or different how."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from score_mlx.models.families import family_of, spec_of
from score_mlx.runs.diff import brief, leaves
from score_mlx.runs.records import read_meta, read_record
from score_mlx.runs.science import SCIENCE
from score_mlx.runs.spec import Spec
from score_mlx.system.errors import UserError


def check(path: Path, results: Path | None = None) -> Spec:
    """The spec of a foreign record that is complete, consistent and where its spec says.

    Args:
        results: folder whose prepared data it must have been trained on, where they are there; None asks for none.

    Raises:
        UserError: the first thing that is not so.
    """
    record = read_record(path)
    read_meta(path)
    spec = spec_of(record, path)
    place = spec.path("").parts
    if path.resolve().parts[-len(place) :] != place:
        raise UserError(f"{path}: its spec belongs to .../{spec.path('')}")
    science = SCIENCE[spec.FAMILY]
    if record["science"] != science:
        raise UserError(
            f"{path}: science {record['science']}, expected {science}: the code has changed what it computes"
        )
    if record["cuts"] != spec.cuts():
        raise UserError(f"{path}: cuts {brief(record['cuts'])}, expected {brief(spec.cuts())} from its spec")
    try:
        expected = family_of(spec).summary(spec, record)
    except UserError as reason:
        raise UserError(f"{path}: {reason}") from None
    for part, value in expected.items():
        if record[part] != value:
            raise UserError(f"{path}: {part} is {brief(record[part])}, expected {brief(value)} from its curves")
    if results is not None:
        _check_data(path, record, results)
    return spec


def differences(a: Path, b: Path) -> list[str]:
    """Each field that differs between two records, then what that did to each fold; [] for the same run.

    Raises:
        UserError: one of them is missing or no record.
    """
    ours, theirs = read_record(a), read_record(b)
    family, other = family_of(ours), family_of(theirs)
    return family.diff(ours, theirs) if family.record is other.record else leaves(ours, theirs)


def _check_data(path: Path, record: Mapping[str, Any], results: Path) -> None:
    """Trained on the molecules or the text prepared here under that name, if any are."""
    part, folder = family_of(record).data
    local = results / folder / record[part]["name"] / f"{part}.json"
    if local.exists():
        try:
            ours, theirs = json.loads(local.read_text(encoding="utf-8"))["sha256"], record[part]["sha256"]
        except (OSError, ValueError, KeyError, TypeError) as reason:
            raise UserError(f"{local}: cannot read its sha256 ({reason!r})") from None
        if ours != theirs:
            raise UserError(f"{path}: {part} sha256 {theirs}, expected {ours} as in {local}")
