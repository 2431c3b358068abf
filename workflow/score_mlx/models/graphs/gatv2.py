"""GATv2 (Brody et al. 2022) in the paper's code's form."""

import mlx.core as mx
import mlx.nn as nn

from score_mlx.models.graphs.recipe import Recipe
from score_mlx.models.graphs.topology import Topology
from score_mlx.nn import Linear, Noise, add_bias, glorot, head_dots, leaky_relu, linear


class GATv2(nn.Module):
    """Logits a.leaky(V [x_i, x_j, W_e e]) with x = W h shared by source and target; message alpha x_j; no self loops.

    V acts on the concatenation, so it is stored as three matrices and applied to atoms before they are gathered:
    the same numbers for a third of the work.
    """

    def __init__(self, hidden: int, bond_features: int, heads: int):
        super().__init__()
        self.heads, self.width = heads, hidden // heads
        self.linear = Linear(hidden, hidden, bias=False)
        self.embed_bond = Linear(bond_features, hidden, bias=False)
        self.mix_source, self.mix_target, self.mix_bond = mx.split(glorot(hidden, 3 * hidden), 3, axis=1)
        self.attend = glorot(1, heads, self.width)
        self.bias = mx.zeros((hidden,))

    def __call__(self, h: mx.array, bonds: Topology, noise: Noise) -> mx.array:
        """Atom states (A, H) -> atom states (A, H), without the activation."""
        x = self.linear(h)  # (A, H)
        bond = linear(bonds.bonds, linear(self.mix_bond, self.embed_bond.weight.T))
        from_source, from_target = linear(x, self.mix_source), linear(x, self.mix_target)
        mixed = bonds.combine(source=from_source, target=from_target, bond=bond, slope=0.2)  # (M, H)
        attention = noise(bonds.softmax(head_dots(mixed, self.attend)), bonds.bond_id)  # (M, heads)
        return add_bias(bonds.attend(x, attention), self.bias)  # (A, H)


RECIPE = Recipe(GATv2, leaky_relu)
