"""How long a target will take, from what the runs that exist have cost."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from score_mlx.data.chem.facts import FACTS
from score_mlx.runs.schema import RunMeta
from score_mlx.runs.spec import Spec

LATEST = 5  # runs alike that count: code gets faster, and machines change


class Measured(Protocol):
    """A run whose cost is known: what it was, and its run.meta.json with the seconds that it took."""

    @property
    def spec(self) -> Spec:
        """What it was."""
        ...

    @property
    def meta(self) -> RunMeta:
        """With what, and in how many seconds."""
        ...


@dataclass(frozen=True)
class Estimate:
    """What remains of a target.

    Attributes:
        done, missing: numbers of its runs.
        seconds: of the missing runs, one after another.
        longest: seconds of the longest of them.
        unknown: models that nothing like was ever run of, which the seconds leave out.
    """

    done: int
    missing: int
    seconds: float
    longest: float
    unknown: list[str]

    def hours(self, jobs: int) -> float:
        """Time until all are done, `jobs` side by side: never less than the longest takes."""
        return max(self.seconds / jobs, self.longest) / 3600


def estimate(specs: Iterable[Spec], done: set[Spec], known: Sequence[Measured], rows: int | None = None) -> Estimate:
    """What remains of the runs of `specs`.

    Args:
        specs: the target's runs.
        done: those that have a record.
        known: runs whose cost is known, of this machine where there are any.
        rows: molecules of the data set, with which the cost of known runs on others is multiplied.
    """
    specs = list(dict.fromkeys(specs))
    missing = [spec for spec in specs if spec not in done]
    costs = {spec: cost(spec, known, rows=rows) for spec in missing}
    seconds = [cost for cost in costs.values() if cost is not None]
    unknown = list(dict.fromkeys(spec.model for spec, cost in costs.items() if cost is None))
    return Estimate(len(specs) - len(missing), len(missing), sum(seconds), max(seconds, default=0.0), unknown)


def typical(costs: Sequence[float]) -> float:
    """The median of the latest of them."""
    return statistics.median(costs[-LATEST:])


def cost(
    spec: Spec,
    known: Sequence[Measured],
    choose: Callable[[Sequence[float]], float] = typical,
    rows: int | None = None,
) -> float | None:
    """Seconds, from those of the runs most like this one, in proportion to its work; None where none is like it.

    Args:
        choose: what makes one number of the seconds by each such run, in the order in which they were started.
        rows: molecules of its data set, where it is not built in; the cost of a run of molecules grows with them.
    """
    alike = [run for run in known if run.spec.kind == spec.kind]
    closest = [run for run in alike if run.spec.configuration == spec.configuration] or alike
    if not closest:
        return None
    size = rows or _rows(spec)
    closest = sorted(closest, key=lambda run: run.meta.started)
    return choose([run.meta.seconds * spec.work / run.spec.work * _larger(size, run) for run in closest])


def _rows(spec: Spec) -> float | None:
    """Molecules of a built-in data set."""
    return FACTS.get(spec.dataset, {}).get("rows")


def _larger(rows: float | None, run: Measured) -> float:
    """How many times larger a data set is than a run's own; 1 for a text, and where either is not known."""
    own = getattr(getattr(run, "dataset", None), "rows", None) or _rows(run.spec)
    return rows / own if rows and own else 1.0
