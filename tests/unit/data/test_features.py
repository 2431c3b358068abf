"""Graph features against arrays written by hand, and what must not change them."""

import numpy as np
import pytest
from rdkit import Chem
from score_mlx.data.chem.features import SCHEMES, featurise
from score_mlx.data.chem.molecules import MoleculeGraphs
from score_mlx.system.errors import UserError

DRUG = "CC(=O)Nc1ccc(OC[C@H](O)C2CC2)cc1Br"


def author(z: int, degree: int, hydrogens: int, mass: float) -> np.ndarray:
    row = np.zeros(66, np.float32)
    row[[z - 1, 54 + degree, 60 + hydrogens]] = 1
    row[65] = mass / 100
    return row


def test_methanol_as_the_author_has_it():
    graph = featurise(["CO"])
    expected = [author(6, 1, 3, 12.011), author(8, 1, 1, 15.999)]
    np.testing.assert_allclose(graph.atoms, expected, rtol=1e-6)
    assert graph.atoms.dtype == graph.bonds.dtype == np.float32
    assert graph.source.tolist() == [0, 1]
    assert graph.target.tolist() == [1, 0]
    assert graph.reverse.tolist() == [1, 0]
    assert graph.bonds.tolist() == [[0], [0]]
    assert graph.atom_offset.tolist() == [0, 2]
    assert graph.bond_offset.tolist() == [0, 2]


def test_methanol_as_chemprop_has_it():
    graph = featurise(["CO"], "rigr_chemprop")
    carbon, oxygen = np.zeros(52), np.zeros(52)
    carbon[[5, 38 + 4, 45 + 3]], carbon[51] = 1, 0.12011  # degree counts the three hydrogens
    oxygen[[7, 38 + 2, 45 + 1]], oxygen[51] = 1, 0.15999
    np.testing.assert_allclose(graph.atoms, [carbon, oxygen], rtol=1e-6)
    assert graph.bonds.tolist() == [[0, 0], [0, 0]]


def test_cyclopropane_is_a_ring():
    graph = featurise(["C1CC1"])
    np.testing.assert_allclose(graph.atoms, [author(6, 2, 2, 12.011)] * 3, rtol=1e-6)
    assert graph.bonds.tolist() == [[1]] * 6
    assert featurise(["C1CC1"], "rigr_chemprop").bonds.tolist() == [[0, 1]] * 6
    pairs = list(zip(graph.source.tolist(), graph.target.tolist(), strict=True))
    assert set(pairs) == {(0, 1), (1, 0), (1, 2), (2, 1), (2, 0), (0, 2)}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_methane_has_an_atom_and_no_bond(scheme):
    graph = featurise(["C"], scheme)
    atom, bond = SCHEMES[scheme]
    assert graph.atoms.shape == (1, atom)
    assert graph.bonds.shape == (0, bond)
    assert graph.source.shape == graph.target.shape == graph.reverse.shape == (0,)
    assert graph.bond_offset.tolist() == [0, 0]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_molecules_stand_one_after_another(scheme):
    graph = featurise(["CO", "C", "C1CC1"], scheme)
    assert len(graph) == 3
    assert graph.atom_offset.tolist() == [0, 2, 3, 6]
    assert graph.bond_offset.tolist() == [0, 2, 2, 8]
    alone = featurise(["C1CC1"], scheme)
    np.testing.assert_array_equal(graph.atoms[3:], alone.atoms)
    np.testing.assert_array_equal(graph.source[2:], alone.source + 3)
    np.testing.assert_array_equal(graph.target[graph.reverse], graph.source)
    for field in ("source", "target", "reverse", "atom_offset", "bond_offset"):
        assert getattr(graph, field).dtype == np.int32


@pytest.mark.parametrize("scheme", SCHEMES)
def test_no_molecule_at_all(scheme):
    graph = featurise([], scheme)
    assert len(graph) == 0
    assert graph.atoms.shape == (0, SCHEMES[scheme][0])
    assert graph.bonds.shape == (0, SCHEMES[scheme][1])


@pytest.mark.parametrize(
    ("smiles", "author_slots", "chemprop_slots"),
    [
        ("[U]", [53, 54, 60], [37, 38, 45]),  # beyond the last element: last class, unknown
        ("[Xe]", [53, 54, 60], [37, 38, 45]),
        ("*", [0, 54, 60], [37, 38, 45]),  # a dummy atom has number 0: first class as the code clips, unknown
        ("I", [52, 54, 61], [36, 39, 46]),
        ("S(F)(F)(F)(F)(F)F", [15, 59, 60], [15, 44, 45]),  # six neighbours
        ("[UH6]", [53, 54, 64], [37, 44, 50]),  # six hydrogens
        ("[NH4+]", [6, 54, 64], [6, 42, 49]),
    ],
)
def test_one_hots_clip(smiles, author_slots, chemprop_slots):
    assert np.flatnonzero(featurise([smiles]).atoms[0, :65]).tolist() == author_slots
    assert np.flatnonzero(featurise([smiles], "rigr_chemprop").atoms[0, :51]).tolist() == chemprop_slots


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_order_of_atoms_only_permutes(scheme):
    first = Chem.MolFromSmiles(DRUG)
    order = np.random.default_rng(0).permutation(first.GetNumAtoms())
    text = Chem.MolToSmiles(Chem.RenumberAtoms(first, order.tolist()), canonical=False)
    second = Chem.MolFromSmiles(text)
    place = np.array(second.GetSubstructMatch(first))  # atom of `first` -> atom of `second`
    assert place.tolist() != sorted(place)
    a, b = featurise([DRUG], scheme), featurise([text], scheme)
    np.testing.assert_array_equal(a.atoms, b.atoms[place])

    def bonds(graph, names):
        return sorted(zip(names[graph.source], names[graph.target], graph.bonds.tolist(), strict=True))

    assert bonds(a, place) == bonds(b, np.arange(len(place)))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_resonance_forms_look_alike(scheme):
    a, b = featurise(["[O-]C(=O)C", "CC1=C(C)C=CC=C1"], scheme), featurise(["O=C([O-])C", "CC1=CC=CC=C1C"], scheme)
    np.testing.assert_array_equal(a.atoms[:4], b.atoms[:4])
    np.testing.assert_array_equal(np.sort(a.atoms, axis=0), np.sort(b.atoms, axis=0))


def test_processes_do_not_change_the_result():
    smiles = ["C" * (n % 7 + 1) + "O" for n in range(120)]  # three chunks
    one, two = featurise(smiles, processes=1), featurise(smiles, processes=2)
    for field in MoleculeGraphs.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(one, field), getattr(two, field))


def test_a_molecule_that_cannot_be_read_is_named():
    with pytest.raises(UserError, match="molecule 60: RDKit cannot read the SMILES 'C1CC'"):
        featurise(["C"] * 60 + ["C1CC"])
    with pytest.raises(UserError, match="molecule 0: .* ''"):
        featurise([""])
    with pytest.raises(UserError, match="unknown features 'rigr': expected one of rigr_author, rigr_chemprop"):
        featurise(["C"], "rigr")


def test_saved_and_loaded(tmp_path):
    graph = featurise(["CO", "C"])
    graph.save(tmp_path / "deep" / "a.npz")
    graph.save(tmp_path / "b.npz")
    assert (tmp_path / "deep" / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    back = MoleculeGraphs.load(tmp_path / "b.npz")
    for field in MoleculeGraphs.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(graph, field), getattr(back, field))
        assert getattr(graph, field).dtype == getattr(back, field).dtype
    assert sorted(p.name for p in tmp_path.iterdir()) == ["b.npz", "deep"]  # no temporary file stays


def test_what_is_not_a_features_file_says_so(tmp_path):
    with pytest.raises(UserError, match="no such features file"):
        MoleculeGraphs.load(tmp_path / "none.npz")
    (tmp_path / "text.npz").write_text("atoms")
    np.savez(tmp_path / "other.npz", atoms=np.zeros(3))
    for name in ("text.npz", "other.npz"):
        with pytest.raises(UserError, match=f"{name}: not a features file"):
            MoleculeGraphs.load(tmp_path / name)


def test_esol_has_the_size_it_is_known_for(shared_data):
    from score_mlx.data.chem.csvfile import read_rows
    from score_mlx.data.chem.datasets import TABLES

    rows = read_rows(shared_data("delaney-processed.csv"), TABLES["esol"].smiles_column, TABLES["esol"].target_column)
    graph = featurise([row.smiles for row in rows])
    atoms, bonds = np.diff(graph.atom_offset), np.diff(graph.bond_offset) // 2
    degree = np.bincount(graph.target, minlength=len(graph.atoms))
    assert (atoms.max(), bonds.max(), bonds.min(), degree.max()) == (55, 62, 0, 4)
    assert (bonds == 0).sum() == 1
    assert atoms.mean() == pytest.approx(13.3, abs=0.05)


@pytest.mark.parametrize(
    ("field", "place", "value", "message"),
    [
        ("source", 0, 99, "source of bond 0 is 99, outside its molecule"),
        ("target", 1, -1, "target of bond 1 is -1, outside its molecule"),
        ("target", 0, 3, "target of bond 0 is 3, outside its molecule"),
        ("reverse", 0, 0, "reverse is not its own inverse"),
        ("atom_offset", 1, 99, "atom_offset does not divide 4 rows into 2 molecules"),
        ("bond_offset", 2, 3, "bond_offset does not divide 4 rows into 2 molecules"),
    ],
)
def test_an_index_outside_its_molecule(tmp_path, field, place, value, message):
    """Batches would read beyond their arrays."""
    graphs = featurise(["CO", "CN"], "rigr_author", processes=1)
    getattr(graphs, field)[place] = value
    graphs.save(tmp_path / "bad.npz")
    with pytest.raises(UserError, match=message):
        MoleculeGraphs.load(tmp_path / "bad.npz")
