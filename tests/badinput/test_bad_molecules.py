"""SMILES: what is refused, with its row, and what looks odd and must work all the way to a number."""

import time

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


REFUSED = {
    "open ring": ("C1CC", "RDKit cannot read the SMILES 'C1CC'"),
    "open branch": ("C(C", "RDKit cannot read the SMILES 'C(C'"),
    "five bonds of carbon": ("CC(C)(C)(C)C", "RDKit cannot read"),
    "no aromatic ring": ("c1cccc1", "RDKit cannot read"),
    "a name": ("aspirin", "RDKit cannot read the SMILES 'aspirin'"),
    "an InChI": ("InChI=1S/CH4/h1H4", "RDKit cannot read"),
    "a reaction": ("CCO>>CC=O", "RDKit cannot read"),
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
    from score_mlx.tables import formats

    said = formats.markdown([("model", lambda row: row)], ["<script>x</script>|y"], "<b>T</b>", ["<img src=x>"])
    figure, _ = plt.subplots()
    style.save(figure, folder / "f.png", "<script>x</script>", ["<img src=x>"])
    for text in (said, (folder / "f.md").read_text()):
        assert "<" not in text and "&lt;script>" in text
