"""The records that there are to judge by: found by what was trained, foreign ones refused or set apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from score_mlx.analysis.language_runs import LanguageRun, load_any
from score_mlx.analysis.runs import Run, require_one_dataset
from score_mlx.config import Config
from score_mlx.errors import UserError
from score_mlx.exchange import check
from score_mlx.language.spec import LanguageSpec
from score_mlx.records import read_meta
from score_mlx.settings import ClassicalSettings, DenseSettings, GraphSettings, Presets
from score_mlx.settings_language import LanguageSettings
from score_mlx.spec import SPLITS, Spec
from score_mlx.verdict import language_cells
from score_mlx.verdict.commands import Listing, listing

# What makes a model the one of a cell. Of two runs alike in these, one may have been trained for less, at another rate
# or on other molecules: it is named where the paper's own is missing, and not compared.
IDENTITY = (
    "arch", "config", "network", "method", "steps", "integrator", "learn_dt", "readout", "head", "descriptors",
    "features", "fidelity", "top", "repeat",
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
    """There are records, but by another protocol or on other data than the paper's, or diverged."""


class Pool:
    """All runs of a folder.

    Attributes:
        runs: by spec.
        language: runs of language models, a family of their own.
    """

    def __init__(self, runs: Iterable[Run], language: Iterable[LanguageRun] = ()) -> None:
        self.runs = {run.spec: run for run in runs}
        self.language = list(language)
        self._any_seed = {replace(spec, seed=0): run for spec, run in reversed(self.runs.items())}
        self._repeats: dict[Spec, set[int]] = {}
        for spec in self.runs:
            self._repeats.setdefault(replace(spec, seed=0, repeat=0), set()).add(spec.repeat)
        self._alike: dict[tuple[Any, ...], list[Run]] = {}
        for run in self.runs.values():
            self._alike.setdefault(identity(run.spec), []).append(run)

    @classmethod
    def read(cls, folder: Path) -> Pool:
        """Every record below `folder`; none at all is no mistake, then everything reads "not run".

        Raises:
            UserError: no such folder; a record of another schema, of an unknown preset or inconsistent in itself.
        """
        if not folder.is_dir():
            raise UserError(f"{folder}: no such folder, expected one with run records")
        runs: list[Run | LanguageRun] = []
        for path in sorted(folder.rglob("run.json")):
            check(path, folder)
            runs.append(load_any(path))
            _require_known_preset(path)
        language = [run for run in runs if isinstance(run, LanguageRun)]
        return cls([run for run in runs if not isinstance(run, LanguageRun)], language)

    def find(self, spec: Spec) -> Run | None:
        """The run of a spec, whatever seed it was started from; that of the spec's own seed where there are several."""
        return self.runs.get(spec) or self._any_seed.get(replace(spec, seed=0))

    def repeats(self, spec: Spec) -> set[int]:
        """Which repeats of cross-validation there are of a spec."""
        return self._repeats.get(replace(spec, seed=0, repeat=0), set())

    def like(self, spec: Spec) -> Run | None:
        """A run of the same model by another protocol or on other data, the nearest there is."""
        alike = self._alike.get(identity(spec), [])
        return min(alike, key=lambda run: (_distance(run.spec, spec), run.spec.options), default=None)


@dataclass(frozen=True)
class Evidence:
    """What a claim is a function of: runs by spec, seen under one choice of epoch, folds, repeats and fidelity.

    Attributes:
        pool, config: the runs, and which of them each table of the paper lists.
        epoch: whose RMSE counts, `best` as in the paper or `last`.
        split, fidelity: instead of config's.
        repeats: of cross-validation, all needed; None: every one that all runs of a comparison have.
    """

    pool: Pool
    config: Config
    epoch: str = "best"
    split: str | None = None
    fidelity: str | None = None
    repeats: tuple[int, ...] | None = None

    @cached_property
    def listing(self) -> Listing:
        """Which records each target lists, to name what makes a missing one."""
        return listing(self.config)

    def specs(self, experiment: str) -> list[Spec]:
        """The runs that a table or figure of config.yaml lists, under this choice.

        Raises:
            NotRunError: config.yaml has no such experiment.
        """
        if experiment not in self.config.experiments:
            raise NotRunError(f"config.yaml lists no experiment {experiment}")
        return [self._chosen(spec) for spec in self.config.specs(experiment)]

    def by_model(self, experiment: str) -> dict[str, Spec]:
        """`specs` by the paper's name of the model."""
        return {spec.model: spec for spec in self.specs(experiment)}

    def runs(self, specs: Sequence[Spec], repeat: int = 0) -> list[Run]:
        """The run of each spec in one repeat, all comparable with the paper's and with each other.

        Raises:
            NotRunError, NotComparableError: some are missing; were made by another protocol or on other molecules.
        """
        wanted = [replace(spec, repeat=repeat) for spec in specs]
        found = [self.pool.find(spec) for spec in wanted]
        missing = [spec for spec, run in zip(wanted, found, strict=True) if run is None]
        if missing:
            raise _no_evidence(missing, self.pool)
        try:
            require_one_dataset(found)
        except UserError as error:
            raise NotComparableError(str(error)) from None
        return found

    def scores(self, specs: Sequence[Spec]) -> np.ndarray:
        """RMSE of each spec in each fold of each repeat: (len(specs), repeats * folds).

        Raises:
            UndecidedError: as `runs`; or a fold diverged, whose comparison would be no number.
        """
        first, *more = self.repeats if self.repeats is not None else (0, *self._further(specs))
        by_repeat = [self.runs(specs, repeat) for repeat in (first, *more)]
        values = np.concatenate([[getattr(run, self.epoch) for run in runs] for runs in by_repeat], axis=1)
        if not np.isfinite(values).all():
            lost = [spec.model for spec, row in zip(specs, values, strict=True) if not np.isfinite(row).all()]
            raise NotComparableError(f"diverged in a fold: {', '.join(lost)}")
        return values

    def language(self, *names: str) -> list[list[LanguageRun]]:
        """The runs of language models by the paper's names for them (`language_cells.RUNS`), all repeats of each.

        Raises:
            NotRunError, NotComparableError: of one there is none; only with cuts or on another text.
        """
        specs = [self._language_spec(name) for name in names]
        found = [language_cells.matching(self.pool.language, spec) for spec in specs]
        missing = [spec for spec, runs in zip(specs, found, strict=True) if not runs]
        if missing:
            raise _not_run(missing)
        reasons = {f"{runs[0].model}: {why}": None for runs in found if (why := runs[0].incomparable())}
        if reasons:
            raise NotComparableError("; ".join(reasons))
        return found

    def _language_spec(self, name: str) -> LanguageSpec:
        experiment, _ = language_cells.RUNS[name]
        spec = language_cells.wanted(name, self.specs(experiment))
        if spec is None:
            raise NotRunError(f"config.yaml lists no run that is the paper's {name}, expected one in {experiment}")
        return spec

    def folds(self, spec: Spec) -> int:
        """Folds of its cross-validation."""
        return len(self.runs([spec], self.repeats[0] if self.repeats else 0)[0].best)

    def _further(self, specs: Sequence[Spec]) -> list[int]:
        """Repeats after the first that all these runs have."""
        return sorted(set.intersection(*map(self.pool.repeats, specs)) - {0})

    def _chosen(self, spec: Spec) -> Spec:
        choice = {"split": self.split, "fidelity": self.fidelity}
        return replace(spec, **{name: value for name, value in choice.items() if value and hasattr(spec, name)})


def paper_protocol(config: Config) -> Config:
    """`config` with every setting that decides comparability as in the paper: the same experiments, ESOL, no cuts.

    Features, fidelity and seed stay: the ledger's choices, all of them readings of the paper.
    """
    return config.model_copy(
        update={
            "dataset": "esol", "preset": "paper", "split": SPLITS[0], "repeat": 0,
            "graphs": GraphSettings(), "dense": DenseSettings(), "classical": ClassicalSettings(),
            "language": LanguageSettings(),
        }
    )  # fmt: skip


def departure(run: Run, wanted: Spec) -> str:
    """In what a run differs from the one that the paper's number needs: data first, then cuts, then anything else."""
    if run.dataset["name"] != wanted.dataset:
        return f"dataset {run.dataset['name']}"
    ours = run.spec.as_dict()
    fields = [name for name, value in wanted.as_dict().items() if name != "seed" and ours.get(name) != value]
    return run.cuts or ", ".join(f"{name} {ours.get(name)}" for name in fields)


def identity(spec: Spec) -> tuple[Any, ...]:
    """What makes two runs runs of the same model."""
    return (spec.FAMILY, *(getattr(spec, name, None) for name in IDENTITY))


def record_name(spec: Spec) -> str:
    """A record below the folder of runs."""
    return spec.path("").as_posix()


def _no_evidence(missing: Sequence[Spec], pool: Pool) -> UndecidedError:
    """Not run; or, on the paper's folds, run by another protocol, which is said."""
    others = [pool.like(spec) if spec.split == SPLITS[0] else None for spec in missing]
    if not all(others):
        return _not_run(missing)
    pairs = zip(others, missing, strict=True)
    return NotComparableError("; ".join(dict.fromkeys(f"{run.model}: {departure(run, spec)}" for run, spec in pairs)))


def _not_run(missing: Sequence[Spec]) -> NotRunError:
    names = [record_name(spec) for spec in missing]
    what = "1 record is missing" if len(names) == 1 else f"{len(names)} records are missing, first"
    return NotRunError(f"{what}: {names[0]}", names)


def _distance(ours: Spec, wanted: Spec) -> int:
    """In how many fields two specs differ."""
    there, asked = ours.as_dict(), wanted.as_dict()
    return sum(there.get(name) != value for name, value in asked.items())


def _require_known_preset(path: Path) -> None:
    preset, known = read_meta(path)["preset"], list(Presets.model_fields)
    if preset not in known:
        raise UserError(f"{path.with_name('run.meta.json')}: preset {preset!r}, expected one of {', '.join(known)}")
