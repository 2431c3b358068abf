"""Trained numbers of a graph network from its spec alone: without MLX, so that a dry-run can ask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from score_mlx.models.graphs.spec import ARCHS, GraphSpec
from score_mlx.system.errors import UserError, unknown

FEATURES = {"rigr_author": (66, 1), "rigr_chemprop": (52, 2)}  # of an atom and of a bond, as `chem.features` has them
DESCRIPTORS = 217


def _linear(inputs: int, outputs: int) -> int:
    return inputs * outputs + outputs


def _attend(h: int) -> int:
    """AttentiveFP's layer without its neighbours, also the molecule's: align, attend, GRU."""
    return _linear(2 * h, 1) + _linear(h, h) + 2 * _linear(h, 3 * h)


def _gt(h: int, bond: int, heads: int) -> int:
    attention = 4 * _linear(h, h) + _linear(bond, heads) + _linear(bond, h)
    return attention + _linear(h, 4 * h) + _linear(4 * h, h) + 2 * 2 * h


# One block on atom states: (hidden, features of a bond, heads) -> numbers.
BLOCKS: dict[str, Callable[[int, int, int], int]] = {
    "gcn": lambda h, bond, heads: _linear(h, h),
    "gat": lambda h, bond, heads: h * h + bond * h + 4 * h,
    "gatv2": lambda h, bond, heads: 4 * h * h + bond * h + 2 * h,
    "gine": lambda h, bond, heads: _linear(bond, h) + 2 * _linear(h, h),
    "mpnn": lambda h, bond, heads: _linear(2 * h + bond, h) + _linear(h, h),
    "dmpnn": lambda h, bond, heads: _linear(h + bond, h) + _linear(h, h) + _linear(2 * h, h),
    "attfp": lambda h, bond, heads: _linear(h + bond, h) + _attend(h),
    "gt": _gt,
}
HEADS: dict[str, Callable[[int], int]] = {
    "score_mlp": lambda inputs: _linear(inputs, 128) + _linear(128, 128) + _linear(128, 1),
    "mlp": lambda inputs: _linear(inputs, 128) + _linear(128, 64) + _linear(64, 32) + _linear(32, 1),
    "mlp_64_32": lambda inputs: _linear(inputs, 64) + _linear(64, 32) + _linear(32, 1),
}


def parameters(spec: GraphSpec) -> int:
    """Trained numbers of one fold's network.

    Raises:
        UserError: a plugin's architecture, of which only its module can tell.
    """
    if spec.arch not in BLOCKS:
        raise UserError(unknown("arch =", spec.arch, ARCHS))
    descriptors = DESCRIPTORS * spec.descriptors
    readout = _attend(spec.hidden) if spec.readout == "molattfp" else 0
    # [code] only native D-MPNN and AttentiveFP normalise the descriptors
    normed = spec.native and spec.fidelity == "as_code" and spec.arch in ("dmpnn", "attfp")
    return _encoder(spec) + readout + HEADS[spec.head](spec.hidden + descriptors) + 2 * descriptors * normed


def _encoder(spec: GraphSpec) -> int:
    h, (atom, bond) = spec.hidden, FEATURES[spec.features]
    count = 1 if spec.recurrent else spec.steps
    joins = 2 * h * (spec.config == "classic") + spec.steps * spec.learn_dt  # one norm shared over depth; dt's alphas
    if spec.native and spec.arch == "dmpnn":  # states of bonds
        return _linear(atom + bond, h) + count * _linear(h, h) + joins + _linear(h + atom, h)
    if spec.native and spec.arch == "attfp" and spec.fidelity == "as_code":  # neighbours made once
        return _linear(atom, h) + _linear(atom + bond, h) + count * _attend(h) + joins
    return _linear(atom, h) + count * BLOCKS[spec.arch](h, bond, spec.heads) + joins


def narrowed(spec: GraphSpec, size: int) -> GraphSpec:
    """`spec` at the width whose number of parameters is nearest to `size`, its heads dividing it."""
    widths = range(spec.heads, spec.hidden + 1, spec.heads)
    specs = [replace(spec, hidden=width) for width in widths]
    return min(specs, key=lambda narrow: abs(parameters(narrow) - size))
