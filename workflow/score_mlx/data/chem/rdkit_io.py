"""RDKit, quietly: reading SMILES without its log on the user's terminal."""

from __future__ import annotations

import contextlib
import io
import re

from rdkit import Chem, rdBase


def parse(smiles: str) -> Chem.Mol | None:
    """The molecule without atom map numbers, or None where RDKit cannot read it; the reason is not printed.

    Map numbers come from reactions and change no molecule, but RDKit tells atoms apart by them: in canonical SMILES, in
    scaffolds, in stereo centres, and it keeps a mapped hydrogen as an atom of its own.
    """
    with rdBase.BlockLogs():
        molecule = Chem.MolFromSmiles(smiles)
        if molecule is None or not any(atom.GetAtomMapNum() for atom in molecule.GetAtoms()):
            return molecule
        for atom in molecule.GetAtoms():
            atom.SetAtomMapNum(0)
        return Chem.MolFromSmiles(Chem.MolToSmiles(molecule))  # stereo centres and hydrogens are decided again


def why_not(smiles: str) -> str:
    """RDKit's reason for not reading a SMILES, in a few words: `unclosed ring`, `syntax error at character 3`."""
    log = io.StringIO()
    rdBase.LogToPythonStderr()
    try:
        with contextlib.redirect_stderr(log):
            Chem.MolFromSmiles(smiles)
    finally:
        rdBase.LogToCppStreams()
    lines = [re.sub(r"^\[[\d:]+\] ", "", line) for line in log.getvalue().splitlines()]
    if not lines:
        return "no reason given"
    reason = re.sub(r"^SMILES Parse Error: | (while parsing|for input): .*$", "", lines[0]).strip()
    place = re.search(r"around position (\d+)", log.getvalue())
    return reason + (f" at character {place[1]}" if place else "")
