"""Molecules as plain arrays: what featurising writes once and every graph model reads."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from score_mlx.system.errors import UserError
from score_mlx.system.files import read_arrays, replacing


@dataclass(frozen=True)
class MoleculeGraphs:
    """N molecules with A atoms and M directed bonds in all, stored one after another.

    Each bond is two directed bonds, side by side: 2i from its begin atom to its end atom, 2i + 1 back.

    Attributes:
        atoms: (A, F) float32, features of the atoms.
        atom_offset: (N + 1,) int32, atoms of molecule n are rows `atom_offset[n]` to `atom_offset[n + 1]`.
        source: (M,) int32, atom (row of `atoms`) that a directed bond leaves.
        target: (M,) int32, atom that it enters.
        reverse: (M,) int32, index of the opposite directed bond.
        bonds: (M, E) float32, features of the directed bonds, the same in both directions.
        bond_offset: (N + 1,) int32, directed bonds of molecule n are rows `bond_offset[n]` to `bond_offset[n + 1]`.
    """

    atoms: np.ndarray
    atom_offset: np.ndarray
    source: np.ndarray
    target: np.ndarray
    reverse: np.ndarray
    bonds: np.ndarray
    bond_offset: np.ndarray

    def __len__(self) -> int:
        return len(self.atom_offset) - 1

    def save(self, path: str | Path) -> None:
        """Writes the arrays as a compressed `.npz`; the same arrays give the same bytes."""
        with replacing(path) as temporary:
            np.savez_compressed(temporary, **{f.name: getattr(self, f.name) for f in fields(self)})

    @classmethod
    def load(cls, path: str | Path) -> MoleculeGraphs:
        """Reads what `save` wrote.

        Raises:
            UserError: the file is missing, is not such a file, lacks an array, or an index points outside its molecule.
        """
        graphs = cls(**read_arrays(path, [f.name for f in fields(cls)], "features"))
        flaw = graphs.flaw()
        if flaw:
            raise UserError(f"{path}: {flaw}")
        return graphs

    def flaw(self) -> str:
        """What would make a layer read outside a molecule, or nothing. Batches rely on it and check no more."""
        atoms, bonds = (np.asarray(offset, np.int64) for offset in (self.atom_offset, self.bond_offset))
        for name, offset, rows in (("atom_offset", atoms, self.atoms), ("bond_offset", bonds, self.bonds)):
            if (
                offset.shape != (len(self) + 1,)
                or offset[0] != 0
                or offset[-1] != len(rows)
                or (np.diff(offset) < 0).any()
            ):
                return f"{name} does not divide {len(rows)} rows into {len(self)} molecules"
        owner = np.repeat(np.arange(len(self)), np.diff(bonds))
        for name, own in (("source", atoms), ("target", atoms), ("reverse", bonds)):
            index = getattr(self, name)
            if index.shape != owner.shape or not np.issubdtype(index.dtype, np.integer):
                return f"{name} is not one index for each of {len(owner)} directed bonds"
            outside = np.flatnonzero((index < own[owner]) | (index >= own[owner + 1]))
            if len(outside):
                return f"{name} of bond {outside[0]} is {index[outside[0]]}, outside its molecule"
        return "" if (self.reverse[self.reverse] == np.arange(len(owner))).all() else "reverse is not its own inverse"
