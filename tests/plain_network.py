"""Whole networks out of `plain_models`: depth, readout and head of every configuration, from the paper and its code."""

from __future__ import annotations

import numpy as np
import plain_models as plain
from plain_models import Molecule, Weights, leaky, part, relu
from score_mlx.models.graphs.spec import GraphSpec

ACTIVATION = {"gcn": relu, "gine": relu, "mpnn": relu, "gat": leaky, "gatv2": leaky}


def predict(w: Weights, spec: GraphSpec, mol: Molecule) -> float:
    """The network's prediction for one molecule, dropout off."""
    h = encode(part(w, "encoder"), spec, mol)
    g = {"sum": plain.sum_pool, "molattfp": plain.molattfp}[spec.readout](part(w, "readout"), h)
    return float(getattr(plain, spec.head)(part(w, "head"), g)[0])


def encode(w: Weights, spec: GraphSpec, mol: Molecule) -> np.ndarray:
    """Final states of the atoms."""
    if spec.recurrent or spec.form == "unified":
        return _score(w, spec, mol)
    if spec.arch == "dmpnn":
        return _native_dmpnn(w, spec, mol)
    if spec.arch == "attfp":
        return _native_attfp(w, spec, mol)
    return _native(w, spec, mol)


def _joined(w: Weights, spec: GraphSpec, h, y):
    """base and shared h <- y, classic LN(h + y), skip05 h + 0.5 (y - h), the others h + (y - h) / K."""
    if spec.config == "classic":
        return np.array([plain.layer_norm(part(w, "depth.advance.norm"), row) for row in h + y]).reshape(h.shape)
    dt = {"base": 1, "shared": 1, "skip05": 0.5, "SCORE_skip05": 0.5}.get(spec.config, 1 / spec.steps)
    return h + dt * (y - h)


def _native(w, spec, mol):
    act = ACTIVATION.get(spec.arch, lambda x: x)
    as_text = spec.fidelity == "as_text"
    h = np.array([plain.linear(part(w, "project"), row) for row in mol.atoms])
    for t in range(spec.steps):
        name = f"depth.blocks.{t}" + (".block" if as_text and spec.arch in ACTIVATION else "")
        y = getattr(plain, spec.arch)(part(w, name), h, mol, spec.heads)
        if as_text:
            h = _joined(w, spec, h, act(y))
        elif spec.arch == "mpnn" and spec.config == "base":
            h = act(h + y)
        else:
            h = act(_joined(w, spec, h, y))
    return h


def _native_dmpnn(w, spec, mol):
    start = h = plain.bond_start(part(w, "start"), mol.atoms, mol)
    for t in range(spec.steps):
        h = _joined(w, spec, h, plain.bond_step(part(w, f"depth.blocks.{t}"), h, start, mol))
    return plain.atom_output(part(w, "output"), h, mol.atoms, mol)


def _native_attfp(w, spec, mol):
    h = np.array([leaky(plain.linear(part(w, "project"), row)) for row in mol.atoms])
    if spec.fidelity == "as_text":
        for t in range(spec.steps):
            h = _joined(w, spec, h, plain.attfp(part(w, f"depth.blocks.{t}"), h, mol, spec.heads))
        return h
    near = plain.neighbours(part(w, "neighbours"), mol.atoms, mol)
    for t in range(spec.steps):
        y = plain.frozen_attfp(part(w, f"depth.blocks.{t}"), h, near, mol)
        h = y if spec.config == "base" else leaky(_joined(w, spec, h, y))
    return h


def _score(w, spec, mol):
    """h + dt (F(h) - h) with F = act(block), one block or K of them.

    In the code SCORE-MPNN's F is h + MP(h) and a last activation follows.
    """
    as_code = spec.fidelity == "as_code"
    additive = spec.arch == "mpnn" and as_code
    act = ACTIVATION.get(spec.arch) if not additive else None
    block = plain.additive_mpnn if additive else getattr(plain, spec.arch)
    h = np.array([plain.linear(part(w, "project"), row) for row in mol.atoms])
    for t in range(spec.steps):
        name = f"depth.blocks.{0 if spec.recurrent else t}" + (".block" if act else "")
        y = block(part(w, name), h, mol, spec.heads)
        h = _joined(w, spec, h, act(y) if act else y)
    if not as_code:
        return h
    return leaky(h) if spec.arch == "dmpnn" else relu(h)
