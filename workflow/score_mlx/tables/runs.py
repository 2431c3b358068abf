"""A run record and its meta file, reduced to what tables and figures show of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from score_mlx.models.families import spec_from_values, spec_of
from score_mlx.runs.records import read_meta, read_record
from score_mlx.runs.spec import Spec
from score_mlx.system.errors import UserError

# Whose RMSE counts, and how tables call it.
EPOCHS = {
    "best": "best epoch",  # of each test fold, as the paper selects it
    "last": "last epoch",
    "held_out": "epoch chosen on the other folds",
}


@dataclass(frozen=True)
class Run:
    """One model of a table or a figure.

    Attributes:
        spec: what was trained.
        best, last: RMSE a fold, at the best and after the last epoch, in the target's unit; NaN where it diverged.
        dataset: the record's description of its data: name, label, stand_in, rows, checksums.
        cuts: settings below the paper's, as `epochs 2/150`; "" for none.
        parameters: numbers trained, of one fold's model, None for trees and kernels.
        curves: RMSE after each epoch of each fold.
        learned_dt: step sizes of each fold after the last epoch, () where they are fixed.
        mad: mean average distance of the last atom states of each fold, () where the record has none.
        meta: run.meta.json: seconds, device, versions, commit, preset.
    """

    spec: Spec
    best: tuple[float, ...]
    last: tuple[float, ...]
    dataset: dict[str, Any]
    cuts: str
    parameters: int | None
    curves: tuple[tuple[float, ...], ...] = ()
    learned_dt: tuple[tuple[float, ...], ...] = ()
    mad: tuple[float, ...] = ()
    meta: dict[str, Any] = field(default_factory=dict)

    @property
    def model(self) -> str:
        return self.spec.model

    @property
    def has_epochs(self) -> bool:
        """Whether best and last epoch can differ; trees and kernels are fitted once."""
        return self.spec.FAMILY != "classical"

    def rmse(self, epoch: str) -> tuple[float, ...]:
        """RMSE of each fold at one of `EPOCHS`."""
        return {"best": self.best, "last": self.last}[epoch] if epoch != "held_out" else self.held_out

    @cached_property
    def held_out(self) -> tuple[float, ...]:
        """RMSE of each fold at the epoch of the lowest mean RMSE over the other folds, which that fold did not choose.

        NaN where a fold diverged at any epoch, since no epoch can be chosen then.
        """
        curves = np.array(self.curves, float)
        if curves.ndim != 2 or len(curves) < 2 or not np.isfinite(curves).all():
            return (math.nan,) * len(self.best)
        others = (curves.sum(axis=0) - curves) / (len(curves) - 1)
        return tuple(float(curve[epoch]) for curve, epoch in zip(curves, others.argmin(axis=1), strict=True))

    @property
    def diverged(self) -> int:
        """Folds that never had a finite RMSE."""
        return sum(map(math.isnan, self.best))

    def incomparable(self, but: tuple[str, ...] = ()) -> str:
        """Why this run says nothing about the paper's number; "" where it does.

        Args:
            but: fields that the table varies, as the paper does.
        """
        if self.dataset["name"] != "esol":
            return f"dataset {self.dataset['name']}"
        if self.cuts:
            return self.cuts
        return ", ".join(self.spec.departures(but)) or imprecise(self.meta)


def imprecise(meta: Mapping[str, Any]) -> str:
    """Why a run's arithmetic is not the paper's, single precision; "" where it is."""
    return "float32 products in TF32" if meta.get("runtime", {}).get("precision") == "tf32" else ""


Pair = tuple[Run, Run]


def load(path: str | Path) -> Run:
    """The run whose record is `path`.

    Raises:
        UserError: the record is missing, unreadable or not of this schema.
    """
    record = read_record(path)
    spec_of(record, path)
    return from_json(record, read_meta(path))


def from_json(record: dict[str, Any], meta: dict[str, Any]) -> Run:
    """A run from what run.json and run.meta.json hold."""
    return Run(
        spec=spec_from_values(record.get("family", "graphs"), record["spec"]),
        best=_numbers(record["best"]["rmse"]),
        last=_numbers(record["last"]["rmse"]),
        dataset=record["dataset"],
        cuts=show_cuts(record["cuts"]),
        parameters=record["parameters"],
        curves=tuple(_numbers(fold["rmse"]) for fold in record["folds"]),
        learned_dt=tuple(_numbers(fold["learned_dt"]) for fold in record["folds"] if fold.get("learned_dt")),
        mad=_numbers(fold["mad"] for fold in record["folds"] if "mad" in fold),
        meta=meta,
    )


def show_cuts(cuts: Iterable[dict[str, Any]]) -> str:
    """`epochs 2/150`; "" for none."""
    return ", ".join(f"{cut['setting']} {cut['ours']}/{cut['paper']}" for cut in cuts)


def mean_std(values: Iterable[float]) -> tuple[float, float] | tuple[None, None]:
    """Mean and population standard deviation over folds; None for both where a fold diverged."""
    values = list(values)
    mean, std = float(np.mean(values)), float(np.std(values))
    return (mean, std) if math.isfinite(mean) else (None, None)


def show_versions(versions: dict[str, str]) -> str:
    """`mlx=0.32.4 numpy=2.4.6`, by name."""
    return " ".join(f"{name}={value}" for name, value in sorted(versions.items()))


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


def paired(runs: Iterable[Run], by: Callable[[Run], str], second: Callable[[Run], bool], both: str) -> list[Pair]:
    """Runs that belong together, in the order in which a pair's first one comes.

    Args:
        runs: of both kinds.
        by: the same for the two runs of a pair; names it in messages.
        second: whether a run is the pair's second.
        both: what a pair is, as `a run of SCORE and one of the native model`.

    Raises:
        UserError: one of a pair lacks.
    """
    found: dict[str, dict[bool, Run]] = {}
    for run in runs:
        found.setdefault(by(run), {})[second(run)] = run
    for name, pair in found.items():
        if len(pair) < 2:
            raise UserError(f"{name}: expected {both}, found one of them")
    return [(pair[False], pair[True]) for pair in found.values()]


ORIGIN = (
    "dataset", "split", "stand_in", "preset", "cuts", "options", "seed", "device", "versions", "commit", "adopted_from",
)  # fmt: skip


def origin(run: Run) -> dict[str, Any]:
    """Where a row's numbers come from, the columns `ORIGIN` of every table."""
    return {
        "dataset": run.dataset["name"],
        "split": getattr(run.spec, "split", None),  # a text has none
        "stand_in": "yes" if run.dataset["stand_in"] else "no",
        "preset": run.meta.get("preset"),
        "cuts": run.cuts or "none",
        "options": run.spec.options,
        "seed": run.spec.seed,
        "device": run.meta.get("device"),
        "versions": show_versions(run.meta.get("versions", {})),
        "commit": run.meta.get("commit"),
        "adopted_from": run.meta.get("adopted_from"),
    }


def provenance(runs: Iterable[Run]) -> str:
    """One line for captions: data, split, preset, cuts, seed, device; every value that occurs."""
    runs = list(runs)
    first = runs[0].dataset
    splits = " or ".join(distinct(run.spec.split for run in runs))
    parts = [f"{first['label']}, {first['rows']} molecules, {len(runs[0].best)} folds ({splits})"]
    return "; ".join([*parts, *conditions(runs)])


def conditions(runs: Sequence[Any]) -> list[str]:
    """Preset, cuts, seed and device of runs of any family, each with every value that occurs."""
    named = {
        "preset": [run.meta.get("preset") for run in runs],
        "cuts": [run.cuts or "none" for run in runs],
        "seed": [run.spec.seed for run in runs],
        "device": [run.meta.get("device") for run in runs],
    }
    return [f"{name} {' or '.join(found)}" for name, values in named.items() if (found := distinct(values))]


def distinct(values: Iterable[Any]) -> list[str]:
    """Each value once, as text, but for None and ""."""
    return list(dict.fromkeys(str(value) for value in values if value not in (None, "")))


def _numbers(values: Iterable[float | None]) -> tuple[float, ...]:
    return tuple(math.nan if value is None else float(value) for value in values)
