"""`predict` on somebody's file: a row out for every row in, whatever the row holds."""

import csv

import pytest


@pytest.fixture
def predicted(model, folder, command):
    """`predicted(text)`: exit code, the rows written, standard error."""

    def run(text: str, *options: str):
        (folder / "in.csv").write_text(text)
        code, _, err = command("predict", model, "in.csv", "--out", "out.csv", *options)
        with (folder / "out.csv").open(newline="") as stream:
            return code, list(csv.DictReader(stream)), err

    return run


EMPTY = {
    "quotes": ('smiles\nCCO\n""\nCCN\n', ["CCO", "", "CCN"]),
    "quoted blanks": ('smiles\nCCO\n"  "\nCCN\n', ["CCO", "", "CCN"]),
    "a comma": ("smiles,y\nCCO,1\n,\nCCN,2\n", ["CCO", "", "CCN"]),
    "the last rows": ("smiles,y,z\nCCO,1,\n,,\n,,\n", ["CCO", "", ""]),
    "a target only": ("smiles,y\nCCO,1\n,2\nCCN,2\n", ["CCO", "", "CCN"]),
    "CR line ends": ('smiles\rCCO\r""\rCCN\r', ["CCO", "", "CCN"]),
}


@pytest.mark.parametrize("case", EMPTY)
def test_an_empty_smiles_has_its_row(case, predicted):
    text, expected = EMPTY[case]
    code, rows, err = predicted(text)
    assert [row["smiles"] for row in rows] == expected
    assert [row["row"] for row in rows] == [str(n) for n in range(len(expected))]
    assert [bool(row["mean"]) for row in rows] == [bool(smiles) for smiles in expected]
    assert {row["problem"] for row in rows if not row["smiles"]} == {"no SMILES"}
    assert code == 1 and f"{sum(map(bool, expected))} of {len(expected)} molecules predicted" in err


def test_blank_lines_are_skipped_and_said(predicted):
    code, rows, err = predicted("smiles\nCCO\n\n   \nCCN\n")
    assert code == 0 and [row["smiles"] for row in rows] == ["CCO", "CCN"]
    assert "in.csv: 2 blank lines were skipped: line 3, 4" in err


def test_a_row_of_another_width_has_its_row(predicted):
    code, rows, err = predicted("smiles,y\nCCO,1\nCCN\nCCC,2\n")
    assert code == 1 and [row["problem"] for row in rows] == ["", "1 cell, the header has 2", ""]
