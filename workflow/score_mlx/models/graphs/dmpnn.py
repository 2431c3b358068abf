"""Directed message passing (Yang et al. 2019, Chemprop): state on directed bonds, none sent straight back."""

import mlx.core as mx
import mlx.nn as nn

from score_mlx.depth import Depth
from score_mlx.models.graphs.bond_state import BondState
from score_mlx.models.graphs.recipe import Recipe, update
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.models.graphs.topology import Topology
from score_mlx.nn import Linear, Noise, leaky_relu


class BondStep(nn.Module):
    """y = leaky(W_h m + h0) with m_vw = sum of the messages into v, less the one from w: (M, H) -> (M, H)."""

    def __init__(self, hidden: int):
        super().__init__()
        self.linear = Linear(hidden, hidden)

    def __call__(self, messages: mx.array, start: mx.array, bonds: Topology, noise: Noise) -> mx.array:
        """Bond states and first states h0, both (M, H) -> bond states (M, H)."""
        m = bonds.others(messages)
        return leaky_relu(self.linear(m) + start)


class AtomOutput(nn.Module):
    """h_v = leaky(W_o [sum of the messages into v, x_v]): (M, H), (A, F) -> (A, H)."""

    def __init__(self, atom_features: int, hidden: int):
        super().__init__()
        self.linear = Linear(hidden + atom_features, hidden)

    def __call__(self, messages: mx.array, x: mx.array, bonds: Topology) -> mx.array:
        """Bond states (M, H), atom features x (A, F) -> atom states (A, H)."""
        return leaky_relu(self.linear(mx.concatenate([bonds.sum(messages), x], axis=-1)))


class DMPNN(nn.Module):
    """A whole D-MPNN of depth 1 as one block on atoms: start, one step, atom output; SCORE's F [code]."""

    def __init__(self, hidden: int, bond_features: int, heads: int):
        super().__init__()
        self.start = BondState(hidden, bond_features, hidden)
        self.step = BondStep(hidden)
        self.output = AtomOutput(hidden, hidden)

    def __call__(self, h: mx.array, bonds: Topology, noise: Noise) -> mx.array:
        """Atom states (A, H) -> atom states (A, H)."""
        start = self.start(h, bonds)
        return self.output(self.step(start, start, bonds, noise), h, bonds)


class BondEncoder(nn.Module):
    """Native D-MPNN: depth on the states of directed bonds, dropout after each step, then one atom layer."""

    def __init__(self, spec: GraphSpec, atom_features: int, bond_features: int):
        super().__init__()
        self.start = BondState(atom_features, bond_features, spec.hidden)
        self.depth = Depth(
            lambda: BondStep(spec.hidden),
            spec.steps,
            recurrent=False,
            update=update(spec),
            after=lambda h, start, bonds, noise: noise(h, bonds.bond_id),
        )
        self.output = AtomOutput(atom_features, spec.hidden)

    def __call__(self, bonds: Topology, noise: Noise) -> mx.array:
        """A batch's atoms and bonds -> atom states (A, H) after K steps on bond states."""
        start = self.start(bonds.atoms, bonds)  # (M, H)
        return self.output(self.depth(start, start, bonds, noise), bonds.atoms, bonds)  # (A, H)


RECIPE = Recipe(DMPNN, final=leaky_relu, step_dropout=True, encoder=BondEncoder, descriptor_norm=True)
