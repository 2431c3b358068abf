"""Our molecules as PyTorch Geometric's."""

# pyright: reportMissingImports=false
# What this file compares with is installed for benchmarks only.
from __future__ import annotations

import numpy as np
import torch
from torch_geometric.data import Data

from score_mlx.models.graphs.data import GraphData


def molecules_of(data: GraphData, *, pairs: bool) -> list[Data]:
    """One `Data` a molecule; with `pairs` also the complete graph on its atoms and which of its edges are bonds."""
    g, molecules = data.graphs, []
    for i in range(len(g)):
        atoms, bonds = (slice(o[i], o[i + 1]) for o in (g.atom_offset, g.bond_offset))
        edges = np.stack([g.source[bonds], g.target[bonds]]).astype(np.int64) - int(g.atom_offset[i])
        tensors = {
            "x": torch.from_numpy(g.atoms[atoms]),
            "edge_index": torch.from_numpy(edges),
            "edge_attr": torch.from_numpy(g.bonds[bonds]),
            "y": torch.tensor([data.targets[i]], dtype=torch.float32),
        }
        if pairs:
            tensors |= _pairs(len(tensors["x"]), edges, g.bonds[bonds])
        molecules.append(Data(**tensors))
    return molecules


def _pairs(atoms: int, edges: np.ndarray, bonds: np.ndarray) -> dict[str, torch.Tensor]:
    """All pairs of atoms as edges; features: whether there is a bond, and the bond's."""
    features = np.zeros((atoms, atoms, bonds.shape[1] + 1), np.float32)
    features[edges[0], edges[1], 0], features[edges[0], edges[1], 1:] = 1, bonds
    index = np.stack(np.divmod(np.arange(atoms * atoms), atoms)).astype(np.int64)
    return {"pair_index": torch.from_numpy(index), "pair_attr": torch.from_numpy(features.reshape(atoms * atoms, -1))}
