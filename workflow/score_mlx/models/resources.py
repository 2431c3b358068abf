"""How long a cluster must let a run go on, from what the committed runs have taken."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from score_mlx.models.estimate import cost
from score_mlx.models.families import spec_from_path
from score_mlx.runs.schema import RunMeta
from score_mlx.runs.spec import Spec
from score_mlx.system.errors import UserError

MARGIN = 2  # times the slowest run alike: another machine may be slower still, and a timed-out job must restart
LEAST = 10  # minutes, for the start on a busy node
UNKNOWN = 1440  # minutes, where nothing like it was ever run


@dataclass(frozen=True)
class Committed:
    """One of the runs measured."""

    spec: Spec
    meta: RunMeta


def minutes(spec: Spec, reference: Path) -> int:
    """Minutes to ask for.

    Args:
        spec: the run; a reader's own data set is taken to be as large as those of the runs that are like it.
        reference: folder of the records whose run.meta.json say what they took.
    """
    seconds = cost(spec, _by_kind(reference).get(spec.kind, ()), max)
    return UNKNOWN if seconds is None else max(LEAST, math.ceil(MARGIN * seconds / 60))


@cache
def measured(reference: Path) -> tuple[Committed, ...]:
    """The runs below `reference`, of whose records only the path is read: a dry-run has to be quick.

    What cannot be read says nothing about time; whoever needs the record itself says what is wrong with it.
    """
    found = []
    for file in sorted(reference.rglob("run.meta.json")):
        try:
            meta = RunMeta.model_validate_json(file.read_bytes())
            found.append(Committed(spec_from_path(file.with_name("run.json")), meta))
        except (OSError, ValueError, UserError):
            continue
    return tuple(found)


@cache
def _by_kind(reference: Path) -> dict[tuple[str, str], list[Committed]]:
    found: dict[tuple[str, str], list[Committed]] = defaultdict(list)
    for run in measured(reference):
        found[run.spec.kind].append(run)
    return found
