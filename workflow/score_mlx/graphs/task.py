"""A graph network's run as a task for the training loop."""

from __future__ import annotations

from functools import reduce

import mlx.core as mx
import numpy as np

from score_mlx.graphs.batch import Batcher, Shape
from score_mlx.graphs.by_degree import ByDegree
from score_mlx.graphs.data import GraphData
from score_mlx.graphs.model import GraphModel
from score_mlx.graphs.spec import GraphSpec
from score_mlx.nn import Noise, on_cpu
from score_mlx.tasks import Arrays, FoldTask, Predict, to_device


class GraphTask(FoldTask[GraphSpec, GraphData]):
    """Training of one graph network; arguments as in `FoldTask`."""

    @staticmethod
    def fastest_replicas(spec: GraphSpec) -> int:
        return 1 if on_cpu() and spec.arch == "gt" else 5

    def prepare(self) -> None:
        data, pairs = self.data, self.spec.arch == "gt"
        self.batchers = [
            Batcher(data.graphs, data.targets, data.scaled_descriptors(fold), pairs=pairs) for fold in self.folds
        ]

    def model(self) -> GraphModel:
        graphs = self.data.graphs
        return GraphModel(
            self.spec, graphs.atoms.shape[1], graphs.bonds.shape[1], self.batchers[0].descriptors.shape[1]
        )

    def validation_order(self, fold: int) -> np.ndarray:
        """Molecules of similar size side by side, so that little is padding."""
        test = self.data.test(fold)
        return test[np.argsort(self.batchers[0].size[test], kind="stable")]

    def side_by_side(self, molecules: list[np.ndarray]) -> tuple[Arrays, Predict]:
        """One batch a fold, padded to a common shape."""
        pairs = list(zip(self.batchers, molecules, strict=True))
        shape = reduce(Shape.union, [batcher.shape(m) for batcher, m in pairs])
        return to_device([batcher.batch(m, shape).arrays for batcher, m in pairs]), _prediction(shape)


def _prediction(shape: Shape) -> Predict:
    """What a model predicts from arrays of the given shape."""

    def predict(model: GraphModel, arrays: Arrays, noise: Noise) -> mx.array:
        return model(ByDegree(arrays, shape), arrays["descriptors"], noise)

    return predict
