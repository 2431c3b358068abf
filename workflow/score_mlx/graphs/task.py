"""A graph run as a task for the training loop: models, batches and validation of several folds side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import reduce

import mlx.core as mx
import numpy as np

from score_mlx.graphs.batch import Batch, Batcher, Shape
from score_mlx.graphs.by_degree import ByDegree
from score_mlx.graphs.data import GraphData
from score_mlx.graphs.model import GraphModel
from score_mlx.nn import Noise, on_cpu
from score_mlx.replicas import Replicas
from score_mlx.spec import GraphSpec

# Streams of random numbers, each derived from (seed, repeat, fold, stream, ...), so that no fold, epoch or resumed run
# depends on what was drawn before.
INITIALISE, ORDER, DROPOUT = range(3)

VALIDATION_BATCH = 64  # molecules of similar size, so that little is padding


def fastest_replicas(spec: GraphSpec) -> int:
    """Folds to train side by side, as measured: on a GPU five cost about what one does, on a CPU dispatch is saved."""
    return 1 if on_cpu() and spec.arch == "gt" else 5


def steps(data: GraphData, fold: int, batch_size: int) -> int:
    """Training batches of a fold; the last one may be smaller."""
    return -(-len(data.train(fold)) // batch_size)


class GraphTask:
    """Training of one spec on the folds of one group.

    Args:
        spec, data: what is trained, on what.
        folds: the folds that train side by side, one replica each.
    """

    def __init__(self, spec: GraphSpec, data: GraphData, folds: list[int]):
        self.spec, self.data, self.folds, self.epochs = spec, data, folds, spec.epochs
        pairs = spec.arch == "gt"
        self.batchers = [
            Batcher(data.graphs, data.targets, data.scaled_descriptors(fold), pairs=pairs) for fold in folds
        ]
        self.steps = steps(data, folds[0], spec.batch_size)
        if any(steps(data, fold, spec.batch_size) != self.steps for fold in folds):
            raise ValueError(f"folds {folds} have different numbers of batches and cannot train side by side")
        self._validation = [(_to_device(batches), batches[0].shape) for batches in self._validation_batches()]

    def _random(self, fold: int, stream: int, *place: int) -> np.random.SeedSequence:
        return np.random.SeedSequence([self.spec.seed, self.spec.repeat, fold, stream, *place])

    def replicas(self) -> Replicas:
        """One freshly initialised model a fold."""
        width = self.batchers[0].descriptors.shape[1]
        models = []
        for fold in self.folds:
            mx.random.seed(int(self._random(fold, INITIALISE).generate_state(1)[0]))
            graphs = self.data.graphs
            models.append(GraphModel(self.spec, graphs.atoms.shape[1], graphs.bonds.shape[1], width))
        return Replicas(models, self.spec.learning_rate)

    def batches(self, epoch: int) -> Iterator[tuple[dict[str, mx.array], mx.array, Callable]]:
        """The epoch's steps; the last, smaller batch is kept."""
        size = self.spec.batch_size
        orders, keys = [], []
        for fold in self.folds:
            order = np.random.default_rng(self._random(fold, ORDER, epoch)).permutation(self.data.train(fold))
            orders.append(np.array_split(order, range(size, len(order), size)))
            keys.append(self._random(fold, DROPOUT, epoch).generate_state(self.steps))
        for step in range(self.steps):
            batches = self._side_by_side([order[step] for order in orders])
            noise = mx.array(np.array([key[step] for key in keys]))
            yield _to_device(batches), noise, _squared_error(batches[0].shape)

    def rmse(self, replicas: Replicas) -> np.ndarray:
        """(R,) root mean squared error on each fold's test molecules, dropout off."""
        predictions = [replicas.apply(_prediction(shape), arrays) for arrays, shape in self._validation]
        mx.eval(predictions)
        squares = np.zeros(len(self.folds))
        count = np.zeros(len(self.folds))
        for prediction, (arrays, _) in zip(predictions, self._validation, strict=True):
            weight = np.array(arrays["weight"], np.float64)
            error = np.array(prediction, np.float64) - np.array(arrays["label"], np.float64)
            squares += (weight * error**2).sum(axis=1)
            count += weight.sum(axis=1)
        return np.sqrt(squares / count)

    def _validation_batches(self) -> Iterator[list[Batch]]:
        """Test molecules of each fold, sorted by size, in batches that correspond over folds."""
        tests = []
        for fold, batcher in zip(self.folds, self.batchers, strict=True):
            test = self.data.test(fold)
            tests.append(test[np.argsort(batcher.size[test], kind="stable")])
        for start in range(0, max(len(test) for test in tests), VALIDATION_BATCH):
            yield self._side_by_side([test[start : start + VALIDATION_BATCH] for test in tests])

    def _side_by_side(self, molecules: list[np.ndarray]) -> list[Batch]:
        """One batch a replica, padded to a common shape."""
        shapes = [batcher.shape(m) for batcher, m in zip(self.batchers, molecules, strict=True)]
        shape = reduce(Shape.union, shapes)
        return [batcher.batch(m, shape) for batcher, m in zip(self.batchers, molecules, strict=True)]


def _to_device(batches: list[Batch]) -> dict[str, mx.array]:
    """Arrays of several batches of one shape, stacked along a new first axis."""
    return {name: mx.array(np.stack([b.arrays[name] for b in batches])) for name in batches[0].arrays}


def _squared_error(shape: Shape) -> Callable:
    """Mean squared error of one model on one batch of the given shape."""

    def loss(model: GraphModel, arrays: dict[str, mx.array], key: mx.array) -> mx.array:
        prediction = model(ByDegree(arrays, shape), arrays["descriptors"], Noise(key))
        weight = arrays["weight"]
        error = prediction - arrays["label"]
        return (weight * error * error).sum() / mx.maximum(weight.sum(), 1)

    return loss


def _prediction(shape: Shape) -> Callable:
    def predict(model: GraphModel, arrays: dict[str, mx.array]) -> mx.array:
        return model(ByDegree(arrays, shape), arrays["descriptors"], Noise(None))

    return predict
