"""A whole graph network from its spec: input, depth, readout, head."""

from __future__ import annotations

from collections.abc import Callable

import mlx.core as mx
import mlx.nn as nn

from score_mlx import plugins
from score_mlx.dense.networks import HEADS
from score_mlx.depth import INTEGRATORS, Depth, LearnedSteps, Plain, Relax, Residual
from score_mlx.graphs.attfp import AttFP, FrozenAttFP
from score_mlx.graphs.bond_state import BondState
from score_mlx.graphs.dmpnn import DMPNN, AtomOutput, BondStep
from score_mlx.graphs.gat import GAT
from score_mlx.graphs.gatv2 import GATv2
from score_mlx.graphs.gcn import GCN
from score_mlx.graphs.gine import GINE
from score_mlx.graphs.gt import GT
from score_mlx.graphs.mpnn import MPNN, AdditiveMPNN
from score_mlx.graphs.readout import READOUTS
from score_mlx.graphs.spec import GraphSpec
from score_mlx.graphs.topology import Topology
from score_mlx.nn import LayerNorm, Linear, Noise, leaky_relu, relu

# Block and activation of each architecture; None: the block ends in its own non-linearity.
BLOCKS: dict[str, tuple[type[nn.Module], Callable | None]] = {
    "gcn": (GCN, relu),
    "gat": (GAT, leaky_relu),
    "gatv2": (GATv2, leaky_relu),
    "gine": (GINE, relu),
    "mpnn": (MPNN, relu),
    "dmpnn": (DMPNN, None),
    "attfp": (AttFP, None),
    "gt": (GT, None),
}


class Activated(nn.Module):
    """F = act(block): the activation inside the block, where SCORE has it."""

    def __init__(self, block: nn.Module, act: Callable):
        super().__init__()
        self.block, self.act = block, act

    def __call__(self, h: mx.array, *context) -> mx.array:
        return self.act(self.block(h, *context))


class AtomEncoder(nn.Module):
    """Linear input, then depth on atom states: every model but native D-MPNN and native AttentiveFP."""

    def __init__(self, spec: GraphSpec, atom_features: int, bond_features: int):
        super().__init__()
        self.project = Linear(atom_features, spec.hidden)
        self.depth = (_native_depth if spec.native else _score_depth)(spec, bond_features)
        self.drop_last = spec.arch == "gt" and spec.native

    def __call__(self, bonds: Topology, noise: Noise) -> mx.array:
        h = self.depth(self.project(bonds.atoms), bonds, noise)
        return noise(h, bonds.atom_id) if self.drop_last else h  # (A, H)


class BondEncoder(nn.Module):
    """Native D-MPNN: depth on the states of directed bonds, dropout after each step, then one atom layer."""

    def __init__(self, spec: GraphSpec, atom_features: int, bond_features: int):
        super().__init__()
        self.start = BondState(atom_features, bond_features, spec.hidden)
        self.depth = Depth(
            lambda: BondStep(spec.hidden),
            spec.steps,
            recurrent=False,
            update=_native_update(spec),
            after=lambda h, start, bonds, noise: noise(h, bonds.bond_id),
        )
        self.output = AtomOutput(atom_features, spec.hidden)

    def __call__(self, bonds: Topology, noise: Noise) -> mx.array:
        start = self.start(bonds.atoms, bonds)  # (M, H)
        return self.output(self.depth(start, start, bonds, noise), bonds.atoms, bonds)  # (A, H)


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
            update=_native_update(spec),
            after=(lambda h, *context: leaky_relu(h)) if again else None,
        )

    def __call__(self, bonds: Topology, noise: Noise) -> mx.array:
        h = leaky_relu(self.project(bonds.atoms))  # (A, H)
        context = (bonds, noise) if self.refreshed else (self.neighbours(bonds.atoms, bonds), bonds, noise)
        return self.depth(h, *context)


class GraphModel(nn.Module):
    """Encoder -> readout -> head, one prediction a molecule.

    Args:
        spec: which architecture, configuration, readout and head.
        atom_features, bond_features, descriptors: widths F, E and D of the inputs; D = 0 without descriptors.
    """

    def __init__(self, spec: GraphSpec, atom_features: int, bond_features: int, descriptors: int = 0):
        super().__init__()
        native = {"dmpnn": BondEncoder, "attfp": AttFPEncoder}
        encoder = native.get(spec.arch, AtomEncoder) if spec.native else AtomEncoder
        self.encoder = encoder(spec, atom_features, bond_features)
        self.readout = READOUTS[spec.readout](spec.hidden)
        self.head = HEADS[spec.head](spec.hidden + descriptors)
        # [code] only native D-MPNN and AttentiveFP normalise the descriptors
        normed = descriptors and spec.fidelity == "as_code" and spec.arch in native and spec.native
        self.norm = LayerNorm(descriptors) if normed else None

    def __call__(self, bonds: Topology, descriptors: mx.array, noise: Noise) -> mx.array:
        """descriptors (B, D) -> predictions (B,)."""
        h = self.encoder(bonds, noise)  # (A, H)
        g = self.readout(h, bonds, noise)  # (B, H)
        if descriptors.shape[-1]:
            g = mx.concatenate([g, descriptors if self.norm is None else self.norm(descriptors)], axis=-1)
        return self.head(noise(g, bonds.molecule_id)).squeeze(-1)


def _block(arch: str) -> tuple[type[nn.Module], Callable | None]:
    """Block and activation, the package's or a plugin's."""
    if arch in BLOCKS:
        return BLOCKS[arch]
    module = plugins.load("arch", arch)
    return module.Block, getattr(module, "activation", None)


def _integrator(name: str) -> Callable:
    return INTEGRATORS[name] if name in INTEGRATORS else plugins.load("integrator", name).step


def _update(spec: GraphSpec) -> nn.Module:
    """base, shared: h <- y; classic: h <- LN(h + y), one norm shared over depth; others: h <- h + dt (y - h)."""
    if spec.config == "classic":
        return Residual(LayerNorm(spec.hidden))
    if spec.config in ("base", "shared"):
        return Plain()
    dt = LearnedSteps(spec.steps) if spec.learn_dt else spec.dt
    return Relax(dt, _integrator(spec.integrator))


def _native_update(spec: GraphSpec) -> nn.Module:
    """[code] The base MPNN adds its messages to the state; all other stacks as their configuration says."""
    additive = spec.arch == "mpnn" and spec.config == "base" and spec.fidelity == "as_code"
    return Residual() if additive else _update(spec)


def _native_depth(spec: GraphSpec, bond_features: int) -> Depth:
    """K stacked blocks. In the code the activation acts after each update, in the text inside the block."""
    block, act = _block(spec.arch)
    inside = spec.fidelity == "as_text" and act is not None

    def make() -> nn.Module:
        plain = block(spec.hidden, bond_features, spec.heads)
        return Activated(plain, act) if inside else plain

    outside = None if inside else act
    dropped = spec.arch == "mpnn"  # [code] after each step

    def after(h: mx.array, bonds: Topology, noise: Noise) -> mx.array:
        h = h if outside is None else outside(h)
        return noise(h, bonds.atom_id) if dropped else h

    return Depth(make, spec.steps, recurrent=False, update=_native_update(spec), after=after)


def _score_depth(spec: GraphSpec, bond_features: int) -> Depth:
    """SCORE's form, whether its blocks are one or K: the activation inside; the code adds one at the end."""
    block, act = _block(spec.arch)
    as_code = spec.fidelity == "as_code"
    if spec.arch == "mpnn" and as_code:
        block, act = AdditiveMPNN, None  # [code] F = h + MP(h), without an activation

    def make() -> nn.Module:
        plain = block(spec.hidden, bond_features, spec.heads)
        return plain if act is None else Activated(plain, act)

    def drop(h: mx.array, bonds: Topology, noise: Noise) -> mx.array:
        return noise(h, bonds.atom_id)

    final = (leaky_relu if spec.arch == "dmpnn" else relu) if as_code else None
    after = drop if spec.arch in ("mpnn", "dmpnn") and not as_code else None
    return Depth(make, spec.steps, recurrent=spec.recurrent, update=_update(spec), after=after, final=final)
