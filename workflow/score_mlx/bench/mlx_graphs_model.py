"""The benchmark's models with mlx-graphs' own layers and scatter; readout and head are ours on its edge list."""

from __future__ import annotations

import mlx.core as mx
import mlx.nn as nn
import numpy as np
from mlx_graphs.nn import GATConv, GATv2Conv, GCNConv, GINConv

from score_mlx.models.dense.networks import ScoreMLP
from score_mlx.models.graphs.edge_list import EdgeList
from score_mlx.models.graphs.readout import MolAttFP
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.models.graphs.task import GraphTask
from score_mlx.nn import Noise, leaky_relu, relu
from score_mlx.training.fold_task import Arrays, Predict, to_device


def _gine(hidden: int, bonds: int) -> nn.Module:
    inner = nn.Sequential(nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, hidden))
    return GINConv(inner, node_features_dim=hidden, edge_features_dim=bonds)


LAYERS = {
    "gcn": (lambda hidden, bonds, heads: GCNConv(hidden, hidden, add_self_loops=True), relu),
    "gat": (lambda hidden, bonds, heads: GATConv(hidden, hidden // heads, heads, edge_features_dim=bonds), leaky_relu),
    "gatv2": (
        lambda hidden, bonds, heads: GATv2Conv(hidden, hidden // heads, heads, edge_features_dim=bonds),
        leaky_relu,
    ),
    "gine": (lambda hidden, bonds, heads: _gine(hidden, bonds), relu),
}


class MlxGraphsModel(nn.Module):
    """Base or SCORE form of an architecture that mlx-graphs has a layer for."""

    def __init__(self, spec: GraphSpec, atoms: int, bonds: int):
        super().__init__()
        make, self.act = LAYERS[spec.arch]
        self.steps, self.recurrent, self.arch = spec.steps, spec.recurrent, spec.arch
        self.project = nn.Linear(atoms, spec.hidden)
        self.blocks = [make(spec.hidden, bonds, spec.heads) for _ in range(1 if spec.recurrent else spec.steps)]
        self.readout, self.head = MolAttFP(spec.hidden), ScoreMLP(spec.hidden)

    def __call__(self, edges: mx.array, bonds: EdgeList, noise: Noise) -> mx.array:
        """Predictions (B,) of a batch's B molecules; edges (2, E) hold the source and target atom of each bond."""
        h = self.project(bonds.atoms)
        extra = () if self.arch == "gcn" else (bonds.bonds,)
        for t in range(self.steps):
            y = self.act(self.blocks[t % len(self.blocks)](edges, h, *extra))
            h = h + (y - h) / self.steps if self.recurrent else y
        h = relu(h) if self.recurrent else h
        return self.head(noise(self.readout(h, bonds, noise), bonds.molecule_id)).squeeze(-1)


class MlxGraphsTask(GraphTask):
    """Its training with our loop, one fold at a time: its scatter has no rule for side by side."""

    recordable = False

    def model(self) -> MlxGraphsModel:
        """A new model, of the widths that the data's features have."""
        return MlxGraphsModel(self.spec, self.data.graphs.atoms.shape[1], self.data.graphs.bonds.shape[1])

    def side_by_side(self, molecules: list[np.ndarray]) -> tuple[Arrays, Predict]:
        """The first replica's batch, its edges (2, E) included, and the function that predicts from it."""
        batch = self.batchers[0].batch(molecules[0])
        edges = np.stack([batch.arrays["source"], batch.arrays["target"]])

        def predict(model: MlxGraphsModel, arrays: Arrays, noise: Noise) -> mx.array:
            return model(arrays["edges"], EdgeList(arrays, batch.shape), noise)

        return to_device([batch.arrays | {"edges": edges}]), predict
