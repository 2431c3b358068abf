"""Folds by scaffold and folds that the reader gives."""

from itertools import pairwise

import numpy as np
import pytest
from score_mlx.cli import app
from score_mlx.config.file import load
from score_mlx.data.chem.datasets import Table, prepare
from score_mlx.data.chem.folds import load_folds, make_folds
from score_mlx.data.chem.given_folds import from_column, from_file
from score_mlx.data.chem.scaffolds import balanced, scaffolds
from score_mlx.data.splits import SPLITS, STRATIFIED
from score_mlx.system.errors import UserError
from typer.testing import CliRunner

pytestmark = pytest.mark.badinput

SMILES = ["CCO", "Cc1ccccc1", "C1CCCCC1CC1CCCC1", "c1ccccc1O", "N", "O=C1CCCCC1CC1CCCC1"]


def test_scaffolds_are_rings_and_what_links_them():
    assert scaffolds(SMILES) == ["", "c1ccccc1", "C1CCC(CC2CCCC2)CC1", "c1ccccc1", "", "O=C1CCCCC1CC1CCCC1"]


def test_no_group_is_divided_and_sizes_are_even():
    groups = list("aaaabbbbccccddddeeeefghij")
    folds = balanced(groups, 5, 42)
    assert np.bincount(folds).tolist() == [5] * 5
    assert all(len({f for g, f in zip(groups, folds, strict=True) if g == group}) == 1 for group in groups)
    assert balanced(groups, 5, 42).tolist() == folds.tolist()
    assert any(balanced(groups, 5, seed).tolist() != folds.tolist() for seed in (43, 44))
    # a group larger than a fifth fills a fold, the others share what is left
    assert np.bincount(balanced(["big"] * 13 + list("abcdefgh"), 5, 42)).tolist() == [13, 2, 2, 2, 2]


def test_scaffold_folds_of_molecules():
    many = ["C" * n for n in range(1, 9)] + [f"C1{'C' * n}C1" for n in range(1, 8)]
    folds = make_folds(many, "scaffold")
    assert sorted(np.bincount(folds), reverse=True)[0] == 8  # the chains have one scaffold, none
    assert len(set(folds[:8])) == 1 and set(folds.tolist()) == set(range(5))
    with pytest.raises(UserError, match="2 different scaffolds: expected at least 5"):
        make_folds(["C", "CC", "c1ccccc1", "Cc1ccccc1", "CCC"], "scaffold")


@pytest.fixture
def own(tmp_path):
    """A prepared CSV with columns of folds; its second row was dropped."""
    rows = ["CCO,1,b,10,x", "C(C,2,a,9,x", "CCN,3,a,9,", "CCC,4,b,10,x", "CCCl,5,c,11,x"]
    source = tmp_path / "my.csv"
    source.write_text("smiles,y,fold,number,holes\n" + "\n".join(rows) + "\n")
    prepare(str(source), tmp_path / "data", table=Table("smiles", "y"), drop_bad=True)
    return source


@pytest.mark.parametrize(("column", "folds"), [("fold", [1, 0, 1, 2]), ("number", [1, 0, 1, 2])])
def test_labels_are_numbered_in_their_order(own, tmp_path, column, folds):
    out = tmp_path / "file-r0.csv"
    arguments = ["data", "folds", tmp_path / "data" / "molecules.csv", out, "--split", "file", "--source", own]
    done = CliRunner().invoke(app, [*map(str, arguments), "--fold-column", column])
    assert done.exit_code == 0, done.output
    assert load_folds(out, 4).tolist() == folds
    again = tmp_path / "again.csv"
    done = CliRunner().invoke(app, [*map(str, [*arguments[:3], again, *arguments[4:-1], out])])
    assert done.exit_code == 0 and again.read_bytes() == out.read_bytes()


@pytest.mark.parametrize(
    ("column", "rows", "says"),
    [
        ("holes", [0, 2], "line 4: no fold in column 'holes'"),
        ("holes", [0, 3], "column 'holes' has 1 different folds, expected 2 to 50"),
        ("fo", [0], "no column 'fo'"),
        ("fold", [0, 9], "5 rows, expected at least 10"),
    ],
)
def test_columns_that_are_no_folds(own, column, rows, says):
    with pytest.raises(UserError, match=says):
        from_column(own, column, rows)


KEPT = [0, 2, 3, 4]  # rows of `own` that molecules.csv has
FILES = {
    "as in molecules.csv": "row,fold\n0,1\n2,0\n3,1\n4,2\n",
    "positions": "row,fold\n0,1\n1,0\n2,1\n3,2\n",
    "all rows of the CSV": "row,fold\n0,1\n1,3\n2,0\n3,1\n4,2\n",
    "another order": "row,fold\n4,2\n0,1\n3,1\n2,0\n",
    "byte order mark": "\ufeffrow,fold\n0,1\n2,0\n3,1\n4,2\n",
    "Windows line ends": "row,fold\r\n0,1\r\n2,0\r\n3,1\r\n4,2\r\n",
    "numbers of a program": "row,fold\n0.0,1.0\n2,0.0\n3,1.0\n4,2.0\n",
    "blanks and another column": "fold, row ,name\n 1,0,a\n0, 2,b\n1,3,c\n2,4,d\n\n",
    "tabs": "row\tfold\n0\t1\n2\t0\n3\t1\n4\t2\n",
    "names": "row,fold\n0,b\n2,a\n3,b\n4,c\n",
}


@pytest.mark.parametrize("case", FILES)
def test_a_folds_file_is_read_whatever_it_looks_like(case, own, tmp_path):
    (tmp_path / "folds.csv").write_text(FILES[case], encoding="utf-8", newline="")
    arguments = ["data", "folds", tmp_path / "data" / "molecules.csv", tmp_path / "out.csv", "--split", "file"]
    done = CliRunner().invoke(app, [*map(str, [*arguments, "--source", tmp_path / "folds.csv"])])
    assert done.exit_code == 0, done.exception
    assert load_folds(tmp_path / "out.csv", 4).tolist() == [1, 0, 1, 2]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("row,fold\n0,1\n2,0\n3,1\n", "folds.csv: no row 4, expected a row for each molecule"),
        ("row,fold\n0,1\n2,0\n3,1\n4,2\n9,1\n", "line 6: row 9 is none of molecules.csv"),
        ("row,fold\n0,1\n2,0\n3,1\n4,2\n\n2,1\n", "line 7: row 2 is also on line 3"),
        ("row,fold\n0,1\nx,0\n3,1\n4,2\n", "line 3: row 'x', expected a whole number"),
        ("row,fold\n0,1\n2,\n3,1\n4,2\n", "line 3: no fold in column 'fold'"),
        ("row,fold\n0,1\n2,1\n3,1\n4,1\n", "column 'fold' has 1 different folds"),
        ("row;fold\n0;1\n", "no row 2, expected a row for each molecule"),
        ("molecule,fold\n0,1\n", "no column 'row', found molecule, fold"),
    ],
)
def test_folds_files_that_are_none(tmp_path, text, says):
    (tmp_path / "folds.csv").write_text(text)
    with pytest.raises(UserError) as raised:
        from_file(tmp_path / "folds.csv", KEPT)
    assert says in str(raised.value)


@pytest.mark.parametrize("repeat", [0, 1, 2])
def test_few_molecules_many_times_are_spread_over_grouped_folds(repeat):
    """Eight molecules at ten temperatures: the folds of their first rows would leave two folds without any."""
    eight = ["CCO", "CCN", "CCC", "CCS", "CCF", "CCCl", "CCBr", "CCI"]
    rows = [smiles for smiles in eight for _ in range(10)]
    folds = make_folds(rows, "grouped", repeat)
    assert sorted(np.bincount(folds).tolist()) == [10, 10, 20, 20, 20]
    assert all(len(set(folds[start : start + 10].tolist())) == 1 for start in range(0, 80, 10))
    with pytest.raises(UserError, match="4 different molecules: expected at least 5, one for each fold"):
        make_folds([smiles for smiles in eight[:4] for _ in range(10)], "grouped", repeat)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"split": "file"}, "split = 'file': expected fold_column as well"),
        (
            {"fold_column": "f", "dataset": "a.csv"},
            "split = None: expected 'file' or 'holdout', as fold_column is 'f'",
        ),
        ({"split": "file", "fold_column": "f"}, "expected fold_column to be a folds file (.csv), as esol has no"),
        ({"split": "scafold"}, "did you mean 'scaffold'?"),
    ],
)
def test_settings_that_do_not_go_together(repo, given, says):
    with pytest.raises(UserError) as raised:
        load(repo / "config.yaml", given)
    assert says in str(raised.value)


@pytest.mark.parametrize("name", ["my.csv", "MY.CSV", "my.tsv", "my.csv.gz", "a/my.txt"])
def test_a_folds_file_is_known_by_its_name(name, repo):
    assert load(repo / "config.yaml", {"split": "file", "fold_column": name}).folds_file == name
    column = {"split": "file", "fold_column": "my.fold", "dataset": "a.csv"}
    assert load(repo / "config.yaml", column).folds_file is None


def test_each_kind_of_folds_has_runs_of_its_own(repo):
    base = load(repo / "config.yaml", {"split": "file", "fold_column": "folds.csv"})
    assert base.folds_file == "folds.csv"
    paths = [{spec.path() for spec in base.specs("table2", split)} for split in SPLITS if split != STRATIFIED]
    assert all(not one & other for one, other in pairwise(paths))
