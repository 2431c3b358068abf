"""Small molecules, batches, models and data sets for the tests of the graph networks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest
from mlx.utils import tree_flatten, tree_map
from score_mlx import kernels
from score_mlx.data.chem.features import featurise
from score_mlx.data.chem.molecules import MoleculeGraphs
from score_mlx.data.fold_data import FoldedData
from score_mlx.models.graphs.batch import Batch, Batcher, Shape
from score_mlx.models.graphs.by_degree import ByDegree
from score_mlx.models.graphs.compiled import Compiled
from score_mlx.models.graphs.data import GraphData
from score_mlx.models.graphs.model import GraphModel
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.models.graphs.topology import Topology
from score_mlx.nn import Noise

needs_kernels = pytest.mark.skipif(
    not kernels.compiled(), reason="no kernels are compiled here: python -m score_mlx.kernels"
)
COMPILED = [pytest.param(Compiled, marks=needs_kernels)]  # a layout, where there is one

# Atoms of degree 0 to 4, rings, two molecules without a bond, one with its atoms in an unusual order.
SMILES = ("C", "CCO", "N", "c1ccccc1C(=O)N", "CC(C)(C)C", "O=C1CC1Cl", "C(#N)C", "[Na+].[Cl-]")
LABELS = (0.5, -1.0, 2.0, -3.0, 1.0, 0.25, -0.75, 1.5)


@cache
def graphs(smiles: tuple[str, ...] = SMILES, scheme: str = "rigr_author") -> MoleculeGraphs:
    return featurise(smiles, scheme, processes=1)


def batch(molecules: Sequence[int] | None = None, shape: Shape | None = None) -> Batch:
    """Some of `SMILES` by index, all by default, with bond features in place for the GT."""
    chosen = np.arange(len(SMILES)) if molecules is None else np.array(molecules)
    return Batcher(graphs(), LABELS, pairs=True).batch(chosen, shape)


def topology(of: Batch, layout: type[Topology] = ByDegree, dtype: mx.Dtype = mx.float32) -> Topology:
    """A batch on the device, its numbers in `dtype`."""
    arrays = {name: mx.array(values) for name, values in of.arrays.items()}
    return layout({name: a.astype(dtype) if a.dtype == mx.float32 else a for name, a in arrays.items()}, of.shape)


def spec(arch: str = "gcn", config: str = "base", **options: Any) -> GraphSpec:
    """A small network; options as in `GraphSpec`."""
    return GraphSpec("tiny", arch, config, **({"hidden": 8, "heads": 2, "steps": 2, "batch_size": 8} | options))


def shaken(module: nn.Module, seed: int = 0, dtype: mx.Dtype = mx.float32) -> nn.Module:
    """`module` with each parameter moved at random: no bias left at zero, no norm at one."""
    rng = np.random.default_rng(seed)
    moved = tree_map(lambda p: mx.array(np.array(p) + 0.1 * rng.standard_normal(p.shape), dtype), module.parameters())
    module.update(moved)
    return module


def model(of: GraphSpec, seed: int = 0, dtype: mx.Dtype = mx.float32, descriptors: int = 0) -> GraphModel:
    mx.random.seed(seed)
    return shaken(GraphModel(of, 66, 1, descriptors), seed, dtype)


def predict(network: GraphModel, bonds: Topology, descriptors: mx.array | None = None) -> np.ndarray:
    """(B,) predictions, dropout off."""
    none = mx.zeros((bonds.shape.molecules, 0)) if descriptors is None else descriptors
    return np.array(network(bonds, none, Noise(None)))


def weights(module: nn.Module) -> dict[str, np.ndarray]:
    """Parameters by name in double precision."""
    return {name: np.array(value, np.float64) for name, value in tree_flatten(module.parameters())}


def data(count: int = 32, folds: int = 2) -> GraphData:
    """Chains and branched alkanes with a target that counts atoms: learnable, and another value for each molecule."""
    smiles = tuple("C" * (1 + i % 8) + ("O", "N", "Cl", "C(C)(C)C")[i // 8 % 4] for i in range(count))
    targets = np.array([0.3 * len(text) - 1 + 0.5 * ("O" in text) for text in smiles])
    info = {"name": "tiny", "label": "tiny", "unit": "", "stand_in": False, "rows": count}
    info |= {"sha256": "0" * 64, "folds_sha256": "1" * 64}
    return GraphData(info=info, graphs=graphs(smiles), targets=targets, folds=np.arange(count) % folds)


def random_graphs(
    seed: int, count: int = 6, atom_features: int = 5, bond_features: int = 3, largest: int = 12
) -> MoleculeGraphs:
    """Graphs that look little like molecules: 1 to `largest` atoms, any degree, rings or pieces apart, at random."""
    rng = np.random.default_rng(seed)
    sizes = [1, *rng.integers(1, largest + 1, count - 1)]
    ends, firsts, atoms = [], [0], 0
    for n in sizes:
        pairs = np.argwhere(np.triu(rng.random((n, n)) < 2 / n, k=1))  # each pair once
        ends.append(atoms + pairs)
        atoms += int(n)
        firsts.append(firsts[-1] + 2 * len(pairs))
    both = np.concatenate(ends).astype(np.int32)
    values = rng.standard_normal((len(both), bond_features)).astype(np.float32)
    return MoleculeGraphs(
        atoms=rng.standard_normal((atoms, atom_features)).astype(np.float32),
        atom_offset=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32),
        source=both.reshape(-1),
        target=both[:, ::-1].reshape(-1),
        reverse=np.arange(2 * len(both), dtype=np.int32) ^ 1,
        bonds=np.repeat(values, 2, axis=0),
        bond_offset=np.array(firsts, np.int32),
    )


def member(of: Batch) -> np.ndarray:
    """(B, A): whether an atom belongs to a molecule."""
    owner = np.where(of.arrays["real"] > 0, of.arrays["place"] // of.shape.longest, -1)
    return owner == np.arange(of.shape.molecules)[:, None]


def random_batch(seed: int, **options: Any) -> Batch:
    """All of `random_graphs` in one batch."""
    g = random_graphs(seed, **options)
    return Batcher(g, np.zeros(len(g)), pairs=True).batch(np.arange(len(g)))


def tabular(rows: int = 60, outliers: np.ndarray | None = None) -> FoldedData:
    """Random descriptors in two folds, a target made of the first two, a column of ties, missing and infinite values.

    Args:
        rows: number of molecules.
        outliers: rows whose descriptors are replaced by huge ones.
    """
    rng = np.random.default_rng(0)
    values = rng.normal(size=(rows, 12))
    values[:, 9], values[::7, 10], values[3, 11] = 1.0, np.nan, np.inf
    targets = 2 * values[:, 0] - values[:, 1] + 0.1 * rng.normal(size=rows)
    if outliers is not None:
        values[outliers] = 1e6 * rng.normal(size=(len(outliers), 12))
    info = {"name": "tiny", "label": "tiny", "unit": "", "stand_in": False, "rows": rows}
    info |= {"sha256": "0" * 64, "folds_sha256": "0" * 64}
    names = np.array([f"d{column}" for column in range(12)])
    return FoldedData(info=info, targets=targets, folds=np.arange(rows) % 2, descriptors=values, names=names)
