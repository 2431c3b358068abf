"""A first state for directed bonds, which D-MPNN starts from and AttentiveFP attends to."""

import mlx.core as mx
import mlx.nn as nn

from score_mlx.models.graphs.topology import Topology
from score_mlx.nn import Linear, linear


class BondState(nn.Module):
    """leaky(W [x_source, e] + b): (A, F) -> (M, H). W's atom part acts on atoms before they are gathered."""

    def __init__(self, atom_features: int, bond_features: int, hidden: int):
        super().__init__()
        whole = Linear(atom_features + bond_features, hidden)
        self.atom, self.bond = mx.split(whole.weight, [atom_features], axis=1)
        self.bias = whole.bias

    def __call__(self, x: mx.array, bonds: Topology) -> mx.array:
        """x (A, F) of the source atoms, with the batch's bond features (M, E) -> (M, H)."""
        return bonds.combine(source=linear(x, self.atom, self.bias), bond=linear(bonds.bonds, self.bond), slope=0.01)
