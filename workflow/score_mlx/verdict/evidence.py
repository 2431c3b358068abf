"""What a verdict is a function of: the runs of a pool, seen under one choice of epoch, folds, repeats and fidelity."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from score_mlx.config.language import LanguageSettings
from score_mlx.config.models import ClassicalSettings, DenseSettings, GraphSettings
from score_mlx.config.settings import Config
from score_mlx.data.splits import SPLITS
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.models.language.run import LanguageRun
from score_mlx.models.language.spec import LanguageSpec
from score_mlx.runs.run import FoldRun, Run, of_kind
from score_mlx.runs.spec import Spec, of_type
from score_mlx.stats import statistics
from score_mlx.system.errors import UserError
from score_mlx.tables.runs import require_one_dataset
from score_mlx.verdict import language_cells
from score_mlx.verdict.commands import Listing, listing
from score_mlx.verdict.pool import NotComparableError, NotRunError, Pool, UndecidedError, record_name
from score_mlx.verdict.published import Published


@dataclass(frozen=True)
class Evidence:
    """What a claim is a function of: runs by spec, seen under one choice of epoch, folds, repeats and fidelity.

    Attributes:
        pool, config: the runs, and which of them each table of the paper lists.
        printed: the paper's numbers.
        epoch: whose RMSE counts, one of `EPOCHS`: `best` as in the paper, `last` or `held_out`.
        split, fidelity, bias_correction: instead of config's.
        repeats: of cross-validation, all needed; None: every one that all runs of a comparison have.
        incomparable: whether to use non-comparable runs as well, as an indication.
        solo_seconds: of an epoch of (architecture, form), timed with nothing else running on the machine.
    """

    pool: Pool
    config: Config
    printed: Sequence[Published]
    epoch: str = "best"
    split: str | None = None
    fidelity: str | None = None
    bias_correction: bool | None = None
    repeats: tuple[int, ...] | None = None
    incomparable: bool = False
    solo_seconds: Mapping[tuple[str, str], float] = field(default_factory=dict)

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

    def graphs(self, experiment: str) -> list[GraphSpec]:
        """Those of `specs` that are graph networks."""
        return of_type(self.specs(experiment), GraphSpec)

    def by_model(self, experiment: str) -> dict[str, Spec]:
        """`specs` by the paper's name of the model."""
        return {spec.model: spec for spec in self.specs(experiment)}

    def graphs_by_model(self, experiment: str) -> dict[str, GraphSpec]:
        """`graphs` by the paper's name of the model."""
        return {spec.model: spec for spec in self.graphs(experiment)}

    def runs(self, specs: Sequence[Spec], repeat: int = 0) -> list[FoldRun]:
        """The run of each spec in one repeat, all comparable with the paper's and with each other.

        Raises:
            NotRunError, NotComparableError: some are missing; were made by another protocol or on other molecules.
        """
        wanted = [replace(spec, repeat=repeat) for spec in specs]
        there = {spec: run for spec in wanted if (run := self.pool.find(spec)) is not None}
        missing = [spec for spec in wanted if spec not in there]
        if missing:
            raise _no_evidence(missing, self.pool)
        found = of_kind([there[spec] for spec in wanted], FoldRun)
        foreign = {
            f"{run.model}: {why}": None for run, spec in zip(found, wanted, strict=True) if (why := _data(run, spec))
        }
        if foreign:
            raise NotComparableError("; ".join(foreign))
        try:
            require_one_dataset(found)
        except UserError as error:
            raise NotComparableError(str(error)) from None
        return found

    def repeated(self, specs: Sequence[Spec]) -> list[list[FoldRun]]:
        """`runs` of every repeat that counts: all that all of `specs` have, unless `repeats` says which.

        Raises:
            UndecidedError: as `runs`.
        """
        chosen = self.repeats if self.repeats is not None else (0, *self._further(specs))
        return [self.runs(specs, repeat) for repeat in chosen]

    def trained(self, specs: Sequence[Spec]) -> list[list[FoldRun]]:
        """`repeated` runs whose curves, and states of atoms where they are there, are numbers throughout.

        Raises:
            UndecidedError: as `runs`; or a fold diverged, at whatever epoch.
        """
        found = self.repeated(specs)
        for runs in found:
            _require_finite(runs, [[*run.mad, *(value for curve in run.curves for value in curve)] for run in runs])
        return found

    def measured(self, specs: Sequence[Spec], of: Callable[[FoldRun], statistics.Numbers]) -> np.ndarray:
        """A value of each fold of each `trained` run: (len(specs), repeats * folds)."""
        return np.concatenate([np.array([of(run) for run in runs]) for runs in self.trained(specs)], axis=1)

    def scores(self, specs: Sequence[Spec]) -> np.ndarray:
        """RMSE of each spec in each fold of each repeat: (len(specs), repeats * folds).

        Raises:
            UndecidedError: as `runs`; or a fold diverged, whose comparison would be no number.
        """
        by_repeat = self.repeated(specs)
        values = np.concatenate([[run.rmse(self.epoch) for run in runs] for runs in by_repeat], axis=1)
        _require_finite(by_repeat[0], values)
        return values

    def language(
        self, *names: str, objection: Callable[[LanguageRun], str] = LanguageRun.incomparable
    ) -> list[list[LanguageRun]]:
        """The runs of language models by the paper's names for them (`language_cells.RUNS`), all repeats of each.

        Args:
            objection: why a run does not compare with the paper's, "" where it does.

        Raises:
            NotRunError, NotComparableError: of one there is none; only with cuts or on another text.
        """
        specs = [self._language_spec(name) for name in names]
        found = [language_cells.matching(self.pool.all, spec) for spec in specs]
        missing = [spec for spec, runs in zip(specs, found, strict=True) if not runs]
        if missing:
            raise _not_run(missing)
        reasons = {f"{runs[0].model}: {why}": None for runs in found if (why := objection(runs[0]))}
        self.refuse("; ".join(reasons))
        return found

    def refuse(self, why: str) -> None:
        """Refuse runs that do not compare, unless non-comparable runs are wanted as an indication; "" is no objection.

        Raises:
            NotComparableError: with that reason.
        """
        if why and not self.incomparable:
            raise NotComparableError(why)

    def _language_spec(self, name: str) -> LanguageSpec:
        experiment, _ = language_cells.RUNS[name]
        spec = language_cells.wanted(name, of_type(self.specs(experiment), LanguageSpec))
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
        choice = {"split": self.split, "fidelity": self.fidelity, "bias_correction": self.bias_correction}
        return spec.with_known(**{name: value for name, value in choice.items() if value})


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
    """How a run differs from the one that the paper's number needs: data first, then cuts, then anything else."""
    ours = run.spec.as_dict()
    fields = [name for name, value in wanted.as_dict().items() if name != "seed" and ours.get(name) != value]
    return _data(run, wanted) or run.cuts or ", ".join(f"{name} {ours.get(name)}" for name in fields)


def _require_finite(runs: Sequence[FoldRun], values: Iterable[statistics.Numbers]) -> None:
    lost = [run.model for run, row in zip(runs, values, strict=True) if not np.isfinite(row).all()]
    if lost:
        raise NotComparableError(f"diverged in a fold: {', '.join(dict.fromkeys(lost))}")


def _no_evidence(missing: Sequence[Spec], pool: Pool) -> UndecidedError:
    """The error for missing runs: not run, or run on the paper's folds by another protocol, which the message names."""
    on_them = [spec for spec in missing if spec.as_dict().get("split") == SPLITS[0]]
    pairs = [(run, spec) for spec in on_them if (run := pool.like(spec)) is not None]
    if len(pairs) < len(missing):
        return _not_run(missing)
    return NotComparableError("; ".join(dict.fromkeys(f"{run.model}: {departure(run, spec)}" for run, spec in pairs)))


def _data(run: Run, wanted: Spec) -> str:
    """Which other data a run is of, whatever its spec calls them; "" for the paper's."""
    name, stand_in = run.dataset.name, run.dataset.stand_in
    return f"dataset {name}" if name != wanted.dataset else f"stand-in data called {name}" if stand_in else ""


def _not_run(missing: Sequence[Spec]) -> NotRunError:
    names = [record_name(spec) for spec in missing]
    what = "1 record is missing" if len(names) == 1 else f"{len(names)} records are missing, first"
    return NotRunError(f"{what}: {names[0]}", names)
