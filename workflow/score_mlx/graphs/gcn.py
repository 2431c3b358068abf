"""Graph convolutional network (Kipf & Welling 2017)."""

import mlx.core as mx
import mlx.nn as nn

from score_mlx.graphs.topology import Topology
from score_mlx.nn import Noise


class GCN(nn.Module):
    """h <- D^-1/2 (A + I) D^-1/2 (W h + b); bond features are not used.

    The bias is propagated too and the linear keeps MLX's own initialisation, both as in mlx-graphs' layer.
    """

    def __init__(self, hidden: int, bond_features: int, heads: int):
        super().__init__()
        self.linear = nn.Linear(hidden, hidden)

    def __call__(self, h: mx.array, bonds: Topology, noise: Noise) -> mx.array:
        norm = mx.rsqrt(bonds.degree + 1)  # (A, 1), the loop counted
        x = self.linear(h) * norm
        return (bonds.sum(bonds.source(x)) + x) * norm  # (A, H)
