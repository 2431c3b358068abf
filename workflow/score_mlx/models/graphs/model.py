"""A whole graph network from its spec: input, depth, readout, head."""

from __future__ import annotations

import mlx.core as mx
import mlx.nn as nn

from score_mlx.depth import Depth, Residual
from score_mlx.models.dense.networks import HEADS
from score_mlx.models.graphs.readout import READOUTS
from score_mlx.models.graphs.recipe import Activation, MakeBlock, Recipe, recipe, update
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.models.graphs.topology import Topology
from score_mlx.nn import LayerNorm, Linear, Noise


class Activated(nn.Module):
    """F = act(block): the activation inside the block, where SCORE has it."""

    def __init__(self, block: nn.Module, act: Activation):
        super().__init__()
        self.block, self.act = block, act

    def __call__(self, h: mx.array, *context) -> mx.array:
        """The activated output of the block, of the shape that the block gives."""
        return self.act(self.block(h, *context))


class AtomEncoder(nn.Module):
    """Linear input, then depth on atom states: every model but those native ones that have an encoder of their own."""

    def __init__(self, spec: GraphSpec, made_of: Recipe, atom_features: int, bond_features: int):
        super().__init__()
        self.project = Linear(atom_features, spec.hidden)
        self.depth = (_native_depth if spec.native else _score_depth)(spec, made_of, bond_features)
        self.drop_last = spec.native and made_of.final_dropout

    def __call__(self, bonds: Topology, noise: Noise) -> mx.array:
        """A batch's atoms and bonds -> atom states (A, H) after K blocks."""
        h = self.depth(self.project(bonds.atoms), bonds, noise)
        return noise(h, bonds.atom_id) if self.drop_last else h  # (A, H)


class GraphModel(nn.Module):
    """Encoder -> readout -> head, one prediction a molecule.

    Args:
        spec: which architecture, configuration, readout and head.
        atom_features, bond_features, descriptors: widths F, E and D of the inputs; D = 0 without descriptors.
    """

    def __init__(self, spec: GraphSpec, atom_features: int, bond_features: int, descriptors: int = 0):
        super().__init__()
        made_of = recipe(spec.arch)
        if spec.native and made_of.encoder:
            self.encoder = made_of.encoder(spec, atom_features, bond_features)
        else:
            self.encoder = AtomEncoder(spec, made_of, atom_features, bond_features)
        self.readout = READOUTS[spec.readout](spec.hidden)
        self.head = HEADS[spec.head](spec.hidden + descriptors)
        normed = descriptors and made_of.descriptor_norm and spec.native and spec.fidelity == "as_code"
        self.norm = LayerNorm(descriptors) if normed else None

    def __call__(self, bonds: Topology, descriptors: mx.array, noise: Noise) -> mx.array:
        """descriptors (B, D) -> predictions (B,)."""
        h = self.encoder(bonds, noise)  # (A, H)
        g = self.readout(h, bonds, noise)  # (B, H)
        if descriptors.shape[-1]:
            g = mx.concatenate([g, descriptors if self.norm is None else self.norm(descriptors)], axis=-1)
        return self.head(noise(g, bonds.molecule_id)).squeeze(-1)


def _native_depth(spec: GraphSpec, made_of: Recipe, bond_features: int) -> Depth:
    """K stacked blocks. In the code the activation acts after each update, in the text inside the block."""
    inside = spec.fidelity == "as_text"
    outside = None if inside else made_of.activation

    def after(h: mx.array, bonds: Topology, noise: Noise) -> mx.array:
        h = h if outside is None else outside(h)
        return noise(h, bonds.atom_id) if made_of.step_dropout else h

    additive = made_of.additive and spec.config == "base" and spec.fidelity == "as_code"
    joined = Residual() if additive else update(spec)
    make = _maker(spec, bond_features, made_of.block, made_of.activation if inside else None)
    return Depth(make, spec.steps, recurrent=False, update=joined, after=after)


def _score_depth(spec: GraphSpec, made_of: Recipe, bond_features: int) -> Depth:
    """SCORE's form, whether its blocks are one or K: the activation inside; the code adds one at the end."""
    as_code = spec.fidelity == "as_code"
    block, act = made_of.block, made_of.activation
    if as_code and made_of.score_block:
        block, act = made_of.score_block, None

    def drop(h: mx.array, bonds: Topology, noise: Noise) -> mx.array:
        return noise(h, bonds.atom_id)

    after = drop if made_of.step_dropout and not as_code else None
    final = made_of.final if as_code else None
    make = _maker(spec, bond_features, block, act)
    return Depth(make, spec.steps, recurrent=spec.recurrent, update=update(spec), after=after, final=final)


def _maker(spec: GraphSpec, bond_features: int, block: MakeBlock, act: Activation | None):
    """What `Depth` makes its blocks with, the activation inside them if there is one."""

    def make() -> nn.Module:
        plain = block(spec.hidden, bond_features, spec.heads)
        return plain if act is None else Activated(plain, act)

    return make
