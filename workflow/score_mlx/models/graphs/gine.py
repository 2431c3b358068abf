"""Graph isomorphism network with bond features (Hu et al. 2020, equation 2)."""

import mlx.core as mx
import mlx.nn as nn

from score_mlx.models.graphs.recipe import Recipe
from score_mlx.models.graphs.topology import Topology
from score_mlx.nn import Linear, Noise, relu


class GINE(nn.Module):
    """h <- MLP((1 + epsilon) h_i + sum_j relu(h_j + W e + b)); epsilon = 0 as in the paper's code."""

    def __init__(self, hidden: int, bond_features: int, heads: int):
        super().__init__()
        self.embed_bond = Linear(bond_features, hidden)
        self.inner, self.outer = Linear(hidden, hidden), Linear(hidden, hidden)

    def __call__(self, h: mx.array, bonds: Topology, noise: Noise) -> mx.array:
        """Atom states (A, H) -> atom states (A, H), without the activation."""
        messages = bonds.combine(source=h, bond=self.embed_bond(bonds.bonds), slope=0)  # (M, H)
        return self.outer(relu(self.inner(h + bonds.sum(messages))))  # (A, H)


RECIPE = Recipe(GINE, relu)
