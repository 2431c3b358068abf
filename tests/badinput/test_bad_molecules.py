"""SMILES: what is refused, with its row, and what looks odd and must work all the way to a number."""

import csv
import time

import made_up_records as made_up
import numpy as np
import pytest
import tiny
from score_mlx.data.chem import guarded
from score_mlx.data.chem.features import featurise
from score_mlx.models.graphs.batch import Batcher
from score_mlx.plots import style

PREPARE = ("data", "prepare", "my.csv", "out", "--smiles-column", "smiles", "--target-column", "y")


def complete_graph(atoms: int) -> str:
    """A SMILES of so many atoms, each bonded to each other: RDKit needs seconds for forty."""
    text, number, bonds = "", {}, 10
    for i in range(atoms):
        text += "*"
        for j in range(i + 2, atoms):
            number[i, j] = bonds
            text += f"%({bonds})"
            bonds += 1
        text += "".join(f"%({number[j, i]})" for j in range(i - 1))
    return text


NO = "RDKit cannot read the SMILES"
REFUSED = {
    "open ring": ("C1CC", "RDKit cannot read the SMILES 'C1CC': unclosed ring"),
    "open branch": ("C(C", "RDKit cannot read the SMILES 'C(C': extra open parentheses at character 2"),
    "five bonds of carbon": (
        "CC(C)(C)(C)C",
        f"{NO} 'CC(C)(C)(C)C': Explicit valence for atom # 1 C, 5, is greater than permitted",
    ),
    "no aromatic ring": (
        "c1cccc1",
        f"{NO} 'c1cccc1': Can't kekulize mol. Unkekulized atoms: 0 1 2 3 4",
    ),
    "a name": ("aspirin", "RDKit cannot read the SMILES 'aspirin': syntax error at character 1"),
    "an InChI": ("InChI=1S/CH4/h1H5", "RDKit cannot read the InChI 'InChI=1S/CH4/h1H5'"),
    "an InChIKey": ("VNWKTOKETHGBQD-UHFFFAOYSA-N", "an InChIKey, which names a molecule"),
    "a reaction": ("CCO>>CC=O", "a reaction, expected one molecule: 'CCO>>CC=O'"),
    "a reaction with a catalyst": ("[CH3:1][OH:2]>[Pd]>[CH2:1]=[O:2]", "a reaction, expected one molecule"),
    "no SMILES": ("", "no SMILES"),
    "blanks": ("   ", "no SMILES"),
    "two molecules and a blank": ("CCO CCN", "a blank in the SMILES 'CCO CCN'"),
    "no atom": ("[]", "RDKit cannot read"),
    "HTML": ("<script>alert(1)</script>", "RDKit cannot read the SMILES '<script>alert(1)</script>'"),
    "a control character": ("C\x1b[31mC", "a control character in the SMILES 'C?[31mC'"),
    "a zero byte": ("C\0C", "a control character in the SMILES 'C?C'"),
    "too many atoms": ("C" * 600, "a molecule of 600 atoms, expected at most 512"),
    "too long": ("C" * 20_000, "a SMILES of 20000 characters, expected at most 10000"),
    "deep": ("C(" * 4000 + "C" + ")" * 1, "RDKit cannot read"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_smiles_that_is_refused(case, folder, refused):
    smiles, words = REFUSED[case]
    (folder / "my.csv").write_text(f'smiles,y\nCCO,1\n"{smiles}",2\nC,3\n')
    refused(PREPARE, "my.csv: 1 of 3 rows cannot be used", f"line 3: {words}")


def test_a_smiles_that_takes_forever(folder, refused, command, monkeypatch):
    monkeypatch.setattr(guarded, "SECONDS", 0.3)
    (folder / "my.csv").write_text(f'smiles,y\nCCO,1\n"{complete_graph(40)}",2\n{"C" * 450},3\n')
    start = time.monotonic()
    refused(PREPARE, "1 of 3 rows cannot be used", "line 3: RDKit takes more than 0.3 seconds for the SMILES '*%(10)")
    assert command(*PREPARE, "--drop-bad")[0] == 0  # the others are read
    assert (folder / "out" / "molecules.csv").read_text().count("\n") == 3
    assert time.monotonic() - start < 60


MAPPED = """smiles,y
CCO,1
[CH3:1][CH2:2][OH:3],2
[CH3:5][CH2:6][OH:7],3
c1ccccc1C,4
[cH:1]1[cH:2][cH:3][cH:4][cH:5][c:6]1[CH3:7],5
[cH:2]1[cH:1][cH:3][cH:4][cH:5][c:6]1[CH3:7],6
[H:9][O:1][CH2:2][CH3:3],7
CC(O)(C)F,8
[CH3:1][C@:2]([OH:3])([CH3:4])F,9
CCO |$R1;;$|,10
CCN,11
CCC,12
C1CCCCC1,13
C1CCNCC1,14
c1ccncc1,15
C1CCCC1,16
"""
SAME = [[0, 1, 2, 6, 9], [3, 4, 5], [7, 8]]


def test_atom_maps_make_no_new_molecule(folder, command):
    """Whatever atoms are numbered, one molecule has one canonical SMILES, one scaffold, one fold, one graph."""
    (folder / "my.csv").write_text(MAPPED)
    assert command(*PREPARE)[0] == 0
    with (folder / "out" / "molecules.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert not any(":" in row["canonical"] for row in rows)
    with (folder / "out" / "qc.csv").open(newline="") as stream:
        said = {int(row["row"]): row["reason"] for row in csv.DictReader(stream)}
    graphs = featurise([row["smiles"] for row in rows], processes=1)
    atoms = np.diff(graphs.atom_offset)
    for first, *others in SAME:
        assert {rows[other]["canonical"] for other in others} == {rows[first]["canonical"]}
        assert all(f"repeats the molecule of row {first}:" in said[other] for other in others)
        assert {atoms[other] for other in others} == {atoms[first]}
    for split in ("grouped", "scaffold"):
        assert command("data", "folds", "out/molecules.csv", f"{split}.csv", "--split", split)[0] == 0
        folds = [line.split(",")[1] for line in (folder / f"{split}.csv").read_text().splitlines()[1:]]
        assert all(len({folds[row] for row in same}) == 1 for same in SAME)


READ = {
    "salt": "[Na+].[Cl-]",
    "salt of an acid": "CC(=O)[O-].[NH4+]",
    "radical": "[CH3]",
    "triplet oxygen": "[O][O]",
    "one atom": "[He]",
    "hydrogen": "[H][H]",
    "dummy atom": "*C",
    "isotopes": "[2H]C([2H])([2H])[13CH3]",
    "heavy element": "[U]",
    "seven neighbours": "C[W](C)(C)(C)(C)(C)C",
    "200 atoms": "C" * 200,
    "a polymer of 511 atoms": "OCC" * 170 + "O",
    "a cage": "C12C3C4C1C5C2C3C45",
    "many pieces": ".".join(["O"] * 60),
    "stereo": "C[C@@H](F)/C=C/Cl",
    "extended SMILES": "CCO |$R1;;$|",
}


@pytest.mark.parametrize("case", READ)
def test_a_molecule_that_looks_odd_and_works(case, folder, command):
    """From the CSV to a finite prediction of a network that passes messages and of one that looks at pairs."""
    (folder / "my.csv").write_text(f'smiles,y,name\nCCO,1,\n"{READ[case]}",2,<b>odd</b>\n')
    code, _, err = command(*PREPARE, "--name-column", "name")
    assert code == 0, err
    lines = (folder / "out" / "molecules.csv").read_text().splitlines()
    assert len(lines) == 3 and lines[2].startswith("1,<b>odd</b>,")
    graphs = featurise(["CCO", READ[case]], processes=1)
    bonds = tiny.topology(Batcher(graphs, [0, 0], pairs=True).batch(np.arange(2)))
    for arch in ("gat", "gt"):
        assert np.isfinite(tiny.predict(tiny.model(tiny.spec(arch, "SCORE")), bonds)).all()


def test_a_name_of_html_is_text_on_every_page(folder):
    import matplotlib.pyplot as plt

    said = made_up.markdown([("model", lambda row: row)], ["<script>x</script>|y"], "<b>T</b>", ["<img src=x>"])
    figure, _ = plt.subplots()
    style.save(figure, folder / "f.png", "<script>x</script>", ["<img src=x>"])
    for text in (said, (folder / "f.md").read_text()):
        assert "<" not in text and "&lt;script>" in text
