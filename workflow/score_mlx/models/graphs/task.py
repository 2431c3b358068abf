"""A graph network's run as a task for the training loop."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property, reduce

import mlx.core as mx
import numpy as np

from score_mlx.models.graphs.batch import Batcher, Shape
from score_mlx.models.graphs.compiled import layout
from score_mlx.models.graphs.data import GraphData
from score_mlx.models.graphs.in_order import InOrder
from score_mlx.models.graphs.model import GraphModel
from score_mlx.models.graphs.oversmoothing import mean_average_distance
from score_mlx.models.graphs.recipe import recipe
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.nn import Noise, on_cpu
from score_mlx.runs.records import finite
from score_mlx.training.fold_task import Arrays, FoldTask, Member, Predict, to_device
from score_mlx.training.replicas import Replicas


class GraphTask(FoldTask[GraphSpec, GraphData]):
    """Training of one graph network; arguments as in `FoldTask`."""

    @staticmethod
    def fastest_replicas(spec: GraphSpec) -> int:
        """Folds side by side that take least time a fold here: one for models of atom pairs on a CPU."""
        # what large products of pairs save is lost to padding
        return 1 if on_cpu() and recipe(spec.arch).pairs else FoldTask.fastest_replicas(spec)

    def prepare(self) -> None:
        """Make the batchers of all members, once for all epochs."""
        graphs, pairs = self.data.graphs, recipe(self.spec.arch).pairs
        self.batchers = [
            Batcher(graphs, m.labels, m.data.scaled_descriptors(m.fold), pairs=pairs) for m in self.members
        ]

    def model(self) -> GraphModel:
        """A new network, of the widths that the data's features have."""
        graphs = self.data.graphs
        return GraphModel(
            self.spec, graphs.atoms.shape[1], graphs.bonds.shape[1], self.batchers[0].descriptors.shape[1]
        )

    def validation_order(self, member: Member[GraphSpec, GraphData]) -> np.ndarray:
        """Molecules of similar size side by side, so that little is padding."""
        test = super().validation_order(member)
        return test[np.argsort(self.batchers[0].size[test], kind="stable")]

    def remarks(self, replicas: Replicas) -> list[dict[str, float | None]]:
        """The mean average distance of the test molecules' atom states: how far the atoms are from all alike."""
        parts = [replicas.apply(predict.distance, arrays) for arrays, predict in self.validation]
        total, atoms = np.sum([np.array(part, np.float64) for part in parts], axis=0).T
        return [{"mad": finite(value)} for value in total / np.maximum(atoms, 1)]

    def alone(self, place: int, molecules: np.ndarray, names: Collection[str] | None = None) -> Arrays:
        """A member's batch, of its own sizes."""
        batcher = self.batchers[place]
        own = {
            "weight": np.ones(len(molecules), np.float32),
            "label": batcher.labels[molecules],
            "descriptors": batcher.descriptors[molecules],
        }
        kept = {name: mx.array(values) for name, values in own.items() if names is None or name in names}
        return self._in_order.arrays(molecules, names) | kept

    @cached_property
    def _in_order(self) -> InOrder:
        """All molecules, for batches of any member; made when a step is recorded."""
        return InOrder(self.data.graphs)

    def predicting(self, molecules: np.ndarray) -> Prediction:
        """What a model makes of a batch of them."""
        return Prediction(self.batchers[0].shape(molecules))

    def side_by_side(self, molecules: list[np.ndarray]) -> tuple[Arrays, Predict]:
        """One batch a member, padded to a common shape."""
        pairs = list(zip(self.batchers, molecules, strict=True))
        shape = reduce(Shape.union, [batcher.shape(m) for batcher, m in pairs])
        return to_device([batcher.batch(m, shape).arrays for batcher, m in pairs]), Prediction(shape)


class Prediction:
    """What a model makes of arrays of one shape."""

    def __init__(self, shape: Shape):
        self.shape = shape

    def __call__(self, model: GraphModel, arrays: Arrays, noise: Noise) -> mx.array:
        """Predictions (B,) of one replica's batch."""
        return model(layout(arrays, self.shape), arrays["descriptors"], noise)

    def distance(self, model: GraphModel, arrays: Arrays) -> mx.array:
        """(2,): sum over atoms and number of atoms of `mean_average_distance` of the last atom states."""
        bonds = layout(arrays, self.shape)
        return mx.stack(list(mean_average_distance(model.encoder(bonds, Noise(None)), bonds)))
