"""Files of molecules as chemists have them: each format gives the same molecules, and says what was recognised."""

import csv
import gzip

import pytest

COLUMNS = ("--smiles-column", "smiles", "--target-column", "y", "--name-column", "name")
SMILES, NAMES, TARGETS = ["CCO", "c1ccccc1"], ["ethanol", "benzene"], ["-0.5", "2.25"]


def table(mark: str, comma: bool = False) -> str:
    rows = zip(SMILES, TARGETS, NAMES, strict=True)
    lines = [mark.join([s, t.replace(".", ",") if comma else t, n]) for s, t, n in rows]
    return "\n".join([mark.join(["smiles", "y", "name"]), *lines, ""])


def sdf() -> str:
    from rdkit import Chem

    blocks = []
    for smiles, target, name in zip(SMILES, TARGETS, NAMES, strict=True):
        molecule = Chem.MolFromSmiles(smiles)
        molecule.SetProp("_Name", name)
        blocks.append(f"{Chem.MolToMolBlock(molecule)}>  <y>\n{target}\n\n>  <other>\na\nb\n\n$$$$\n")
    return "".join(blocks)


FILES = {
    "a.csv": (table(","), ""),
    "a.tsv": (table("\t"), ""),
    "semicolons.csv": (table(";"), "read as separated by semicolons"),
    "tabs.csv": (table("\t"), "read as separated by tabs"),
    "comma.csv": (table(";", comma=True), "numbers are read with a decimal comma: '-0,5' as -0.5"),
    "mac.csv": (table(",").replace("\n", "\r"), ""),
    "bom.csv": ("\ufeff" + table(","), ""),
    "names.csv": (table(",").replace("smiles,y,name", " smiles , y ,name"), ""),
    "newline.csv": (table(",").replace("ethanol", '"ethanol"'), ""),
    "maps.csv": (table(",").replace("CCO", "[CH3:1][CH2:2][OH:3]"), ""),
    "extended.csv": (table(";").replace("CCO", '"CCO |$R1;;$|"'), "read as separated by semicolons"),
    "inchi.csv": (table(";").replace("CCO", "InChI=1S/C2H6O/c1-2-3/h3H,2H2,1H3"), "read as separated by semicolons"),
    "a.sdf": (sdf(), ""),
}


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
@pytest.mark.parametrize("name", FILES)
def test_each_format_gives_the_same_molecules(name, packed, folder, command):
    text, said = FILES[name]
    content = text.encode()
    file = folder / (f"{name}.gz" if packed else name)
    file.write_bytes(gzip.compress(content) if packed else content)
    code, _, err = command("data", "prepare", file.name, "out", *COLUMNS)
    assert code == 0, err
    with (folder / "out" / "molecules.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["canonical"] for row in rows] == SMILES
    assert [float(row["target"]) for row in rows] == [float(target) for target in TARGETS]
    assert [row["name"] for row in rows] == NAMES
    assert said in err and (said or not err)


def test_parquet(folder, command, refused):
    pandas = pytest.importorskip("pandas")
    (folder / "bad.parquet").write_bytes(b"PAR1 and no more")
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        refused(["data", "prepare", "bad.parquet", "out", *COLUMNS], "needs pyarrow: pip install pyarrow")
        return
    refused(["data", "prepare", "bad.parquet", "out", *COLUMNS], "not a parquet file")
    pandas.DataFrame({"smiles": SMILES, "y": [-0.5, 2.25], "name": NAMES}).to_parquet(folder / "a.parquet")
    assert command("data", "prepare", "a.parquet", "out", *COLUMNS)[0] == 0
    assert "c1ccccc1,2.25" in (folder / "out" / "molecules.csv").read_text()


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.smi", "CCO ethanol\nc1ccccc1\tbenzene ring\n\nC(C bad\nCCN\n", ["CCO", "c1ccccc1", "C(C", "CCN"]),
        ("c.smi", "CCO ethanol\n\tC\nCCN\n", ["CCO", "", "CCN"]),
        ("b.smi", "CCO |$R1;;$| named\nCCN\n", ["CCO |$R1;;$|", "CCN"]),
    ],
)
def test_predictions_of_a_smi_file_have_its_rows(name, text, expected, model, folder, command):
    (folder / name).write_text(text)
    code, out, err = command("predict", model, name, "--name-column", "name")
    rows = list(csv.DictReader(out.splitlines()))
    assert [row["smiles"] for row in rows] == expected
    usable = [smiles not in ("C(C", "") for smiles in expected]
    assert code == int(not all(usable)) and [bool(row["mean"]) for row in rows] == usable
    assert rows[0]["name"] in ("ethanol", "named")


def test_a_molecule_block_that_cannot_be_read_keeps_its_row(model, folder, command):
    (folder / "a.sdf").write_text(sdf() + "broken\n  no\nblock\n$$$$\n" + sdf())
    code, out, err = command("predict", model, "a.sdf")
    rows = list(csv.DictReader(out.splitlines()))
    assert code == 1 and [bool(row["mean"]) for row in rows] == [True, True, False, True, True]
    assert rows[2]["problem"] == "RDKit cannot read the molecule block"


def test_a_header_of_two_readings_is_refused_with_both(model, folder, refused):
    (folder / "in.csv").write_text("smiles,a;smiles\nC,1;C\n")
    words = "may be separated by commas (smiles, a;smiles) or semicolons (smiles,a, smiles)"
    refused(["predict", model, "in.csv"], words)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv.gz", b"smiles,y,name\n", "not a whole gzip file"),
        ("a.csv.gz", gzip.compress(table(",").encode(), mtime=0)[:-9], "not a whole gzip file"),
        ("a.smi", b"CCO ethanol\n", "no column 'y', found smiles, name"),
        ("a.sdf", sdf().encode(), "no column 'z', found smiles, name, y, other"),
    ],
)
def test_files_that_are_not_what_they_are_called(name, content, words, folder, refused):
    (folder / name).write_bytes(content)
    column = "z" if name == "a.sdf" else "y"
    refused(["data", "prepare", name, "out", "--smiles-column", "smiles", "--target-column", column], words)
