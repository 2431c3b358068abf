"""A finished run: its record and meta file, parsed once, with the values that tables, figures and verdicts need."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar, Generic, Self, TypeVar

import numpy as np

from score_mlx.data.described import CorpusPart, DataSet
from score_mlx.runs.objective import Metric, objective_of
from score_mlx.runs.schema import ClassRecord, Cut, RunMeta, RunRecord
from score_mlx.runs.spec import FoldSpec, Spec

R = TypeVar("R", bound="Run")
F = TypeVar("F", bound=FoldSpec, covariant=True)
Ends = tuple[tuple[float, ...], tuple[float, ...]]  # a metric of each fold, at the best and after the last epoch
Results = dict[str, float | int | None]


@dataclass(frozen=True, kw_only=True)
class Run(ABC):
    """One trained model, of whichever family.

    Attributes:
        spec: what was trained.
        dataset: the record's description of its data.
        cuts: settings below the paper's, as `epochs 2/150`; "" for none.
        parameters: numbers trained, of one fold's model, None for trees and kernels.
        meta: run.meta.json: seconds, device, versions, commit, preset.
    """

    KIND: ClassVar[str] = "a model"  # for messages

    spec: Spec
    dataset: DataSet | CorpusPart
    cuts: str
    parameters: int | None
    meta: RunMeta

    @classmethod
    @abstractmethod
    def of(cls, spec: Any, record: Any, meta: RunMeta) -> Self:
        """The run of a record of its family's type."""

    @property
    def model(self) -> str:
        """Name in the paper's tables."""
        return self.spec.model

    @property
    def counted(self) -> int:
        """`parameters` of a model that has some.

        Raises:
            ValueError: it is one of trees or kernels.
        """
        if self.parameters is None:
            raise ValueError(f"{self.model} has no number of parameters")
        return self.parameters

    @property
    def split(self) -> str | None:
        """How molecules are divided into folds, None for a text."""
        return None

    @property
    def imprecise(self) -> str:
        """Why its arithmetic is not single precision, as the paper's is; "" where it is."""
        return "float32 products in TF32" if (self.meta.runtime or {}).get("precision") == "tf32" else ""

    @property
    def span(self) -> tuple[float, float]:
        """When it began and ended, in seconds since 1970."""
        start = datetime.fromisoformat(self.meta.started).timestamp()
        return start, start + self.meta.seconds

    @property
    @abstractmethod
    def folds_sha256(self) -> str:
        """Checksum of the folds, "" for a text."""

    @property
    @abstractmethod
    def size(self) -> str:
        """Size of its data, as shown."""

    @abstractmethod
    def incomparable(self, but: tuple[str, ...] = ()) -> str:
        """Why this run does not compare with the paper's number; "" where it does.

        Args:
            but: fields that the table varies, as the paper does.
        """

    @abstractmethod
    def results(self) -> Results:
        """Its columns of the catalogue of runs; None where it diverged."""


@dataclass(frozen=True, kw_only=True)
class FoldRun(Run, Generic[F]):
    """A finished run of a model trained on folds of molecules; further fields as of `Run`.

    Attributes:
        best, last: the metric of each fold, at the best and after the last epoch; NaN where it diverged. RMSE is in the
            target's unit.
        curves: the same after each epoch of each fold.
        others: further metrics by key, `best` and `last` of each.
        learned_dt: step sizes of each fold after the last epoch, () where they are fixed.
        mad: mean average distance of the last atom states of each fold, () where the record has none.
    """

    KIND: ClassVar[str] = "a model trained on folds of molecules"

    spec: F
    dataset: DataSet
    best: tuple[float, ...]
    last: tuple[float, ...]
    curves: tuple[tuple[float, ...], ...] = ()
    learned_dt: tuple[tuple[float, ...], ...] = ()
    mad: tuple[float, ...] = ()
    others: Mapping[str, Ends] = field(default_factory=dict[str, Ends])

    @classmethod
    def of(cls, spec: Any, record: RunRecord | ClassRecord, meta: RunMeta) -> Self:
        """The run of a spec with its record and meta data; curves by the metric of the record's task."""
        first, *others = (metric.key for metric in objective_of(record.spec).metrics)

        def ends(key: str) -> Ends:
            return _numbers(getattr(record.best, key)), _numbers(getattr(record.last, key))

        best, last = ends(first)
        return cls(
            spec=spec,
            best=best,
            last=last,
            dataset=record.dataset,
            cuts=show_cuts(record.cuts),
            parameters=record.parameters,
            curves=tuple(_numbers(getattr(fold, first)) for fold in record.folds),
            learned_dt=tuple(_numbers(fold.learned_dt) for fold in record.folds if fold.learned_dt),
            mad=_numbers(fold.mad for fold in record.folds if "mad" in fold.model_fields_set),
            meta=meta,
            others={key: ends(key) for key in others},
        )

    @property
    def split(self) -> str:
        """How molecules are divided into folds, one of `SPLITS`."""
        return self.spec.split

    @property
    def metric(self) -> Metric:
        """What `best`, `last` and `curves` are values of."""
        return self.spec.objective.metric

    @property
    def rank(self) -> tuple[int, float, str]:
        """Sorts runs, the best first and those with diverged folds last."""
        return self.diverged, self.metric.error(float(np.mean(self.best))), self.model

    @property
    def folds_sha256(self) -> str:
        """Checksum of the file of folds."""
        return self.dataset.folds_sha256

    @property
    def size(self) -> str:
        """Its number of molecules, as shown: `1,128 molecules`."""
        return f"{self.dataset.rows:,} molecules"

    @property
    def has_epochs(self) -> bool:
        """Whether best and last epoch can differ; trees and kernels are fitted once."""
        return self.spec.ITERATIVE

    def rmse(self, epoch: str) -> tuple[float, ...]:
        """The metric of each fold at the `best` epoch, the `last`, or one chosen on the other folds (`held_out`)."""
        return {"best": self.best, "last": self.last}[epoch] if epoch != "held_out" else self.held_out

    @cached_property
    def held_out(self) -> tuple[float, ...]:
        """The metric of each fold at the epoch of its best mean over the other folds, which that fold did not choose.

        NaN where a fold diverged at any epoch, since no epoch can be chosen then.
        """
        curves = np.array(self.curves, float)
        if curves.ndim != 2 or len(curves) < 2 or not np.isfinite(curves).all():
            return (math.nan,) * len(self.best)
        others = (curves.sum(axis=0) - curves) / (len(curves) - 1)
        return tuple(
            float(curve[epoch]) for curve, epoch in zip(curves, self.metric.error(others).argmin(axis=1), strict=True)
        )

    @property
    def diverged(self) -> int:
        """Folds that never had a finite value."""
        return sum(map(math.isnan, self.best))

    def incomparable(self, but: tuple[str, ...] = ()) -> str:
        """Why this run does not compare with the paper's number: data, cuts, protocol or precision; "" where it does.

        Args:
            but: fields that the table varies, as the paper does.
        """
        if self.dataset.name != "esol":
            return f"dataset {self.dataset.name}"
        return self.cuts or ", ".join(self.spec.departures(but)) or self.imprecise

    def results(self) -> Results:
        """Mean and standard deviation over folds of each metric, best and last; number of folds and epochs."""
        found: Results = {}
        for name, (best, last) in {self.metric.key: (self.best, self.last), **self.others}.items():
            found[f"{name}_mean"], found[f"{name}_std"] = mean_std(best)
            found[f"last_{name}_mean"] = mean_std(last)[0]
        return found | {"folds": len(self.best), "epochs": self.spec.epochs}


def of_kind(runs: Iterable[Run], kind: type[R]) -> list[R]:
    """Those of the runs that are of that kind, in their order."""
    return [run for run in runs if isinstance(run, kind)]


def show_cuts(cuts: Iterable[Cut]) -> str:
    """Training settings below the paper's as one text, `epochs 2/150`; "" for none."""
    return ", ".join(f"{cut.setting} {cut.ours}/{cut.paper}" for cut in cuts)


def mean_std(values: Iterable[float]) -> tuple[float, float | None] | tuple[None, None]:
    """Mean and population standard deviation over folds; None where a fold diverged, no deviation of a single one."""
    values = list(values)
    mean, std = float(np.mean(values)), float(np.std(values)) if len(values) > 1 else None
    return (mean, std) if math.isfinite(mean) else (None, None)


def _numbers(values: Iterable[float | None]) -> tuple[float, ...]:
    return tuple(math.nan if value is None else float(value) for value in values)
