"""Graph features that do not change between resonance forms of a molecule (RIGR), in two flavours.

`rigr_author` is what the paper's code computes, `rigr_chemprop` what Chemprop 2 calls RIGR (Zalte et al. 2025). They
differ in the elements known, in how the rest is encoded and in the bond's null bit. Hydrogens stay implicit: they are
counted, never added as atoms.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from rdkit import Chem

from score_mlx.data.chem.molecules import MoleculeGraphs
from score_mlx.data.chem.parallel import ordered_map
from score_mlx.data.chem.rdkit_io import parse
from score_mlx.system.errors import UserError

# scheme -> (features of an atom, features of a bond)
SCHEMES: dict[str, tuple[int, int]] = {"rigr_author": (66, 1), "rigr_chemprop": (52, 2)}

_CHEMPROP_ELEMENTS = {z: i for i, z in enumerate([*range(1, 37), 53])}


def author_atom(atom: Chem.Atom) -> list[float]:
    """66 numbers: atomic number 1..54, neighbours 0..5, hydrogens 0..4 as one-hots that clip, mass / 100 u.

    Neighbours are the atoms of the graph, so heavy atoms: hydrogens are implicit but for oddities like `[H][H]`.
    """
    vector = [0.0] * 66
    vector[min(max(atom.GetAtomicNum(), 1), 54) - 1] = 1.0
    vector[54 + min(atom.GetDegree(), 5)] = 1.0
    vector[60 + min(atom.GetTotalNumHs(), 4)] = 1.0
    vector[65] = atom.GetMass() / 100
    return vector


def chemprop_atom(atom: Chem.Atom) -> list[float]:
    """52 numbers: element (37 + unknown), degree with hydrogens (0..5 + unknown), hydrogens (0..4 + unknown), mass."""
    vector = [0.0] * 52
    vector[_CHEMPROP_ELEMENTS.get(atom.GetAtomicNum(), 37)] = 1.0
    vector[38 + min(atom.GetTotalDegree(), 6)] = 1.0  # 6 is the unknown slot
    vector[45 + min(atom.GetTotalNumHs(), 5)] = 1.0  # 5 is the unknown slot
    vector[51] = 0.01 * atom.GetMass()
    return vector


def author_bond(bond: Chem.Bond) -> list[float]:
    """1 number: 1 in a ring, else 0."""
    return [float(bond.IsInRing())]


def chemprop_bond(bond: Chem.Bond) -> list[float]:
    """2 numbers: the null bit, never set for a real bond, and whether it is in a ring."""
    return [0.0, float(bond.IsInRing())]


_ENCODERS: dict[str, tuple[Callable, Callable]] = {
    "rigr_author": (author_atom, author_bond),
    "rigr_chemprop": (chemprop_atom, chemprop_bond),
}


def featurise(smiles: Sequence[str], scheme: str = "rigr_author", *, processes: int | None = None) -> MoleculeGraphs:
    """Features of the molecules, in the order given; the same for any number of processes.

    Args:
        smiles: N SMILES, each with at least one atom.
        scheme: one of `SCHEMES`.
        processes: None picks one for small data sets and all cores for large ones.

    Raises:
        UserError: unknown scheme, or a SMILES that RDKit cannot read or that has no atom.
    """
    if scheme not in SCHEMES:
        raise UserError(f"unknown features '{scheme}': expected one of {', '.join(SCHEMES)}")
    parts = ordered_map(_featurise_chunk, list(smiles), scheme, processes=processes, label=f"features {scheme}")
    return _join([molecule for part in parts for molecule in part], *SCHEMES[scheme])


def _featurise_chunk(smiles: list[str], first: int, scheme: str) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """One (atoms, ends of the bonds, bonds) a molecule; `first` is the position of the chunk, for messages."""
    return [_featurise_one(text, first + i, scheme) for i, text in enumerate(smiles)]


def _featurise_one(text: str, position: int, scheme: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    encode_atom, encode_bond = _ENCODERS[scheme]
    molecule = parse(text)
    if molecule is None or not molecule.GetNumAtoms():
        raise UserError(f"molecule {position}: RDKit cannot read the SMILES '{text}'")
    atoms = np.array([encode_atom(atom) for atom in molecule.GetAtoms()], dtype=np.float32)
    bonds = list(molecule.GetBonds())
    ends = np.array([(b.GetBeginAtomIdx(), b.GetEndAtomIdx()) for b in bonds], dtype=np.int32).reshape(-1, 2)
    values = np.array([encode_bond(b) for b in bonds], dtype=np.float32).reshape(len(bonds), SCHEMES[scheme][1])
    return atoms, ends, values


def _join(molecules: list[tuple[np.ndarray, np.ndarray, np.ndarray]], atom_dim: int, bond_dim: int) -> MoleculeGraphs:
    atom_offset = _offsets([len(atoms) for atoms, _, _ in molecules])
    bond_offset = _offsets([2 * len(ends) for _, ends, _ in molecules])
    shifted = [ends + start for (_, ends, _), start in zip(molecules, atom_offset[:-1], strict=True)]
    ends = np.concatenate([np.zeros((0, 2), np.int32), *shifted])  # (bonds, 2)
    bonds = np.concatenate([np.zeros((0, bond_dim), np.float32), *(values for _, _, values in molecules)])
    return MoleculeGraphs(
        atoms=np.concatenate([np.zeros((0, atom_dim), np.float32), *(atoms for atoms, _, _ in molecules)]),
        atom_offset=atom_offset,
        source=ends.reshape(-1),  # begin, end: the bond there, then back
        target=ends[:, ::-1].reshape(-1),
        reverse=np.arange(2 * len(ends), dtype=np.int32) ^ 1,
        bonds=np.repeat(bonds, 2, axis=0),
        bond_offset=bond_offset,
    )


def _offsets(counts: list[int]) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
