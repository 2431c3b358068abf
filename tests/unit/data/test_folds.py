"""Folds: a partition, the same one every time, safe on its way through a file."""

import hashlib

import numpy as np
import pytest
from score_mlx.data.chem.folds import load_folds, make_folds, save_folds
from score_mlx.system.errors import UserError
from sklearn.model_selection import KFold


def different(count):
    """So many molecules, no two the same."""
    return [str(n) for n in range(count)]


def test_ten_molecules():
    folds = make_folds(different(10))
    assert folds.tolist() == [1, 0, 2, 4, 3, 1, 4, 2, 0, 3]  # RandomState(42) orders them 8 1 5 0 7 2 9 4 3 6
    assert make_folds(different(10)).tolist() == folds.tolist()


@pytest.mark.parametrize("repeat", [0, 1, 4])
def test_each_molecule_is_tested_once(repeat):
    folds = make_folds(different(1128), repeat=repeat)
    assert np.bincount(folds).tolist() == [226, 226, 226, 225, 225]
    splits = KFold(5, shuffle=True, random_state=42 + repeat).split(np.zeros(1128))
    for fold, (_, test) in enumerate(splits):
        assert np.flatnonzero(folds == fold).tolist() == test.tolist()


def test_the_folds_of_all_tables_never_change():
    digest = hashlib.sha256(make_folds(different(1128)).astype(np.int8).tobytes()).hexdigest()
    assert digest == "779c1685ce328d123d5dfe18a79a1d2ad1e0026fdef2402f077b45f64e8d7ae4"


def test_repeats_differ():
    assert not np.array_equal(make_folds(different(100)), make_folds(different(100), repeat=1))


def test_grouped_folds_move_repeats_only():
    smiles = ["C", "N", "C", "O", "N", "F", "C", "Cl", "Br", "I"]
    plain, grouped = make_folds(smiles), make_folds(smiles, "grouped")
    first = [smiles.index(text) for text in smiles]
    assert grouped.tolist() == plain[first].tolist() != plain.tolist()
    assert make_folds(different(50), "grouped").tolist() == make_folds(different(50)).tolist()


def test_saved_and_loaded(tmp_path):
    path = tmp_path / "esol" / "kfold-r0.csv"
    save_folds(path, make_folds(different(7)))
    assert path.read_text().splitlines()[:2] == ["row,fold", f"0,{make_folds(different(7))[0]}"]
    np.testing.assert_array_equal(load_folds(path, 7), make_folds(different(7)))


def test_what_cannot_be_split():
    with pytest.raises(UserError, match="4 molecules: expected at least 5"):
        make_folds(different(4))
    with pytest.raises(UserError, match="split = kfolds: expected one of kfold, grouped"):
        make_folds(different(10), "kfolds")
    with pytest.raises(UserError, match="repeat = -1"):
        make_folds(different(10), repeat=-1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "columns are none, expected row,fold"),
        ("fold,row\n0,0\n", "columns are fold,row"),
        ("row,fold\n0,0\n2,1\n", "line 3 is '2,1', expected '1,<fold>'"),
        ("row,fold\n0,x\n", "line 2 is '0,x'"),
        ("row,fold\n0,-1\n", "line 2 is '0,-1'"),
        ("row,fold\n0,0\n1,2\n", "fold 1 is empty"),
        ("row,fold\n0,0\n1,0\n", "fold 1 is empty"),
        ("row,fold\n", "fold 0 is empty"),
    ],
)
def test_a_broken_file(tmp_path, text, message):
    path = tmp_path / "folds.csv"
    path.write_text(text)
    with pytest.raises(UserError, match=message):
        load_folds(path)


def test_a_file_of_other_data(tmp_path):
    save_folds(tmp_path / "folds.csv", make_folds(different(7)))
    with pytest.raises(UserError, match="7 rows, expected 8"):
        load_folds(tmp_path / "folds.csv", 8)
    with pytest.raises(UserError, match="no such folds file"):
        load_folds(tmp_path / "none.csv")
