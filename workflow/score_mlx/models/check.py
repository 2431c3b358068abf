"""Records held against their spec and against each other: whole, consistent, where the spec says, or different how."""

from __future__ import annotations

import json
from pathlib import Path

from score_mlx.models.families import family_of, read_record, run_of, spec_of
from score_mlx.runs.diff import brief, leaves
from score_mlx.runs.records import as_json, read_meta
from score_mlx.runs.run import Run
from score_mlx.runs.schema import Record
from score_mlx.runs.science import SCIENCE
from score_mlx.system.errors import UserError


def check(path: Path, results: Path | None = None) -> Run:
    """The run of a foreign record that is complete, consistent and where its spec says.

    Args:
        results: folder whose prepared data it must have been trained on, where they are there; None asks for none.

    Raises:
        UserError: the first thing that is not so.
    """
    record = read_record(path)
    run = run_of(record, read_meta(path), path)
    place = run.spec.path("").parts
    if path.resolve().parts[-len(place) :] != place:
        raise UserError(f"{path}: its spec belongs to .../{run.spec.path('')}")
    science = SCIENCE[run.spec.FAMILY]
    if record.science != science:
        raise UserError(f"{path}: science {record.science}, expected {science}: the code computes something else now")
    cuts, expected_cuts = as_json(record).get("cuts"), run.spec.cuts()
    if cuts not in (expected_cuts, run.spec.earlier_cuts()):
        raise UserError(f"{path}: cuts {brief(cuts)}, expected {brief(expected_cuts)} from its spec")
    try:
        expected = family_of(record).summary(run.spec, record)
    except UserError as reason:
        raise UserError(f"{path}: {reason}") from None
    for part, found in (("best", record.best), ("last", record.last)):
        if found != expected[part]:
            ours, theirs = brief(as_json(found)), brief(as_json(expected[part]))
            raise UserError(f"{path}: {part} is {ours}, expected {theirs} from its curves")
    if results is not None:
        _check_data(path, record, results)
    return run


def differences(a: Path, b: Path) -> list[str]:
    """Each field that differs between two records, then what that did to each fold; [] for the same run.

    Raises:
        UserError: one of them is missing or no record.
    """
    ours, theirs = (read_record(path) for path in (a, b))
    # with the default of a field that came later, which older records lack
    ours, theirs = (
        record.model_copy(update={"spec": spec_of(record, path).as_dict()}) for record, path in ((ours, a), (theirs, b))
    )
    one_kind = type(ours) is type(theirs)
    return family_of(ours).diff(ours, theirs) if one_kind else leaves(as_json(ours), as_json(theirs))


def _check_data(path: Path, record: Record, results: Path) -> None:
    """Trained on the molecules or the text prepared here under that name, if any are."""
    part, folder = family_of(record).data
    local = results / folder / record.data.name / f"{part}.json"
    if local.exists():
        try:
            ours, theirs = json.loads(local.read_text(encoding="utf-8"))["sha256"], record.data.sha256
        except (OSError, ValueError, KeyError, TypeError) as reason:
            raise UserError(f"{local}: cannot read its sha256 ({reason!r})") from None
        if ours != theirs:
            raise UserError(f"{path}: {part} sha256 {theirs}, expected {ours} as in {local}")
