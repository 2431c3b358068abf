"""A run record and its meta file, reduced to what tables and figures show of it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from score_mlx.errors import UserError
from score_mlx.records import read_meta, read_record
from score_mlx.spec import GraphSpec

# A run that differs from the paper's in one of these was made by another protocol, whatever its record's cuts say.
PROTOCOL = ("steps", "integrator", "learn_dt", "hidden", "heads", "epochs", "batch_size", "learning_rate", "split")


@dataclass(frozen=True)
class Run:
    """One model of a table or a figure.

    Attributes:
        spec: what was trained.
        best, last: RMSE a fold, at the best and after the last epoch, in the target's unit; NaN where it diverged.
        dataset: the record's description of its data: name, label, stand_in, rows, checksums.
        cuts: settings below the paper's, as `epochs 2/150`; "" for none.
        parameters: numbers trained, of one fold's model.
        meta: run.meta.json: seconds, device, versions, commit, preset.
    """

    spec: GraphSpec
    best: tuple[float, ...]
    last: tuple[float, ...]
    dataset: dict[str, Any]
    cuts: str
    parameters: int
    meta: dict[str, Any] = field(default_factory=dict)

    @property
    def model(self) -> str:
        return self.spec.model

    @property
    def diverged(self) -> int:
        """Folds that never had a finite RMSE."""
        return sum(map(math.isnan, self.best))

    def incomparable(self) -> str:
        """Why this run says nothing about the paper's number; "" where it does."""
        if self.dataset["name"] != "esol":
            return f"dataset {self.dataset['name']}"
        if self.cuts:
            return self.cuts
        given = {f: getattr(self.spec, f) for f in PROTOCOL}
        return ", ".join(f"{f} {value}" for f, value in given.items() if value != getattr(GraphSpec, f))


def load(path: str | Path) -> Run:
    """The run whose record is `path`.

    Raises:
        UserError: the record is missing, unreadable or not of this schema.
    """
    record = read_record(path)
    spec_of(record, path)
    return from_json(record, read_meta(path))


def spec_of(record: dict[str, Any], path: str | Path) -> GraphSpec:
    """The spec that a record holds.

    Raises:
        UserError: it lacks a field, has one too many, or says what cannot be.
    """
    try:
        return GraphSpec(**record["spec"])
    except (TypeError, UserError) as reason:
        raise UserError(f"{path}: spec: {str(reason).removeprefix('GraphSpec.__init__() ')}") from None


def from_json(record: dict[str, Any], meta: dict[str, Any]) -> Run:
    """A run from what run.json and run.meta.json hold."""
    return Run(
        spec=GraphSpec(**record["spec"]),
        best=_numbers(record["best"]["rmse"]),
        last=_numbers(record["last"]["rmse"]),
        dataset=record["dataset"],
        cuts=", ".join(f"{cut['setting']} {cut['ours']}/{cut['paper']}" for cut in record["cuts"]),
        parameters=record["parameters"],
        meta=meta,
    )


def require_one_dataset(runs: Iterable[Run]) -> None:
    """Runs stand side by side only where they saw the same molecules in the same folds.

    Raises:
        UserError: two runs differ in data or folds.
    """
    runs = list(runs)
    for run in runs[1:]:
        for key in ("name", "sha256", "folds_sha256"):
            ours, theirs = run.dataset.get(key), runs[0].dataset.get(key)
            if ours != theirs:
                raise UserError(
                    f"{run.spec.path('')}: dataset {key} is {ours}, expected {theirs} as in {runs[0].spec.path('')}: "
                    "these records cannot stand in one table"
                )


def provenance(runs: Iterable[Run]) -> str:
    """One line for captions: data, preset, cuts, seed, device; every value that occurs."""
    runs = list(runs)
    named = {
        "preset": [run.meta.get("preset") for run in runs],
        "cuts": [run.cuts or "none" for run in runs],
        "seed": [run.spec.seed for run in runs],
        "device": [run.meta.get("device") for run in runs],
    }
    first = runs[0].dataset
    parts = [f"{first['label']}, {first['rows']} molecules, {len(runs[0].best)} folds"]
    parts += [f"{name} {' / '.join(_distinct(values))}" for name, values in named.items() if any(_distinct(values))]
    return "; ".join(parts)


def _distinct(values: Iterable[Any]) -> list[str]:
    return list(dict.fromkeys(str(value) for value in values if value not in (None, "")))


def _numbers(values: Iterable[float | None]) -> tuple[float, ...]:
    return tuple(math.nan if value is None else float(value) for value in values)
