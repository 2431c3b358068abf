"""Somebody's CSV: shapes, encodings, cells, columns."""

import pytest

PREPARE = ("data", "prepare", "my.csv", "out", "--smiles-column", "smiles", "--target-column", "y")
GOOD = b"smiles,y\nCCO,1\n"


def rows(*lines: str) -> bytes:
    return "\n".join(["smiles,y", *lines, ""]).encode()


FILES = {
    "empty": (b"", "my.csv: the file is empty"),
    "blank first line": (b"\nsmiles,y\nC,1\n", "starts with a blank line, expected a header row"),
    "header only": (b"smiles,y\n", "a header but no rows"),
    "no SMILES column": (b"SMILE,y\nC,1\n", "no column 'smiles', found SMILE, y; did you mean 'SMILE'?"),
    "no target column": (b"smiles,z\nC,1\n", "no column 'y', found smiles, z"),
    "two columns of a name": (b"smiles,y,y\nC,1,2\n", "2 columns are called 'y', expected one"),
    "semicolons": (b"smiles;z\nC;1\n", "no column 'y', found smiles, z"),
    "Latin-1": ("smiles,y,name\nC,1,\u00e9ther\n".encode("latin-1"), "line 2: byte 0xe9 is not UTF-8"),
    "UTF-16": ("smiles,y\nC,1\n".encode("utf-16"), "line 1: byte 0xff is not UTF-8"),
    "a line of 10 MB": (rows("C" * 10_000_000 + ",1"), "line 2: not valid CSV (field larger than field limit"),
    "10 MB of commas": (rows("C,1" + "," * 10_000_000), "line 2: 10000002 cells, the header has 2"),
    "a quote that never ends": (rows('"C,1', "C,2"), "line 2: a quote is opened and never closed"),
    "a cell too few": (rows("C,1", "C"), "1 of 2 rows cannot be used", "line 3: 1 cell, the header has 2"),
    "a cell too many": (rows("C,1,2"), "line 2: 3 cells, the header has 2"),
    "a program": (b"\x7fELF\x02\x01\x01\x00\x80", "byte 0x80 is not UTF-8"),
    "empty cells": (rows("C,1", ","), "1 of 2 rows cannot be used", "line 3: no SMILES"),
    "no target": (rows("C,"), "line 2: no target"),
    "missing target": (rows("C,N/A"), "line 2: no target"),
    "text": (rows("C,high"), "line 2: target 'high' is not a number"),
    "NaN": (rows("C,nan"), "line 2: no target"),
    "infinite": (rows("C,-inf"), "line 2: target '-inf' is not finite"),
    "too large": (rows("C,1e999"), "line 2: target '1e999' is not finite"),
    "comma and point": (rows('C,"1,5"', "C,1.5"), "line 2 has '1,5' and line 3 '1.5': a decimal comma or a decimal po"),
    "thousands or not": (rows('C,"1,500"'), "line 2: '1,500' may be 1.500 or 1500: expected numbers with a point"),
    "a bound": (rows("C,>10"), "line 2: target '>10' has a qualifier: a bound is no value"),
    "a unit": (rows("C,10 mM"), "line 2: target '10 mM' has a unit: expected the number alone, target_unit names the"),
    "percent": (rows("C,12 %"), "line 2: target '12 %' has a percent sign: expected the number alone"),
    "thousands": (rows("C,1_000"), "line 2: target '1_000' is not a number"),
    "many bad rows": (rows(*["C(C,1"] * 30), "30 of 30 rows", "and 20 more"),
}


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_cannot_be_used(case, folder, refused):
    content, *words = FILES[case]
    (folder / "my.csv").write_bytes(content)
    (folder / "out").mkdir()
    (folder / "out" / "molecules.csv").write_text("of an earlier run")
    refused(PREPARE, "my.csv: ", *words)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["data", "prepare", "none.csv", "out", *PREPARE[4:]], "none.csv: cannot read the file (No such file"),
        (["data", "prepare", "my.csv", "out"], "smiles_column is not set, expected one of smiles, y"),
        ([*PREPARE, "--name-column", "id"], "no column 'id'"),
        ([*PREPARE, "--target-unit", "$x^$"], "target_unit is '$x^$', expected text without '$'"),
        (["data", "prepare", "folder.csv", "out", *PREPARE[4:]], "folder.csv: cannot read the file (Is a directory)"),
        (["data", "prepare", "my.xlsx", "out"], "expected esol, freesolv, lipo, nci or the path of a file, .csv"),
        (["data", "folds", "my.csv", "f.csv"], "my.csv: columns are smiles,y, expected row,name"),
        (["data", "features", "my.csv", "f.npz"], "my.csv: columns are smiles,y, expected row,name"),
    ],
)
def test_a_command_that_cannot_be_followed(arguments, words, folder, refused):
    (folder / "my.csv").write_bytes(GOOD)
    (folder / "folder.csv").mkdir()
    refused(arguments, words)


def test_one_row_is_a_data_set_but_not_five_folds(folder, command, refused):
    (folder / "my.csv").write_bytes(GOOD)
    assert command(*PREPARE)[0] == 0
    refused(["data", "folds", "out/molecules.csv", "folds.csv"], "1 molecules: expected at least 5, one for each fold")


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + GOOD,
        GOOD.replace(b"\n", b"\r\n"),
        GOOD + b"\n\n",
        b'"smiles","y"\n"CCO","1"\n',
        b"y,smiles\n1,CCO\n",
    ],
    ids=["byte order mark", "Windows line ends", "blank lines", "quotes", "other order"],
)
def test_a_file_that_looks_odd_and_is_read(content, folder, command):
    (folder / "my.csv").write_bytes(content)
    assert command(*PREPARE)[0] == 0
    assert (folder / "out" / "molecules.csv").read_text() == "row,name,smiles,canonical,target\n0,,CCO,CCO,1.0\n"
