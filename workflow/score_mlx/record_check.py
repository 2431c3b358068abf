"""Whether a run record that comes from elsewhere can be believed: whole, consistent, where its spec says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from score_mlx.errors import UserError
from score_mlx.families import spec_of
from score_mlx.records import read_meta, read_record, summarise, summarise_losses
from score_mlx.science import SCIENCE
from score_mlx.spec import Spec


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
    expected = _expected_losses(path, record) if spec.FAMILY == "language" else _expected_rmse(path, record, spec)
    for part, value in expected.items():
        if record[part] != value:
            raise UserError(f"{path}: {part} is {brief(record[part])}, expected {brief(value)} from its curves")
    if results is not None:
        _check_data(path, record, results)
    return spec


def _expected_rmse(path: Path, record: dict[str, Any], spec: Spec) -> dict[str, Any]:
    for place, curve in enumerate(record["folds"]):
        for name in ("train_loss", "rmse"):
            if len(curve[name]) != spec.epochs:
                raise UserError(f"{path}: folds.{place}.{name} has {len(curve[name])} values, expected {spec.epochs}")
    return summarise(record["folds"])


def _expected_losses(path: Path, record: dict[str, Any]) -> dict[str, Any]:
    if not record["evaluations"]:
        raise UserError(f"{path}: evaluations is empty, expected at least one")
    return summarise_losses(record["evaluations"])


def _check_data(path: Path, record: dict[str, Any], results: Path) -> None:
    """Trained on the molecules or the text prepared here under that name, if any are."""
    part = "corpus" if "corpus" in record else "dataset"
    folder = {"corpus": "corpora", "dataset": "data"}[part]
    local = results / folder / record[part]["name"] / f"{part}.json"
    if local.exists():
        ours, theirs = json.loads(local.read_text(encoding="utf-8"))["sha256"], record[part]["sha256"]
        if ours != theirs:
            raise UserError(f"{path}: {part} sha256 {theirs}, expected {ours} as in {local}")


def brief(value: Any) -> str:
    """A value of a record for a message, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:77] + "..."
