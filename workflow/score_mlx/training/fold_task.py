"""A run as a task for the training loop: models, batches and validation of several folds side by side.

What is here is the same for every network that learns from molecules. A subclass says how a model is made and how
molecules become arrays.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

import mlx.core as mx
import mlx.nn as nn
import numpy as np

from score_mlx.data.fold_data import FoldedData
from score_mlx.nn import Noise
from score_mlx.runs.spec import Spec
from score_mlx.training.replicas import Replicas

# Streams of random numbers, each derived from (seed, repeat, fold, stream, ...), so that no fold, epoch or resumed run
# depends on what was drawn before.
INITIALISE, ORDER, DROPOUT = range(3)

S = TypeVar("S", bound=Spec)
D = TypeVar("D", bound=FoldedData)
Arrays = dict[str, mx.array]
Predict = Callable[[nn.Module, Arrays, Noise], mx.array]  # -> (B,)


def steps(data: FoldedData, fold: int, batch_size: int) -> int:
    """Training batches of a fold; the last one may be smaller."""
    return -(-len(data.train(fold)) // batch_size)


class FoldTask(ABC, Generic[S, D]):
    """Training of one spec on the folds of one group.

    Args:
        spec, data: what is trained, on what.
        folds: the folds that train side by side, one replica each, with as many steps an epoch.
    """

    validation_batch = 64  # molecules

    def __init__(self, spec: S, data: D, folds: list[int]):
        self.spec, self.data, self.folds, self.epochs = spec, data, folds, spec.epochs
        self.steps = steps(data, folds[0], spec.batch_size)
        if any(steps(data, fold, spec.batch_size) != self.steps for fold in folds):
            raise ValueError(f"folds {folds} have different numbers of batches and cannot train side by side")
        scaled = spec.scale_targets
        self.target_scales = [data.target_scale(fold) if scaled else (0.0, 1.0) for fold in folds]
        self.prepare()
        self.validation = list(self._in_batches(self.validation_order))
        self.choosing = list(self._in_batches(data.val))

    @staticmethod
    def fastest_replicas(spec: S) -> int:
        """Folds to train side by side, as measured: on a GPU five cost what one does, a CPU saves dispatch."""
        return 5

    @abstractmethod
    def prepare(self) -> None:
        """Whatever `model` and `side_by_side` need, made once."""

    @abstractmethod
    def model(self) -> nn.Module:
        """One freshly initialised model."""

    @abstractmethod
    def side_by_side(self, molecules: list[np.ndarray]) -> tuple[Arrays, Predict]:
        """A batch of each fold, as arrays with a leading replica axis, and what a model makes of its own.

        Args:
            molecules: indices of molecules, an array a fold.

        Among the arrays are `label` (R, B) and `weight` (R, B): 1, or 0 where a molecule is padding.
        """

    def validation_order(self, fold: int) -> np.ndarray:
        """The fold's test molecules in the order in which they are batched."""
        return self.data.test(fold)

    def labels(self, fold: int) -> np.ndarray:
        """(N,) what fold `fold` learns: the targets, scaled by those that train it where the spec says so."""
        mean, deviation = self.target_scales[self.folds.index(fold)]
        return (self.data.targets - mean) / deviation

    def replicas(self) -> Replicas:
        """One freshly initialised model a fold."""
        models = []
        for fold in self.folds:
            mx.random.seed(int(self._random(fold, INITIALISE).generate_state(1)[0]))
            models.append(self.model())
        return Replicas(models, self.spec.learning_rate, self.spec.bias_correction)

    def batches(self, epoch: int) -> Iterator[tuple[Arrays, mx.array, Callable]]:
        """The epoch's steps; the last, smaller batch is kept."""
        size = self.spec.batch_size
        orders, keys = [], []
        for fold in self.folds:
            order = np.random.default_rng(self._random(fold, ORDER, epoch)).permutation(self.data.train(fold))
            orders.append(np.array_split(order, range(size, len(order), size)))
            keys.append(self._random(fold, DROPOUT, epoch).generate_state(self.steps))
        for step in range(self.steps):
            arrays, predict = self.side_by_side([order[step] for order in orders])
            yield arrays, mx.array(np.array([key[step] for key in keys])), _squared_error(predict)

    def rmse(self, replicas: Replicas) -> np.ndarray:
        """(R,) root mean squared error on each fold's test molecules, dropout off, in the target's unit."""
        return self._rmse(replicas, self.validation)

    def val_rmse(self, replicas: Replicas) -> np.ndarray | None:
        """(R,) the same on the molecules of a hold-out that choose the epoch."""
        return self._rmse(replicas, self.choosing) if self.choosing else None

    def _rmse(self, replicas: Replicas, batches: list[tuple[Arrays, Predict]]) -> np.ndarray:
        predictions = [replicas.apply(_without_dropout(predict), arrays) for arrays, predict in batches]
        mx.eval(predictions)
        squares = np.zeros(len(self.folds))
        count = np.zeros(len(self.folds))
        for prediction, (arrays, _) in zip(predictions, batches, strict=True):
            weight = np.array(arrays["weight"], np.float64)
            error = np.array(prediction, np.float64) - np.array(arrays["label"], np.float64)
            squares += (weight * error**2).sum(axis=1)
            count += weight.sum(axis=1)
        return np.sqrt(squares / count) * [deviation for _, deviation in self.target_scales]

    def remarks(self, replicas: Replicas) -> list[dict[str, float]]:
        """What else a record says of each trained replica, as fields of `records.Fold`."""
        return [{} for _ in self.folds]

    def _in_batches(self, order: Callable[[int], np.ndarray]) -> Iterator[tuple[Arrays, Predict]]:
        """Molecules of each fold in an order, in batches that correspond over folds."""
        molecules, size = [order(fold) for fold in self.folds], self.validation_batch
        for start in range(0, max(map(len, molecules)), size):
            yield self.side_by_side([chosen[start : start + size] for chosen in molecules])

    def _random(self, fold: int, stream: int, *place: int) -> np.random.SeedSequence:
        return np.random.SeedSequence([self.spec.seed, self.spec.repeat, fold, stream, *place])


def to_device(batches: list[dict[str, np.ndarray]]) -> Arrays:
    """Arrays of several batches of one shape, stacked along a new first axis."""
    if len(batches) == 1:  # stacking costs as much as making the batch
        return {name: mx.array(values[None]) for name, values in batches[0].items()}
    return {name: mx.array(np.stack([batch[name] for batch in batches])) for name in batches[0]}


def _squared_error(predict: Predict) -> Callable:
    """Mean squared error of one model on one batch."""

    def loss(model: nn.Module, arrays: Arrays, key: mx.array) -> mx.array:
        prediction = predict(model, arrays, Noise(key))
        weight = arrays["weight"]
        error = prediction - arrays["label"]
        return (weight * error * error).sum() / mx.maximum(weight.sum(), 1)

    return loss


def _without_dropout(predict: Predict) -> Callable:
    return lambda model, arrays: predict(model, arrays, Noise(None))
