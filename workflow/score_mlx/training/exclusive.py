"""A run is computed by one process at a time, even if several were started for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

from score_mlx.data.described import Part
from score_mlx.runs.records import read_part
from score_mlx.runs.schema import Record
from score_mlx.runs.science import SCIENCE
from score_mlx.runs.spec import Spec
from score_mlx.system.errors import UserError
from score_mlx.system.files import remove_temporaries
from score_mlx.system.locks import sole

R = TypeVar("R", bound=Record)


def once(spec: Spec, reads: Part, kind: type[R], folder: Path, compute: Callable[[], R]) -> R:
    """`compute()` under a lock on the run's folder; or the record, if the lock's previous holder finished it.

    A killed Snakemake leaves its jobs running, on this machine or on a cluster's nodes, and the next Snakemake
    starts jobs for the same runs. Two processes would overwrite each other's checkpoints and compute everything twice.

    Args:
        spec: the run.
        reads: its record's description of its data.
        kind: of record.
        folder: of its record.
        compute: writes the record there and returns it.
    """
    with sole(folder / ".lock") as waited:
        if waited and (record := _finished(spec, reads, kind, folder)):
            return record
        remove_temporaries(folder)
        return compute()


def once_together(
    asked: Sequence[tuple[Spec, Part, Path]], kind: type[R], compute: Callable[[list[int]], object]
) -> None:
    """`compute` with the folders of several runs to itself, for those that nobody else has finished meanwhile.

    Args:
        asked: of each run what `once` is given: spec, data and folder.
        kind: of record.
        compute: is given the places in `asked` of the runs that are left, and writes their records.
    """
    # Locks are taken in one order everywhere, so that two processes never wait for each other.
    places = sorted(range(len(asked)), key=lambda n: asked[n][2].as_posix())
    with ExitStack() as locks:
        left: list[int] = []
        for n in places:
            spec, reads, folder = asked[n]
            waited = locks.enter_context(sole(folder / ".lock"))
            if not (waited and _finished(spec, reads, kind, folder)):
                remove_temporaries(folder)
                left.append(n)
        if left:
            compute(sorted(left))


def _finished(spec: Spec, reads: Part, kind: type[R], folder: Path) -> R | None:
    """The record in `folder`, if it is of this run on the same data."""
    try:
        record = read_part(folder / "run.json", lambda content: kind)
    except UserError:
        return None
    same = (record.science, record.spec) == (SCIENCE[spec.FAMILY], spec.as_dict()) and record.data.same(reads)
    return record if same else None
