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
        q, k, v = (self._by_head(bonds.pairs(linear(h))) for linear in (self.query, self.key, self.value))
        scale = mx.array(self.width**-0.5)
        logits = (q * scale) @ k.swapaxes(-1, -2)  # (B, heads, n, n)
        bias = bonds.between @ _with_bias(self.bond_bias)  # (B, n, n, heads)
        logits = logits + bias.transpose(0, 3, 1, 2) - 1e9 * (1 - bonds.occupied)[:, None, None, :]
        attention = softmax(logits)
        if noise.key is not None:
            # heads as columns, so that each pair and head has a name of its own: (B, n, n, heads)
            attention = noise(attention.transpose(0, 2, 3, 1), bonds.pair_id).transpose(0, 3, 1, 2)
        out = attention @ v  # (B, heads, n, width)
        marked = mx.stack(
            [(attention * column[:, None]).sum(axis=-1) for column in _columns(bonds.between)], axis=-1
        )  # (B, heads, n, E + 1)
        value = _with_bias(self.bond_value).reshape(-1, self.heads, self.width).swapaxes(0, 1)  # (heads, E + 1, width)
        out = (out + marked @ value).transpose(0, 2, 1, 3)  # (B, n, heads, width)
        return bonds.flat(out.reshape(*out.shape[:2], -1))

    def _by_head(self, x: mx.array) -> mx.array:
        """(B, n, H) -> (B, heads, n, width)."""
        return x.reshape(*x.shape[:2], self.heads, self.width).transpose(0, 2, 1, 3)


def _with_bias(linear: Linear) -> mx.array:
    """Bias and weight as one matrix that acts on [1, e]: (E + 1, outputs)."""
    return mx.concatenate([linear.bias[None], linear.weight.T], axis=0)


def _columns(x: mx.array) -> list[mx.array]:
    return [column.squeeze(-1) for column in mx.split(x, x.shape[-1], axis=-1)]
