"""A first state for directed bonds, which D-MPNN starts from and AttentiveFP attends to."""

import mlx.core as mx
import mlx.nn as nn

from score_mlx.graphs.topology import Topology
from score_mlx.nn import Linear, leaky_relu


class BondState(nn.Module):
    """leaky(W [x_source, e] + b): (A, F) -> (M, H). W's atom part acts on atoms before they are gathered."""

    def __init__(self, atom_features: int, bond_features: int, hidden: int):
        super().__init__()
        whole = Linear(atom_features + bond_features, hidden)
        self.atom, self.bond = mx.split(whole.weight, [atom_features], axis=1)
        self.bias = whole.bias

    def __call__(self, x: mx.array, bonds: Topology) -> mx.array:
        return leaky_relu(bonds.source(x @ self.atom.T + self.bias) + bonds.bonds @ self.bond.T)
