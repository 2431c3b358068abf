"""Descriptors and their scaling: what the training fold does not know must not show."""

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem import Descriptors
from score_mlx.data.chem import descriptors
from score_mlx.data.chem.scaling import DescriptorScaler, load_descriptors
from score_mlx.system.errors import UserError

SMILES = ["C", "CCO", "c1ccccc1Cl"]


def test_values_are_rdkits():
    values, names = descriptors.compute(SMILES)
    assert values.shape == (3, 217) and values.dtype == np.float64
    column = names.tolist().index("MolWt")
    np.testing.assert_allclose(values[:, column], [16.043, 46.069, 112.559], atol=1e-3)
    for row, smiles in zip(values, SMILES, strict=True):
        expected = Descriptors.CalcMolDescriptors(Chem.MolFromSmiles(smiles))
        assert list(expected) == names.tolist()
        np.testing.assert_array_equal(row, list(expected.values()))


# Aspirin, caffeine, paracetamol: weights from the formulas, polar surface areas and counts as published (PubChem).
KNOWN = {
    "CC(=O)Oc1ccccc1C(=O)O": {"MolWt": 180.159, "TPSA": 63.6, "NumHDonors": 1, "RingCount": 1, "HeavyAtomCount": 13},
    "Cn1cnc2c1c(=O)n(C)c(=O)n2C": {
        "MolWt": 194.194,
        "TPSA": 61.8,
        "NumHDonors": 0,
        "RingCount": 2,
        "HeavyAtomCount": 14,
    },
    "CC(=O)Nc1ccc(O)cc1": {"MolWt": 151.165, "TPSA": 49.3, "NumHDonors": 2, "RingCount": 1, "HeavyAtomCount": 11},
}


def test_three_molecules_by_name():
    values, names = descriptors.compute(list(KNOWN))
    for row, expected in zip(values, KNOWN.values(), strict=True):
        found = dict(zip(names.tolist(), row, strict=True))
        assert {name: found[name] for name in expected} == pytest.approx(expected, abs=0.05)


def test_processes_do_not_change_the_result():
    smiles = ["C" * (n % 5 + 1) + "N" for n in range(60)]  # two chunks
    one, two = (descriptors.compute(smiles, processes=p)[0] for p in (1, 2))
    np.testing.assert_array_equal(one, two)


def test_what_is_not_finite_is_missing(monkeypatch):
    names = [name for name, _ in Descriptors._descList]

    def calculate(molecule, missingVal, silent):
        return dict.fromkeys(names, 1.0) | {names[0]: np.inf, names[1]: -np.inf, names[2]: missingVal}

    monkeypatch.setattr(descriptors.Descriptors, "CalcMolDescriptors", calculate)
    values, _ = descriptors.compute(["C"])
    assert np.isnan(values[0, :3]).all()
    assert (values[0, 3:] == 1).all()


def test_a_molecule_that_cannot_be_read_is_named():
    with pytest.raises(UserError, match="molecule 1: RDKit cannot read the SMILES 'CC\\('"):
        descriptors.compute(["C", "CC("])


def test_saved_and_loaded(tmp_path):
    values, names = np.array([[1.5, np.nan]]), np.array(["a", "b"])
    descriptors.save(tmp_path / "d.npz", values, names)
    back, labels = load_descriptors(tmp_path / "d.npz")
    np.testing.assert_array_equal(back, values)
    assert labels.tolist() == ["a", "b"]
    with pytest.raises(UserError, match="no such descriptors file"):
        load_descriptors(tmp_path / "none.npz")
    (tmp_path / "text.npz").write_text("values")
    with pytest.raises(UserError, match="not a descriptors file"):
        load_descriptors(tmp_path / "text.npz")


def test_scaled_by_hand():
    train = np.sinh([[0.0, 5.0], [1.0, 5.0], [2.0, 5.0]])  # arcsinh undoes sinh
    scaler = DescriptorScaler().fit(train)
    deviation = np.sqrt(2 / 3)
    expected = np.array([[-1 / deviation, 0], [0, 0], [1 / deviation, 0]], np.float32)
    result = scaler.transform(train)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, expected, rtol=1e-6)
    np.testing.assert_allclose(scaler.transform(np.sinh([[3.0, 9.0]])), [[2 / deviation, 0]], rtol=1e-6)


def test_missing_values_take_no_part():
    column = np.sinh([[0.0], [1.0], [2.0]])
    with_gaps = np.concatenate([column, [[np.nan], [np.inf], [-np.inf]]])
    whole, gaps = DescriptorScaler().fit(column), DescriptorScaler().fit(with_gaps)
    np.testing.assert_array_equal(whole.transform(column), gaps.transform(column))
    assert gaps.transform(with_gaps)[3:].tolist() == [[0], [0], [0]]  # the mean


def test_a_column_without_a_value_in_training_is_zero():
    scaler = DescriptorScaler().fit(np.full((4, 1), np.nan))
    assert scaler.transform(np.array([[7.0], [np.nan]])).tolist() == [[0], [0]]


@pytest.mark.parametrize("value", [0.0, 0.1, -3.7, 1e30])
def test_rounding_does_not_make_a_constant_column_vary(value):
    scaler = DescriptorScaler().fit(np.full((901, 1), value))
    assert scaler.transform(np.array([[value], [value + 1]])).tolist() == [[0], [0]]


def test_a_column_of_small_values_is_not_taken_for_constant():
    scaler = DescriptorScaler().fit(np.array([[0.0], [2e-13]]))
    np.testing.assert_allclose(scaler.transform(np.array([[0.0], [2e-13]])), [[-1], [1]], rtol=1e-5)


def test_the_scaler_sees_the_training_fold_only():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(50, 6)) * 10.0 ** np.arange(6)
    train, test = np.arange(40), np.arange(40, 50)
    before = DescriptorScaler().fit(values[train]).transform(values)
    planted = values.copy()
    planted[test[0]] = 1e300
    after = DescriptorScaler().fit(planted[train]).transform(planted)
    np.testing.assert_array_equal(np.delete(before, test[0], 0), np.delete(after, test[0], 0))
    assert np.isfinite(after).all()


def test_huge_values_stay_finite():
    values = np.array([[1e300], [-1e300], [0.0]])
    assert np.isfinite(DescriptorScaler().fit(values).transform(values)).all()


def test_nothing_to_fit_on():
    with pytest.raises(ValueError, match="no rows"):
        DescriptorScaler().fit(np.zeros((0, 3)))


@pytest.mark.badinput
def test_a_long_chain_takes_no_minutes_and_lacks_two_descriptors():
    values, names = descriptors.compute(["C" * 150, "C" * 400], processes=1)
    missing = [set(names[np.isnan(row)]) for row in values]
    assert {"Ipc", "AvgIpc"} & missing[0] == set() and {"Ipc", "AvgIpc"} <= missing[1]
    assert np.isfinite(values[1]).sum() > 200


@pytest.mark.badinput
def test_slow_molecules_show_that_something_happens(monkeypatch, capsys):
    descriptors.compute(["CCO", "CCN"], processes=1)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(descriptors, "LINE_SECONDS", -1)
    descriptors.compute(["CCO", "C" * 160], processes=1)
    assert capsys.readouterr().err.splitlines()[-1] == "descriptors: molecule 1 of 160 atoms is done"
