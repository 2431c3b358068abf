"""A run as a task for the training loop: models, batches and validation of several folds side by side.

The code here is common to all networks that learn from molecules. A subclass makes the model and turns molecules
into arrays.
"""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# MLX has no stubs of mlx.nn, and leaves arguments of some functions untyped.
from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

import mlx.core as mx
import mlx.nn as nn
import numpy as np

from score_mlx import kernels
from score_mlx.data.fold_data import FoldedData
from score_mlx.nn import Noise
from score_mlx.runs.objective import Batch, Metric
from score_mlx.runs.spec import NetworkSpec
from score_mlx.training.replicas import Arrays, Loss, Replicas

# Streams of random numbers, each derived from (seed, repeat, fold, stream, ...), so that no fold, epoch or resumed run
# depends on what was drawn before.
INITIALISE, ORDER, DROPOUT = range(3)

S = TypeVar("S", bound=NetworkSpec)
D = TypeVar("D", bound=FoldedData)
Predict = Callable[[Any, Arrays, Noise], mx.array]  # (model, arrays, noise) -> (B,)
Measures = dict[str, np.ndarray]  # by key of the metric, (R,) each


def steps(data: FoldedData, fold: int, batch_size: int) -> int:
    """Training batches of a fold; the last one may be smaller."""
    return -(-len(data.train(fold)) // batch_size)


@dataclass(frozen=True, eq=False)
class Member(Generic[S, D]):
    """What one replica is: a fold of a run."""

    spec: S
    data: D
    fold: int

    def random(self, stream: int, *place: int) -> np.random.SeedSequence:
        """The random numbers of a stream at a place, independent of which other runs train side by side."""
        return np.random.SeedSequence([self.spec.seed, self.spec.repeat, self.fold, stream, *place])

    @cached_property
    def target_scale(self) -> tuple[float, float]:
        """Mean and standard deviation by which targets are scaled."""
        return self.data.target_scale(self.fold) if self.spec.scale_targets else (0.0, 1.0)

    @property
    def labels(self) -> np.ndarray:
        """(N,) what is learnt: the targets, scaled by those that train the fold where the spec says so."""
        mean, deviation = self.target_scale
        return (self.data.targets - mean) / deviation


class FoldTask(ABC, Generic[S, D]):
    """Training of one group of folds side by side, one replica each, with as many steps an epoch.

    Args:
        spec, data, folds: what is trained, on what, and on which of its folds.
        beside: the same of further runs, which differ in repeat and seed only and have the same molecules.

    Raises:
        ValueError: folds of different numbers of steps, or runs that differ in more.
        UserError: the targets are not what the task learns.
    """

    validation_batch = 64  # molecules
    recordable = True  # whether to try: a model that takes what `side_by_side` alone makes says no

    def __init__(self, spec: S, data: D, folds: list[int], *beside: tuple[S, D, list[int]]):
        self.spec, self.data, self.epochs, self.objective = spec, data, spec.epochs, spec.objective
        runs = [(spec, data, folds), *beside]
        self.members = [Member(spec, data, fold) for spec, data, folds in runs for fold in folds]
        self.steps = steps(data, folds[0], spec.batch_size)
        if any(steps(m.data, m.fold, spec.batch_size) != self.steps for m in self.members):
            places = [m.fold for m in self.members]
            raise ValueError(f"folds {places} have different numbers of batches and cannot train side by side")
        if len({m.spec.without_repeat for m in self.members}) > 1:
            raise ValueError("runs side by side may differ in repeat and seed only")
        if len({m.data.info.get("sha256") for m in self.members}) > 1:
            raise ValueError("runs side by side have the same molecules")
        for member in self.members:
            self.objective.check(member.data)
        self.prepare()
        self.reads: list[str] | None = None  # what a recorded step takes of each member's batch
        self.validation = list(self._in_batches(self.validation_order))
        self.choosing = list(self._in_batches(lambda member: member.data.val(member.fold)))

    @staticmethod
    def fastest_replicas(spec: S) -> int:
        """Folds to train side by side, as measured: on a GPU five cost what one does, a CPU saves dispatch."""
        return 5

    @abstractmethod
    def prepare(self) -> None:
        """Whatever `model`, `alone` and `side_by_side` need, made once."""

    @abstractmethod
    def model(self) -> nn.Module:
        """One freshly initialised model."""

    @abstractmethod
    def alone(self, place: int, molecules: np.ndarray, names: Collection[str] | None = None) -> Arrays:
        """A batch of the member at this place, without padding: the arrays of `side_by_side` without their first axis.

        Args:
            molecules: indices of molecules.
            names: of the arrays that are needed, others may come along; None for all.
        """

    @abstractmethod
    def predicting(self, molecules: np.ndarray) -> Predict:
        """What a model makes of a batch of these molecules that is `alone`."""

    @abstractmethod
    def side_by_side(self, molecules: list[np.ndarray]) -> tuple[Arrays, Predict]:
        """A batch of each member, as arrays with a leading replica axis, and what a model makes of its own.

        Args:
            molecules: indices of molecules, an array a member.

        Among the arrays are `label` (R, B) and `weight` (R, B): 1, or 0 where a molecule is padding.
        """

    def validation_order(self, member: Member[S, D]) -> np.ndarray:
        """The member's test molecules in the order in which they are batched."""
        return member.data.test(member.fold)

    def replicas(self) -> Replicas:
        """One freshly initialised model a member."""
        models: list[nn.Module] = []
        for member in self.members:
            mx.random.seed(int(member.random(INITIALISE).generate_state(1)[0]))
            models.append(self.model())
        replicas = Replicas(models, self.spec.learning_rate, self.spec.bias_correction)
        recordable = self.recordable and kernels.compiled()
        self.reads = replicas.record(list(self._examples())) if recordable else None
        return replicas

    def _examples(self) -> Iterator[tuple[Arrays, Loss]]:
        """Two batches of different sizes."""
        train, size = self.data.train(self.members[0].fold), self.spec.batch_size
        for molecules in (train[:size], train[1 : 2 + size // 2]):
            if len(molecules):
                yield self.alone(0, molecules), self._loss(self.predicting(molecules))

    def batches(self, epoch: int) -> Iterator[tuple[Arrays | list[Arrays], mx.array, Loss]]:
        """The epoch's steps; the last, smaller batch is kept. Once a step is recorded each member's batch is alone."""
        size = self.spec.batch_size
        orders: list[list[np.ndarray]] = []
        keys: list[np.ndarray] = []
        for member in self.members:
            train = member.data.train(member.fold)
            order = np.random.default_rng(member.random(ORDER, epoch)).permutation(train)
            orders.append(np.array_split(order, range(size, len(order), size)))
            keys.append(member.random(DROPOUT, epoch).generate_state(self.steps))
        for step in range(self.steps):
            drawn = [order[step] for order in orders]
            if self.reads is None:
                arrays, predict = self.side_by_side(drawn)
            else:
                arrays, predict = self._apart(drawn, self.reads), self._predicting_later(drawn[0])
            yield arrays, mx.array(np.array([key[step] for key in keys])), self._loss(predict)

    def _apart(self, drawn: list[np.ndarray], names: list[str]) -> list[Arrays]:
        """Some arrays of a batch of each member."""
        each = (self.alone(place, molecules, names) for place, molecules in enumerate(drawn))
        return [{name: arrays[name] for name in names} for arrays in each]

    def _predicting_later(self, molecules: np.ndarray) -> Predict:
        """`predicting`, made when it is asked for: a recorded step never does."""
        return lambda model, arrays, noise: self.predicting(molecules)(model, arrays, noise)

    @property
    def metric(self) -> Metric:
        """What chooses the best epoch."""
        return self.objective.metric

    def measure(self, replicas: Replicas) -> Measures:
        """Each metric of each fold's test molecules, dropout off."""
        return self._measure(replicas, self.validation)

    def measure_val(self, replicas: Replicas) -> Measures | None:
        """The same of the molecules of a hold-out that choose the epoch."""
        return self._measure(replicas, self.choosing) if self.choosing else None

    def _measure(self, replicas: Replicas, batches: list[tuple[Arrays, Predict]]) -> Measures:
        predictions = [replicas.apply(_without_dropout(predict), arrays) for arrays, predict in batches]
        mx.eval(predictions)
        seen: list[Batch] = []
        for prediction, (arrays, _) in zip(predictions, batches, strict=True):
            label, weight = (np.array(arrays[name], np.float64) for name in ("label", "weight"))
            seen.append((np.array(prediction, np.float64), label, weight))
        units = np.array([member.target_scale[1] for member in self.members])
        return {m.key: m.measure(seen) * (units if m.in_unit else 1) for m in self.objective.metrics}

    def _loss(self, predict: Predict) -> Loss:
        """The loss of one model on one batch."""

        def loss(model: nn.Module, arrays: Arrays, key: mx.array) -> mx.array:
            return self.objective.loss(predict(model, arrays, Noise(key)), arrays["label"], arrays["weight"])

        return loss

    def remarks(self, replicas: Replicas) -> list[dict[str, float | None]]:
        """Further results of each trained replica, as fields of `records.Fold`."""
        return [{} for _ in self.members]

    def _in_batches(self, order: Callable[[Member[S, D]], np.ndarray]) -> Iterator[tuple[Arrays, Predict]]:
        """Molecules of each member in an order, in batches that correspond over members."""
        molecules, size = [order(member) for member in self.members], self.validation_batch
        for start in range(0, max(map(len, molecules)), size):
            yield self.side_by_side([chosen[start : start + size] for chosen in molecules])


def to_device(batches: list[dict[str, np.ndarray]]) -> Arrays:
    """Arrays of several batches of one shape, stacked along a new first axis."""
    if len(batches) == 1:  # stacking costs as much as making the batch
        return {name: mx.array(values[None]) for name, values in batches[0].items()}
    return {name: mx.array(np.stack([batch[name] for batch in batches])) for name in batches[0]}


def _without_dropout(predict: Predict) -> Callable[[Any, Arrays], mx.array]:
    return lambda model, arrays: predict(model, arrays, Noise(None))
