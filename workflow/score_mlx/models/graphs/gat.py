"""Graph attention network with bond features (Velickovic et al. 2018; bond term as in PyTorch Geometric)."""

import mlx.core as mx
import mlx.nn as nn

from score_mlx.models.graphs.recipe import Recipe
from score_mlx.models.graphs.topology import Topology
from score_mlx.nn import Linear, Noise, add_bias, glorot, head_dots, leaky_relu, linear


class GAT(nn.Module):
    """Attention by logits a_s.x_j + a_d.x_i + a_e.(W_e e) with x = W h, heads concatenated, no self loops."""

    def __init__(self, hidden: int, bond_features: int, heads: int):
        super().__init__()
        self.heads, self.width = heads, hidden // heads
        self.linear = Linear(hidden, hidden, bias=False)
        self.embed_bond = Linear(bond_features, hidden, bias=False)
        self.attend_source = glorot(1, heads, self.width)
        self.attend_target = glorot(1, heads, self.width)
        self.attend_bond = glorot(1, heads, self.width)
        self.bias = mx.zeros((hidden,))

    def __call__(self, h: mx.array, bonds: Topology, noise: Noise) -> mx.array:
        """Atom states (A, H) -> atom states (A, H), without the activation."""
        x = self.linear(h)  # (A, H)
        bond = head_dots(self.embed_bond.weight.T, self.attend_bond)  # (E, heads); few features of many bonds
        logits = bonds.combine(
            source=head_dots(x, self.attend_source),
            target=head_dots(x, self.attend_target),
            bond=linear(bonds.bonds, bond.T),
            slope=0.2,
        )  # (M, heads)
        attention = noise(bonds.softmax(logits), bonds.bond_id)
        return add_bias(bonds.attend(x, attention), self.bias)  # (A, H)


RECIPE = Recipe(GAT, leaky_relu)
