"""The records that a verdict uses: found by their spec; records of other data or protocols are refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from score_mlx.config.models import Presets
from score_mlx.experiments.speedup import table as speedup
from score_mlx.models.check import check
from score_mlx.models.language.run import LanguageRun
from score_mlx.runs.records import BY_HAND
from score_mlx.runs.run import FoldRun, Run, of_kind
from score_mlx.runs.spec import Spec
from score_mlx.system.errors import UserError
from score_mlx.verdict.rerun import Reruns

# What makes a model the one of a cell. Of two runs alike in these, one may have been trained for less, at another rate
# or on other molecules: it is named where the paper's own is missing, and not compared.
IDENTITY = (
    "arch", "config", "network", "method", "steps", "integrator", "learn_dt", "readout", "head", "descriptors",
    "features", "fidelity", "form", "bias_correction", "top", "ranking", "repeat",
)  # fmt: skip


class UndecidedError(Exception):
    """The records cannot decide a number or a claim; the message says why."""


class NotRunError(UndecidedError):
    """Records are missing.

    Attributes:
        records: which, below the folder of runs; empty where nothing of this project makes one.
    """

    def __init__(self, reason: str, records: Sequence[str] = ()) -> None:
        super().__init__(reason)
        self.records = tuple(records)


class NotComparableError(UndecidedError):
    """Records exist, but of another protocol or other data than the paper's; or they diverged."""


class Pool:
    """All runs of a folder.

    Attributes:
        all: every run, of whichever family.
        runs: by spec.
        reruns: how much a quantity moves from one rerun to the next.
    """

    def __init__(self, runs: Iterable[Run]) -> None:
        self.all = list(runs)
        self.runs = {run.spec: run for run in self.all}
        self._any_seed = {replace(spec, seed=0): run for spec, run in reversed(self.runs.items())}
        self._repeats: dict[Spec, set[int]] = {}
        for spec in self.runs:
            self._repeats.setdefault(replace(spec, seed=0, repeat=0), set()).add(spec.repeat)
        self.reruns = Reruns(of_kind(self.all, FoldRun), of_kind(self.all, LanguageRun))
        self._intervals: dict[tuple[Spec, Spec], tuple[float, float]] = {}
        self._alike: dict[tuple[Any, ...], list[Run]] = {}
        for run in self.runs.values():
            self._alike.setdefault(identity(run.spec), []).append(run)

    @classmethod
    def read(cls, folder: Path) -> Pool:
        """Every record below `folder`; without any record every verdict is "not run".

        Raises:
            UserError: no such folder; a record of another schema, of an unknown preset or inconsistent in itself.
        """
        if not folder.is_dir():
            raise UserError(f"{folder}: no such folder, expected one with run records")
        runs = {path: check(path) for path in sorted(folder.rglob("run.json"))}
        for path, run in runs.items():
            _require_known_preset(path, run)
        return cls(runs.values())

    def find(self, spec: Spec) -> Run | None:
        """The run of a spec, whatever seed it was started from; that of the spec's own seed where there are several."""
        return self.runs.get(spec) or self._any_seed.get(replace(spec, seed=0))

    def repeats(self, spec: Spec) -> set[int]:
        """Which repeats of cross-validation there are of a spec."""
        return self._repeats.get(replace(spec, seed=0, repeat=0), set())

    def speedup_interval(self, native: FoldRun, score: FoldRun) -> tuple[float, float]:
        """`speedup.interval`, computed once and shared by numbers, claims and robustness."""
        pair = native.spec, score.spec
        if pair not in self._intervals:
            self._intervals[pair] = speedup.interval(native, score)
        return self._intervals[pair]

    def like(self, spec: Spec) -> Run | None:
        """A run of the same model by another protocol or on other data, the nearest there is."""
        alike = self._alike.get(identity(spec), [])
        return min(alike, key=lambda run: (_distance(run.spec, spec), run.spec.options), default=None)


def identity(spec: Spec) -> tuple[Any, ...]:
    """What makes two runs runs of the same model."""
    fields = spec.as_dict()
    return (spec.FAMILY, *(fields.get(name) for name in IDENTITY))


def record_name(spec: Spec) -> str:
    """A record below the folder of runs."""
    return spec.path("").as_posix()


def _distance(ours: Spec, wanted: Spec) -> int:
    """In how many fields two specs differ."""
    there, asked = ours.as_dict(), wanted.as_dict()
    return sum(there.get(name) != value for name, value in asked.items())


def _require_known_preset(path: Path, run: Run) -> None:
    known = [*Presets.model_fields, BY_HAND]
    if run.meta.preset not in known:
        raise UserError(
            f"{path.with_name('run.meta.json')}: preset {run.meta.preset!r}, expected one of {', '.join(known)}"
        )
