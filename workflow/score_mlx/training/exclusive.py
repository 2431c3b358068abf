"""A run is computed by one process at a time, whoever else was asked for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from score_mlx.runs.records import read_record
from score_mlx.runs.science import SCIENCE
from score_mlx.runs.spec import Spec
from score_mlx.system.errors import UserError
from score_mlx.system.files import remove_temporaries
from score_mlx.system.locks import sole


def once(spec: Spec, reads: dict[str, Any], folder: Path, compute: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """`compute()` with the run's folder to itself, or the record of whoever had it until now, if it is the same run.

    A Snakemake that is killed leaves its jobs at work, on this machine or on a cluster's nodes, and the next Snakemake
    asks for the same runs again. Two processes would overwrite each other's checkpoints and compute everything twice.

    Args:
        spec: the run.
        reads: the part of its record that says what it reads, as {"dataset": ...}.
        folder: of its record.
        compute: writes the record there and returns it.
    """
    with sole(folder / ".lock") as waited:
        if waited and (record := _finished(spec, reads, folder)):
            return record
        remove_temporaries(folder)
        return compute()


def _finished(spec: Spec, reads: dict[str, Any], folder: Path) -> dict[str, Any] | None:
    """The record in `folder`, if it is of this run on the same data."""
    try:
        record = read_record(folder / "run.json")
    except UserError:
        return None
    wanted = {"science": SCIENCE[spec.FAMILY], "spec": spec.as_dict()} | reads
    return record if all(record.get(name) == value for name, value in wanted.items()) else None
