"""Graph Transformer: attention over all pairs of a molecule's atoms, bonded pairs marked (paper's code)."""

import mlx.core as mx
import mlx.nn as nn

from score_mlx.graphs.topology import Topology
from score_mlx.nn import Linear, Noise, relu, softmax


class GT(nn.Module):
    """Post-norm: h1 = LN(h + out), LN(h1 + FFN(h1)); a bond adds a bias to its logit, a value to its message.

    logits_ij = q_i.k_j / sqrt(width) + [bonded] (W_b e + b_b); out_i = sum_j a_ij (v_j + [bonded] (W_v e + b_v)).
    The bond terms are linear in [1, e] (`Topology.between`), so the value term needs only sum_j a_ij [1, e_ij].
    """

    def __init__(self, hidden: int, bond_features: int, heads: int):
        super().__init__()
        self.heads, self.width = heads, hidden // heads
        self.query, self.key, self.value = (Linear(hidden, hidden) for _ in range(3))
        self.output = Linear(hidden, hidden)
        self.bond_bias, self.bond_value = Linear(bond_features, heads), Linear(bond_features, hidden)
        self.inner, self.outer = Linear(hidden, 4 * hidden), Linear(4 * hidden, hidden)
        self.norm_attention, self.norm_ffn = nn.LayerNorm(hidden), nn.LayerNorm(hidden)

    def __call__(self, h: mx.array, bonds: Topology, noise: Noise) -> mx.array:
        attended = noise(self.output(self._attend(h, bonds, noise)), bonds.atom_id)
        h = self.norm_attention(h + attended)
        return self.norm_ffn(h + noise(self.outer(relu(self.inner(h))), bonds.atom_id))  # (A, H)

    def _attend(self, h: mx.array, bonds: Topology, noise: Noise) -> mx.array:
        scale = self.width**-0.5
        q, k, v = (bonds.by_head(x, self.heads) for x in (self.query(h) * scale, self.key(h), self.value(h)))
        attention = softmax(q @ k.swapaxes(-1, -2) + self._bias(bonds.between))  # (B, heads, n, n)
        attention = noise(attention, bonds.pair_id, axis=1)
        marks = mx.split(bonds.between, bonds.between.shape[1], axis=1)[:-1]  # E + 1 of (B, 1, n, n)
        marked = mx.stack([(attention * mark).sum(axis=-1) for mark in marks], axis=-1)  # (B, heads, n, E + 1)
        value = _with_bias(self.bond_value).reshape(-1, self.heads, self.width).swapaxes(0, 1)  # (heads, E + 1, width)
        return bonds.from_heads(attention @ v + marked @ value)  # (A, H)

    def _bias(self, between: mx.array) -> mx.array:
        """(B, E + 2, n, n) -> (B, heads, n, n): a bond's bias, and minus infinity, nearly, where there is no atom j."""
        molecules, columns, n, _ = between.shape
        weight = mx.concatenate([_with_bias(self.bond_bias), mx.full((1, self.heads), -1e9)], axis=0)
        return (weight.T @ between.reshape(molecules, columns, n * n)).reshape(molecules, self.heads, n, n)


def _with_bias(linear: Linear) -> mx.array:
    """Bias and weight as one matrix that acts on [1, e]: (E + 1, outputs)."""
    return mx.concatenate([linear.bias[None], linear.weight.T], axis=0)
