"""The stand-in data set: it says that it is one, and its molecules never change."""

import hashlib

import numpy as np
import pytest
from rdkit import Chem
from score_mlx.data.chem import nci
from score_mlx.data.chem.datasets import prepare
from score_mlx.data.chem.prepared import load_molecules
from score_mlx.system.errors import UserError


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nci")
    return prepare("nci", folder), load_molecules(folder / "molecules.csv"), folder


def test_the_stand_in_says_that_it_is_one(stand_in):
    info, molecules, folder = stand_in
    assert info["stand_in"] is True
    assert info["rows"] == len(molecules) == 1128
    assert info["label"] == "NCI stand-in, labels computed by Delaney's equation"
    assert (folder / "qc.csv").read_text() == "row,reason,done\n"


def test_the_stand_ins_molecules_never_change(stand_in):
    _, molecules, _ = stand_in
    assert molecules.names[:3] == ["NCI 3", "NCI 6", "NCI 11"]
    assert (
        hashlib.sha256(",".join(molecules.names).encode()).hexdigest()
        == "66af89c23a36e26598aea01ad417b704110289f160458d407470784348980b67"
    )


def test_the_stand_ins_molecules_are_ordinary(stand_in):
    _, molecules, _ = stand_in
    assert len(set(molecules.canonical)) == 1128
    assert np.isfinite(molecules.targets).all() and molecules.targets.std() > 1
    for smiles in molecules.smiles:
        molecule = Chem.MolFromSmiles(smiles)
        assert 2 <= molecule.GetNumHeavyAtoms() <= 55
        assert "." not in smiles
        assert max(atom.GetDegree() for atom in molecule.GetAtoms()) <= 6


def test_delaneys_equation_by_hand():
    # Toluene: Crippen's cLogP 1.99502, weight 92.141, no rotatable bond, 6 of 7 atoms aromatic.
    expected = 0.16 - 0.63 * 1.99502 - 0.0062 * 92.141 - 0.74 * 6 / 7
    assert nci.delaney(Chem.MolFromSmiles("Cc1ccccc1")) == pytest.approx(expected, abs=1e-4)
    # Butane: cLogP 1.8064, weight 58.124, one rotatable bond, nothing aromatic.
    expected = 0.16 - 0.63 * 1.8064 - 0.0062 * 58.124 + 0.066
    assert nci.delaney(Chem.MolFromSmiles("CCCC")) == pytest.approx(expected, abs=1e-4)


def test_too_few_molecules_for_a_stand_in(tmp_path, monkeypatch):
    few = tmp_path / "few.smi"
    few.write_text("CO\t1\nC.C\t2\n[Fe]\t3\nxx\t4\nOC\t5\n")
    with pytest.raises(UserError, match="1 usable molecules, expected at least 1128"):
        nci.read_rows(few)
    monkeypatch.setattr(nci.RDConfig, "RDDataDir", str(tmp_path))
    with pytest.raises(UserError, match="first_5K.smi: not found"):
        nci.source_file()
