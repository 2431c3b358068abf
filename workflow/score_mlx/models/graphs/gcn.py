"""Graph convolutional network (Kipf & Welling 2017)."""

import mlx.core as mx
import mlx.nn as nn

from score_mlx.models.graphs.recipe import Recipe
from score_mlx.models.graphs.topology import Topology
from score_mlx.nn import Noise, linear, relu


class GCN(nn.Module):
    """h <- D^-1/2 (A + I) D^-1/2 (W h + b); bond features are not used.

    The bias is propagated too and the linear keeps MLX's own initialisation, both as in mlx-graphs' layer.
    """

    def __init__(self, hidden: int, bond_features: int, heads: int):
        super().__init__()
        self.linear = nn.Linear(hidden, hidden)

    def __call__(self, h: mx.array, bonds: Topology, noise: Noise) -> mx.array:
        """Atom states (A, H) -> atom states (A, H), without the activation."""
        return bonds.smooth(linear(h, self.linear.weight, self.linear.bias))  # (A, H)


RECIPE = Recipe(GCN, relu)
