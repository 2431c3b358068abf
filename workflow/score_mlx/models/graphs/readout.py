"""From atom states to one vector a molecule."""

import mlx.core as mx
import mlx.nn as nn

from score_mlx.models.graphs.topology import Topology
from score_mlx.nn import GRUCell, Linear, Noise, elu, leaky_relu, linear


class SumPool(nn.Module):
    """The sum of a molecule's atom states: the paper's models without MolAttFP."""

    def __init__(self, hidden: int):
        super().__init__()

    def __call__(self, h: mx.array, bonds: Topology, noise: Noise) -> mx.array:
        """Atom states (A, H) -> one vector a molecule (B, H)."""
        return bonds.pool(h)  # (B, H)


class MolAttFP(nn.Module):
    """AttentiveFP's molecule layer (Xiong et al. 2020), which the paper gives to every model.

    g = leaky(sum_v h_v); `steps` times, with shared weights: a = softmax_v leaky(w [g, h_v]),
    c = elu(sum_v a_v W dropout(h_v)), g = leaky(GRU(c, g)). The a_v sum to 1, so W and its bias act after the sum.
    """

    def __init__(self, hidden: int, steps: int = 2):
        super().__init__()
        self.steps = steps
        align = Linear(2 * hidden, 1)
        self.align_molecule, self.align_atom = mx.split(align.weight, 2, axis=1)
        self.align_bias = align.bias
        self.attend = Linear(hidden, hidden)
        self.gru = GRUCell(hidden, hidden)

    def __call__(self, h: mx.array, bonds: Topology, noise: Noise) -> mx.array:
        """Atom states (A, H) -> one vector a molecule (B, H)."""
        g = leaky_relu(bonds.pool(h))  # (B, H)
        from_atom = linear(h, self.align_atom, self.align_bias)  # (A, 1)
        for _ in range(self.steps):
            logits = leaky_relu(bonds.spread(linear(g, self.align_molecule)) + from_atom)
            attention = bonds.softmax_molecule(logits)  # (A, 1)
            context = elu(self.attend(bonds.pool(noise(h, bonds.atom_id), attention)))
            g = leaky_relu(self.gru(context, g))
        return g


READOUTS = {"molattfp": MolAttFP, "sum": SumPool}
