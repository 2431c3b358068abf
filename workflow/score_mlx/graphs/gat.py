"""Graph attention network with bond features (Velickovic et al. 2018; bond term as in PyTorch Geometric)."""

import mlx.core as mx
import mlx.nn as nn

from score_mlx.graphs.topology import Topology
from score_mlx.nn import Linear, Noise, attention_leaky, glorot


class GAT(nn.Module):
    """Attention by logits a_s.x_j + a_d.x_i + a_e.(W_e e) with x = W h, heads concatenated, no self loops.

    The logits are linear in h, so the attention vectors are multiplied into W once instead of with each atom.
    """

    def __init__(self, hidden: int, bond_features: int, heads: int):
        super().__init__()
        self.heads, self.width = heads, hidden // heads
        self.linear = Linear(hidden, hidden, bias=False)
        self.embed_bond = Linear(bond_features, hidden, bias=False)
        self.attend_source = glorot(1, heads, self.width)
        self.attend_target = glorot(1, heads, self.width)
        self.attend_bond = glorot(1, heads, self.width)
        self.bias = mx.zeros((hidden,))

    def _logits(self, inputs: mx.array, weight: mx.array, vectors: mx.array) -> mx.array:
        """a.(W x) per head and vector, as x (W^T a): (rows, F), vectors (V, heads, width) -> (rows, V heads)."""
        per_head = weight.reshape(self.heads, self.width, -1) * vectors[..., None]  # (V, heads, width, F)
        return inputs @ per_head.sum(axis=2).reshape(-1, inputs.shape[-1]).T

    def __call__(self, h: mx.array, bonds: Topology, noise: Noise) -> mx.array:
        both = mx.concatenate([self.attend_source, self.attend_target])
        as_source, as_target = mx.split(self._logits(h, self.linear.weight, both), 2, axis=-1)  # (A, heads) each
        of_bond = self._logits(bonds.bonds, self.embed_bond.weight, self.attend_bond)
        logits = bonds.source(as_source) + bonds.target(as_target) + of_bond  # (M, heads)
        attention = noise(bonds.softmax(attention_leaky(logits)), bonds.bond_id)
        messages = bonds.source(self.linear(h)).reshape(-1, self.heads, self.width) * attention[..., None]
        return bonds.sum(messages.reshape(-1, self.heads * self.width)) + self.bias  # (A, H)
