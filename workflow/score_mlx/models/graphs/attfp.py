"""AttentiveFP's atom layers (Xiong et al. 2020); its molecule layer, MolAttFP, is in `readout.py`."""

import mlx.core as mx
import mlx.nn as nn

from score_mlx.depth import Depth
from score_mlx.models.graphs.bond_state import BondState
from score_mlx.models.graphs.recipe import Recipe, update
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.models.graphs.topology import Topology
from score_mlx.nn import GRUCell, Linear, Noise, add_bias, elu, leaky_relu, linear


class FrozenAttFP(nn.Module):
    """y = leaky(GRU(elu(sum_j alpha_j W dropout(n_j)), h)), alpha = softmax_j leaky(align [h_i, n_j]), n given.

    W commutes with the weighted sum; its bias counts once for each atom that has a neighbour.
    """

    def __init__(self, hidden: int, bond_features: int, heads: int):
        super().__init__()
        align = Linear(2 * hidden, 1)
        self.align_state, self.align_neighbour = mx.split(align.weight, 2, axis=1)
        self.align_bias = align.bias
        self.attend = Linear(hidden, hidden)
        self.gru = GRUCell(hidden, hidden)

    def __call__(self, h: mx.array, neighbours: mx.array, bonds: Topology, noise: Noise) -> mx.array:
        """Atom states (A, H), states of each message's source (M, H) -> atom states (A, H)."""
        of_state = linear(h, self.align_state, self.align_bias)
        logits = bonds.combine(target=of_state, bond=linear(neighbours, self.align_neighbour), slope=0.01)  # (M, 1)
        total = bonds.weigh(noise(neighbours, bonds.bond_id), bonds.softmax(logits))  # (A, H)
        context = elu(add_bias(linear(total, self.attend.weight), self.attend.bias, bonds.bonded))
        return leaky_relu(self.gru(context, h))


class AttFP(nn.Module):
    """The same with neighbours computed from the present state: what the text describes and SCORE iterates."""

    def __init__(self, hidden: int, bond_features: int, heads: int):
        super().__init__()
        self.neighbours = BondState(hidden, bond_features, hidden)
        self.layer = FrozenAttFP(hidden, bond_features, heads)

    def __call__(self, h: mx.array, bonds: Topology, noise: Noise) -> mx.array:
        """Atom states (A, H) -> atom states (A, H)."""
        return self.layer(h, self.neighbours(h, bonds), bonds, noise)


class AttFPEncoder(nn.Module):
    """Native AttentiveFP. In the code neighbours are computed once, from the raw features, and never refreshed."""

    def __init__(self, spec: GraphSpec, atom_features: int, bond_features: int):
        super().__init__()
        self.refreshed = spec.fidelity == "as_text"
        self.project = Linear(atom_features, spec.hidden)
        if not self.refreshed:
            self.neighbours = BondState(atom_features, bond_features, spec.hidden)
        layer = AttFP if self.refreshed else FrozenAttFP
        # base takes the layer's output as it is; classic and skip05 apply the activation again [code]
        again = spec.config != "base" and not self.refreshed
        self.depth = Depth(
            lambda: layer(spec.hidden, bond_features, spec.heads),
            spec.steps,
            recurrent=False,
            update=update(spec),
            after=(lambda h, *context: leaky_relu(h)) if again else None,
        )

    def __call__(self, bonds: Topology, noise: Noise) -> mx.array:
        """A batch's atoms and bonds -> atom states (A, H) after K layers."""
        h = leaky_relu(self.project(bonds.atoms))  # (A, H)
        context = (bonds, noise) if self.refreshed else (self.neighbours(bonds.atoms, bonds), bonds, noise)
        return self.depth(h, *context)


RECIPE = Recipe(AttFP, encoder=AttFPEncoder, descriptor_norm=True)
