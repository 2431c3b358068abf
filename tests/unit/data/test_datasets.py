"""Data sets: ESOL as the paper has it, and the many ways in which a CSV file can be wrong."""

import csv
import json
from dataclasses import replace

import pytest
from score_mlx.data.chem import qc
from score_mlx.data.chem.datasets import TABLES, Table, check_facts, prepare
from score_mlx.data.chem.prepared import content_sha256, load_info, load_molecules
from score_mlx.data.dataset_names import dataset_name
from score_mlx.system.errors import UserError
from score_mlx.system.files import sha256

pytestmark = pytest.mark.badinput

TABLE = Table(smiles_column="SMILES", target_column="logS", name_column="Name")


def write(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


def table_rows(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def one_line(error):
    """The message, which must be a single line for the terminal."""
    text = str(error.value)
    assert "\n" not in text and "\r" not in text
    return text


def test_a_csv_file_becomes_three(tmp_path):
    source = write(tmp_path / "My data (2).csv", 'Name,logS,SMILES\n" Ethanol, pure",1.10,OCC \nMethane,-0.9,C\n')
    out = tmp_path / "out"
    info = prepare(str(source), out, table=TABLE)
    rows = table_rows(out / "molecules.csv")
    assert [list(row.values()) for row in rows] == [
        ["0", " Ethanol, pure", "OCC", "CCO", "1.1"],  # the name as given
        ["1", "Methane", "C", "C", "-0.9"],
    ]
    assert (out / "qc.csv").read_text() == "row,reason,done\n"
    assert info == load_info(out) == json.loads((out / "dataset.json").read_text())
    assert info == {
        "name": "My-data-2",
        "rows": 2,
        "target": "logS",
        "unit": "",
        "label": "My data (2)",
        "stand_in": False,
        "source_sha256": sha256(source),
        "sha256": content_sha256(out / "molecules.csv", "My-data-2"),
        "dropped": 0,
        "repeated": 0,
        "apart": 0.0,
    }
    molecules = load_molecules(out / "molecules.csv")
    assert len(molecules) == 2
    assert molecules.names == [" Ethanol, pure", "Methane"]
    assert molecules.targets.tolist() == [1.1, -0.9]
    assert sorted(p.name for p in out.iterdir()) == [".source", "dataset.json", "molecules.csv", "qc.csv"]


def test_target_unit_and_label_are_the_users(tmp_path):
    source = write(tmp_path / "a.csv", "SMILES,logS\nC,1\n")
    table = Table("SMILES", "logS", target="solubility", unit="g/L", label="Our compounds")
    info = prepare(str(source), tmp_path / "out", table=table)
    assert (info["target"], info["unit"], info["label"]) == ("solubility", "g/L", "Our compounds")
    assert load_molecules(tmp_path / "out" / "molecules.csv").names == [""]


def test_numbers_survive_the_file(tmp_path):
    values = [0.1 + 0.2, 1 / 3, -1e-17, 12345678.900000001]
    text = "SMILES,logS\n" + "".join(f"{'C' * (i + 1)},{v!r}\n" for i, v in enumerate(values))
    prepare(str(write(tmp_path / "a.csv", text)), tmp_path / "out", table=Table("SMILES", "logS"))
    assert load_molecules(tmp_path / "out" / "molecules.csv").targets.tolist() == values


BAD = {
    "C1CC,1": "RDKit cannot read the SMILES 'C1CC'",
    ",1": "no SMILES",
    "C,": "no target",
    "C,NA": "no target",
    "C,NaN": "no target",
    "C,inf": "target 'inf' is not finite",
    "C,1e999": "target '1e999' is not finite",
    "C,-1e300": "target '-1e300' is out of range, expected a size of 1e-100 to 1e+100",
    "C,1e-310": "target '1e-310' is out of range",
    "C,high": "target 'high' is not a number",
    "C,1_000": "target '1_000' is not a number",
    "C,1,5": "3 cells, the header has 2",
    "C": "1 cell, the header has 2",
    "C(C)(C)(C)(C)C,1": "RDKit cannot read the SMILES",  # five bonds at a carbon
}


@pytest.mark.parametrize(("cells", "reason"), BAD.items())
def test_a_bad_row_stops_the_run_or_is_dropped(tmp_path, cells, reason, capfd):
    source = write(tmp_path / "a.csv", f"SMILES,logS\nCC,1\n{cells}\nCCC,2\n")
    table = Table("SMILES", "logS")
    with pytest.raises(UserError) as error:
        prepare(str(source), tmp_path / "out", table=table)
    assert f"{source}: 1 of 3 rows cannot be used" in one_line(error)
    assert "line 3: " in str(error.value) and reason in str(error.value)
    assert not (tmp_path / "out").exists()

    assert prepare(str(source), tmp_path / "out", table=table, drop_bad=True)["rows"] == 2
    [finding] = table_rows(tmp_path / "out" / "qc.csv")
    assert (finding["row"], finding["done"]) == ("1", "dropped")
    assert reason in finding["reason"]
    assert load_molecules(tmp_path / "out" / "molecules.csv").rows.tolist() == [0, 2]
    assert capfd.readouterr().err == ""  # RDKit's own log stays quiet


def test_ten_bad_rows_are_listed_and_the_rest_counted(tmp_path):
    source = write(tmp_path / "a.csv", "SMILES,logS\n" + "C,x\n" * 13)
    with pytest.raises(UserError) as error:
        prepare(str(source), tmp_path / "out", table=Table("SMILES", "logS"))
    text = one_line(error)
    assert "13 of 13 rows" in text and "line 11: " in text and "line 12: " not in text and "and 3 more" in text
    with pytest.raises(UserError, match="none of 13 rows can be used; the first: line 2: target 'x'"):
        prepare(str(source), tmp_path / "out", table=Table("SMILES", "logS"), drop_bad=True)


def test_a_long_multi_line_cell_stays_one_line(tmp_path):
    source = write(tmp_path / "a.csv", 'SMILES,logS\nC,"a\nb' + "x" * 500 + '"\n')
    with pytest.raises(UserError) as error:
        prepare(str(source), tmp_path / "out", table=Table("SMILES", "logS"))
    assert len(one_line(error)) < len(str(source)) + 200


def test_repeated_molecules_are_kept_and_reported(tmp_path):
    source = write(tmp_path / "a.csv", "SMILES,logS\nOCC,1\nC,0\nCCO,1.5\nC(O)C,1\n")
    assert prepare(str(source), tmp_path / "out", table=Table("SMILES", "logS"))["rows"] == 4
    assert [tuple(row.values()) for row in table_rows(tmp_path / "out" / "qc.csv")] == [
        ("2", "repeats the molecule of row 0: target 1.5, there 1", "kept"),
        ("3", "repeats the molecule of row 0: target 1, there 1", "kept"),
    ]


def test_names_of_molecules_are_no_part_of_the_checksum(tmp_path):
    source = write(tmp_path / "a.csv", "n,m,SMILES,logS\nx,y,C,1\nz,w,CC,2\n")
    table = Table("SMILES", "logS")
    sums = {
        prepare(str(source), tmp_path / "out", table=replace(table, name_column=c))["sha256"] for c in (None, *"nm")
    }
    assert len(sums) == 1
    write(source, "n,m,SMILES,logS\nx,y,C,1\nz,w,CC,2.1\n")
    assert prepare(str(source), tmp_path / "out", table=table)["sha256"] not in sums


def test_two_files_of_one_stem_do_not_share_a_folder(tmp_path):
    one, other = (tmp_path / folder / "a.csv" for folder in ("x", "y"))
    for source in (one, other):
        source.parent.mkdir()
        write(source, "SMILES,logS\nC,1\n")
    table, out = Table("SMILES", "logS"), tmp_path / "out"
    prepare(str(one), out, table=table)
    prepare(str(one), out, table=table)
    with pytest.raises(UserError, match="out holds the molecules of .*x/a.csv; expected a file with another name"):
        prepare(str(other), out, table=table)
    one.unlink()  # it was moved
    prepare(str(other), out, table=table)


def test_what_was_dropped_and_what_repeats_is_counted(tmp_path):
    source = write(tmp_path / "a.csv", "SMILES,logS\nOCC,1\nCCO,1.5\nC(C,2\nCCN,3\nCCO,0.25\nCC,\n")
    info = prepare(str(source), tmp_path / "out", table=Table("SMILES", "logS"), drop_bad=True)
    assert (info["rows"], info["dropped"], info["repeated"], info["apart"]) == (4, 2, 2, 0.75)
    assert qc.told(1, 1, 0.5) == "1 row dropped; 1 row repeats a molecule, targets up to 0.5 apart"
    told = "2 rows dropped; 2 rows repeat a molecule, targets up to 0.75 apart"
    assert qc.told(info["dropped"], info["repeated"], info["apart"]) == told
    assert qc.told(0, 0, 0.0) == ""


def test_names_of_data_sets():
    assert dataset_name("esol") == "esol"
    assert dataset_name("nci") == "nci"
    assert dataset_name("data/Löslichkeit v1.2_a-b.csv") == "L-slichkeit-v1-2_a-b"
    for taken in ("esol", "NCI", "runs", "reference", "data"):
        assert dataset_name(f"x/{taken}.csv") == f"{taken}-file"  # a folder of its own
    assert dataset_name("öä.csv") != dataset_name("äö.csv")
    with pytest.raises(UserError, match="dataset = eslo: .* did you mean 'esol'?"):
        dataset_name("eslo")


def test_esol(shared_data, tmp_path):
    source = shared_data("delaney-processed.csv")
    info = prepare("esol", tmp_path, source=source, table=TABLE)  # a table for CSV files does not touch it
    assert (info["name"], info["rows"], info["unit"], info["stand_in"]) == ("esol", 1128, "log10 mol/L", False)
    molecules = load_molecules(tmp_path / "molecules.csv")
    assert molecules.rows.tolist() == list(range(1128))
    assert (molecules.targets.min(), molecules.targets.max()) == (-11.6, 1.58)
    assert len(set(molecules.canonical)) == 1117
    findings = table_rows(tmp_path / "qc.csv")
    assert len(findings) == 11
    assert {f["done"] for f in findings} == {"kept"}


def test_esol_that_is_not_esol(tmp_path):
    good = [qc.Molecule(i, "", "", str(min(i, 1116)), -11.6 if i == 0 else 1.58) for i in range(1128)]
    check_facts("esol", good, "x.csv")
    with pytest.raises(UserError, match="x.csv: ESOL's rows: found 1127, expected 1128"):
        check_facts("esol", good[:-1], "x.csv")
    with pytest.raises(UserError, match="lowest target: found 1.58, expected -11.6"):
        check_facts("esol", [*good[1:], good[-1]], "x.csv")
    with pytest.raises(UserError, match="distinct molecules: found 1116, expected 1117"):
        check_facts("esol", [*good[:1116], *good[1115:1116], *good[:11]], "x.csv")
    esol = TABLES["esol"]
    header = f"{esol.smiles_column},{esol.target_column},{esol.name_column}\n"
    with pytest.raises(UserError, match="ESOL's rows: found 1, expected 1128"):
        prepare("esol", tmp_path / "out", source=write(tmp_path / "a.csv", header + "C,1,x\n"))
    with pytest.raises(UserError, match="no source file given"):
        prepare("esol", tmp_path / "out")


@pytest.mark.parametrize(
    ("name", "file", "rows", "unit", "lowest"),
    [("freesolv", "SAMPL.csv", 642, "kcal/mol", -25.47), ("lipo", "Lipophilicity.csv", 4200, "", -1.5)],
)
def test_other_data_sets_of_moleculenet(tmp_path, shared_data, name, file, rows, unit, lowest):
    info = prepare(name, tmp_path, source=shared_data(file))
    assert (info["name"], info["rows"], info["unit"], info["stand_in"]) == (name, rows, unit, False)
    molecules = load_molecules(tmp_path / "molecules.csv")
    assert molecules.targets.min() == lowest
    assert len(set(molecules.canonical)) == rows  # no molecule twice
    assert table_rows(tmp_path / "qc.csv") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "columns are none"),
        ("row,smiles\n0,C\n", "columns are row,smiles, expected row,name,smiles,canonical,target"),
        ("row,name,smiles,canonical,target\n0,a,C,C\n", "changed since it was prepared"),
        ("row,name,smiles,canonical,target\n0,a,C,C,nan\n", "changed since it was prepared"),
        ("row,name,smiles,canonical,target\n0,a,C,C,x\n", "changed since it was prepared"),
    ],
)
def test_a_prepared_file_that_was_changed(tmp_path, text, message):
    with pytest.raises(UserError, match=message):
        load_molecules(write(tmp_path / "molecules.csv", text))


def test_a_data_set_that_was_not_prepared(tmp_path):
    with pytest.raises(UserError, match="no such file, expected a prepared data set"):
        load_molecules(tmp_path / "molecules.csv")
    with pytest.raises(UserError, match="dataset.json: cannot read it"):
        load_info(tmp_path)
