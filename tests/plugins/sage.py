"""GraphSAGE with sums (Hamilton et al. 2017), as somebody would add it: h <- W h + V sum of neighbours."""

import mlx.core as mx
import mlx.nn as nn
from score_mlx.models.graphs.recipe import Recipe
from score_mlx.models.graphs.topology import Topology
from score_mlx.nn import Linear, Noise, relu


class SAGE(nn.Module):
    def __init__(self, hidden: int, bond_features: int, heads: int):
        super().__init__()
        self.own, self.others = Linear(hidden, hidden), Linear(hidden, hidden)

    def __call__(self, h: mx.array, bonds: Topology, noise: Noise) -> mx.array:
        return self.own(h) + self.others(bonds.sum(bonds.source(h)))  # (A, H)


RECIPE = Recipe(SAGE, activation=relu)
