"""Graph Transformer: attention over all pairs of a molecule's atoms, bonded pairs marked (paper's code)."""

import mlx.core as mx
import mlx.nn as nn

from score_mlx.models.graphs.recipe import Recipe
from score_mlx.models.graphs.topology import Topology
from score_mlx.nn import LayerNorm, Linear, Noise, relu, scale


class GT(nn.Module):
    """Post-norm: h1 = LN(h + out), LN(h1 + FFN(h1)); a bond adds a bias to its logit, a value to its message.

    logits_ij = q_i.k_j / sqrt(width) + [bonded] (W_b e + b_b); out_i = sum_j a_ij (v_j + [bonded] (W_v e + b_v)).
    """

    def __init__(self, hidden: int, bond_features: int, heads: int):
        super().__init__()
        self.heads, self.width = heads, hidden // heads
        self.query, self.key, self.value = (Linear(hidden, hidden) for _ in range(3))
        self.output = Linear(hidden, hidden)
        self.bond_bias, self.bond_value = Linear(bond_features, heads), Linear(bond_features, hidden)
        self.inner, self.outer = Linear(hidden, 4 * hidden), Linear(4 * hidden, hidden)
        self.norm_attention, self.norm_ffn = LayerNorm(hidden), LayerNorm(hidden)

    def __call__(self, h: mx.array, bonds: Topology, noise: Noise) -> mx.array:
        """Atom states (A, H) -> atom states (A, H)."""
        attended = noise(self.output(self._attend(h, bonds, noise)), bonds.atom_id)
        h = self.norm_attention(h + attended)
        return self.norm_ffn(h + noise(self.outer(relu(self.inner(h))), bonds.atom_id))  # (A, H)

    def _attend(self, h: mx.array, bonds: Topology, noise: Noise) -> mx.array:
        q, k, v = scale(self.query(h), self.width**-0.5), self.key(h), self.value(h)  # (A, H) each
        return bonds.attend_pairs(q, k, v, self.bond_bias(bonds.bonds), self.bond_value(bonds.bonds), noise)


RECIPE = Recipe(GT, final_dropout=True, pairs=True)
