"""The stand-in for ESOL where there is no network: NCI molecules that RDKit ships, with computed labels.

It exists so that the whole pipeline can be tried and tested. Its labels are a formula of four simple descriptors, so
its errors say nothing about solubility and are never compared with the paper's.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from rdkit import Chem, RDConfig
from rdkit.Chem import Crippen, Descriptors, rdMolDescriptors

from score_mlx.data.chem.csvfile import RawRow
from score_mlx.data.chem.rdkit_io import parse
from score_mlx.system.errors import UserError

COUNT = 1128  # as many as ESOL has
MAX_ATOMS = 55  # heavy atoms, as in ESOL
MAX_DEGREE = 6
ELEMENTS = {"H", "B", "C", "N", "O", "F", "Si", "P", "S", "Cl", "Br", "I"}
SEED = 42


def source_file() -> Path:
    """RDKit's `Data/NCI/first_5K.smi`, 4999 molecules of the NCI's open database, one `SMILES<tab>number` a line.

    Raises:
        UserError: this installation of RDKit came without its data files.
    """
    path = Path(RDConfig.RDDataDir) / "NCI" / "first_5K.smi"
    if not path.is_file():
        raise UserError(f"{path}: not found, expected with RDKit (its wheels have it); use dataset: esol or a CSV file")
    return path


def read_rows(path: str | Path) -> list[RawRow]:
    """1128 molecules of the file in its order, with labels in log10(mol/L).

    Candidates: RDKit reads them; one fragment; 2 to 55 heavy atoms of the elements of organic chemistry, carbon among
    them, none with more than 6 neighbours; the first of those with one canonical SMILES. Of these, the 1128 whose
    numbers have the smallest SHA-256 together with a fixed seed: a choice that no library's random stream can change.

    Raises:
        UserError: fewer than 1128 candidates.
    """
    candidates: dict[str, RawRow] = {}
    for row, line in enumerate(Path(path).read_text(encoding="ascii").splitlines()):
        smiles, _, number = line.partition("\t")
        molecule = parse(smiles)
        if molecule is not None and _is_ordinary(molecule):
            label = f"{delaney(molecule):.4f}"
            raw = RawRow(row, row + 1, smiles, label, f"NCI {number.strip()}")
            candidates.setdefault(Chem.MolToSmiles(molecule), raw)
    if len(candidates) < COUNT:
        raise UserError(f"{path}: {len(candidates)} usable molecules, expected at least {COUNT}")
    chosen = sorted(candidates.values(), key=lambda raw: hashlib.sha256(f"{SEED}:{raw.name}".encode()).digest())
    return sorted(chosen[:COUNT], key=lambda raw: raw.row)


def delaney(molecule: Chem.Mol) -> float:
    """log10 of the solubility in mol/L after Delaney (2004): 0.16 - 0.63 cLogP - 0.0062 MW + 0.066 RB - 0.74 AP.

    cLogP is Crippen's, MW the average molecular weight, RB the number of rotatable bonds, AP the share of heavy atoms
    that are aromatic.
    """
    aromatic = sum(atom.GetIsAromatic() for atom in molecule.GetAtoms()) / molecule.GetNumHeavyAtoms()
    return (
        0.16
        - 0.63 * Crippen.MolLogP(molecule)  # pyright: ignore[reportAttributeAccessIssue]  # made as RDKit is imported
        - 0.0062 * Descriptors.MolWt(molecule)  # pyright: ignore[reportAttributeAccessIssue]
        + 0.066 * rdMolDescriptors.CalcNumRotatableBonds(molecule)
        - 0.74 * aromatic
    )


def _is_ordinary(molecule: Chem.Mol) -> bool:
    atoms = list(molecule.GetAtoms())
    symbols = {atom.GetSymbol() for atom in atoms}
    return (
        2 <= molecule.GetNumHeavyAtoms() <= MAX_ATOMS
        and "C" in symbols
        and symbols <= ELEMENTS
        and max(atom.GetDegree() for atom in atoms) <= MAX_DEGREE
        and len(Chem.GetMolFrags(molecule)) == 1
    )
