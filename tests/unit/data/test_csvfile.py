"""Reading somebody else's CSV file: what it may look like, and what is said of one that is no table of molecules."""

import pytest
from score_mlx.data.chem.csvfile import header_of, read_cells, read_rows
from score_mlx.data.chem.datasets import Table, prepare
from score_mlx.system.errors import UserError

pytestmark = pytest.mark.badinput


def write(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("prefix", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_byte_order_mark_line_ends_and_blank_lines(tmp_path, prefix, end):
    text = prefix + end.join(["SMILES,logS,Name", "C,1,Café", "", ",,", "CC,2,µ\u2028x", ""])
    said = []
    rows = read_rows(write(tmp_path / "a.csv", text), "SMILES", "logS", "Name", said.append)
    assert [(r.row, r.line, r.smiles, r.target, r.name) for r in rows] == [
        (0, 2, "C", "1", "Café"),
        (1, 4, "", "", ""),  # cells that are empty are a row all the same
        (2, 5, "CC", "2", "µ\u2028x"),
    ]
    assert said == [f"{tmp_path / 'a.csv'}: a blank line was skipped: line 3"]


@pytest.mark.parametrize("row", ['""', '" "'])
def test_a_quoted_nothing_is_a_row(tmp_path, row):
    source = write(tmp_path / "a.csv", f"smiles\nCCO\n{row}\nCCN\n   \n\n")
    said = []
    assert [r.smiles for r in read_rows(source, "smiles", None, None, said.append)] == ["CCO", "", "CCN"]
    assert [cells.values for cells in read_cells(source, ["smiles"])] == [["CCO"], [""], ["CCN"]]
    assert said == [f"{source}: 2 blank lines were skipped: line 5, 6"]


def test_of_many_columns_the_nearest_are_named(tmp_path):
    source = write(tmp_path / "a.csv", ",".join(f"descriptor {n}" for n in range(595)) + ",SMILES,logS\n")
    with pytest.raises(UserError) as error:
        read_rows(source, "smiles", "logS")
    assert str(error.value) == (
        f"{source}: no column 'smiles', found SMILES, descriptor 0, descriptor 1, descriptor 2, descriptor 3 "
        "and 592 more; did you mean 'SMILES'?"
    )
    with pytest.raises(UserError, match="no column 'log', found logS, descriptor 0, .* and 592 more; did you mean"):
        read_rows(source, "SMILES", "log")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("\nSMILES,logS\nC,1\n", "starts with a blank line, expected a header"),
        ("SMILES,logS\n", "a header but no rows"),
        ("smiles,logS\nC,1\n", "no column 'SMILES', found smiles, logS; did you mean 'smiles'?"),
        ("SMILES,log_S\nC,1\n", "no column 'logS', found SMILES, log_S; did you mean 'log_S'?"),
        ("SMILES,weight\nC,1\n", "no column 'logS', found SMILES, weight"),
        ("SMILES;weight\nC;1\n", "no column 'logS', found SMILES, weight"),
        ("SMILES,logS,logS\nC,1,2\n", "2 columns are called 'logS'"),
        ("SMILES,logS\nC,1\n" + '"' + "x" * 200_000, "line 3: not valid CSV (field larger"),
        ('SMILES,logS\nC,1\n"CC,2\nCCC,3\n', "line 3: a quote is opened and never closed"),
        ('SMILES,logS\n"C"C,1\n', "line 2: not valid CSV"),
    ],
)
def test_a_file_that_is_not_a_table_of_molecules(tmp_path, text, message):
    source = write(tmp_path / "a.csv", text)
    with pytest.raises(UserError) as error:
        read_rows(source, "SMILES", "logS")
    assert message in str(error.value)
    assert str(source) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("encoding", "line"), [("latin-1", "line 3"), ("utf-16", "line 1")])
def test_another_encoding(tmp_path, encoding, line):
    source = write(tmp_path / "a.csv", "SMILES,logS,Name\nC,1,x\nCC,2,Café\n", encoding)
    with pytest.raises(UserError, match=f"{line}: byte 0x.. is not UTF-8"):
        read_rows(source, "SMILES", "logS")


def test_a_missing_file_and_columns_without_a_name(tmp_path):
    with pytest.raises(UserError, match="none.csv: cannot read the file"):
        read_rows(tmp_path / "none.csv", "SMILES", "logS")
    source = write(tmp_path / "a.csv", "SMILES,logS\nC,1\n")
    with pytest.raises(UserError, match="smiles_column is not set, expected one of SMILES, logS"):
        prepare(str(source), tmp_path / "out")
    with pytest.raises(UserError, match="target_column is not set"):
        prepare(str(source), tmp_path / "out", table=Table("SMILES"))
    assert header_of(source) == ["SMILES", "logS"]
    assert header_of(write(tmp_path / "empty.csv", "")) == []
