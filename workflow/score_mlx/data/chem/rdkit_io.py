"""RDKit, quietly: reading SMILES without its log on the user's terminal."""

from __future__ import annotations

from rdkit import Chem, rdBase


def parse(smiles: str) -> Chem.Mol | None:
    """The molecule, or None where RDKit cannot read it; the reason is not printed."""
    with rdBase.BlockLogs():
        return Chem.MolFromSmiles(smiles)
