"""Batches without padding hold what padded ones hold, and what does not fit is refused."""

import numpy as np
import pytest
import tiny
from score_mlx import kernels
from score_mlx.models.graphs.batch import Batcher
from score_mlx.models.graphs.in_order import NAMES, InOrder
from score_mlx.models.graphs.task import GraphTask

pytestmark = tiny.needs_kernels


@pytest.mark.parametrize("seed", range(4))
def test_molecule_after_molecule_is_the_same_batch(seed):
    """The same atoms, bonds and molecules by their names for `Noise`."""
    g = tiny.random_graphs(seed)
    chosen = np.array([4, 0, 2, 1])
    one = {name: np.array(values) for name, values in InOrder(g).arrays(chosen).items()}
    other = Batcher(g, np.zeros(len(g))).batch(chosen).arrays
    assert one.keys() == other.keys() - {"weight", "label", "descriptors"}
    assert all(one[name].dtype == other[name].dtype and one[name].shape == other[name].shape for name in one)
    atom = [np.argsort(a["atom_id"]) for a in (one, other)]
    bond = [np.argsort(a["bond_id"]) for a in (one, other)]
    for name in ("atom_id", "atoms", "real", "place", "degree", "bonded"):
        np.testing.assert_array_equal(one[name][atom[0]], other[name][atom[1]], err_msg=name)
    for name in ("bond_id", "bonds"):
        np.testing.assert_array_equal(one[name][bond[0]], other[name][bond[1]], err_msg=name)
    for name in ("molecule_id", "occupied"):
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)
    for name in ("source", "target"):  # as names of atoms
        a, b = (arrays["atom_id"][arrays[name]][order] for arrays, order in zip((one, other), bond, strict=True))
        np.testing.assert_array_equal(a, b, err_msg=name)
    a, b = (arrays["bond_id"][arrays["reverse"]][order] for arrays, order in zip((one, other), bond, strict=True))
    np.testing.assert_array_equal(a, b)
    names = one["occupied"] * one["atom_id"][one["slots"]]
    np.testing.assert_array_equal(names, other["occupied"] * other["atom_id"][other["slots"]])
    for arrays in (one, other):
        np.testing.assert_array_equal(
            arrays["ends"], np.cumsum(np.bincount(arrays["target"], minlength=len(arrays["atoms"])))
        )


def test_a_task_adds_what_belongs_to_the_molecules():
    """Labels and descriptors of a member's own scale, and its weights, as in a padded batch."""
    data = tiny.data(12, folds=3)
    task, chosen = GraphTask(tiny.spec("gcn"), data, [0, 1]), np.array([4, 0, 2, 1])
    for place, batcher in enumerate(task.batchers):
        one, other = task.alone(place, chosen), batcher.batch(chosen).arrays
        assert one.keys() == other.keys()
        for name in ("molecule_id", "weight", "label", "descriptors", "occupied"):
            np.testing.assert_array_equal(np.array(one[name]), other[name], err_msg=name)
        assert list(task.alone(place, chosen, ["label"])) == ["label"]


def test_only_what_is_asked_for():
    g = tiny.random_graphs(0)
    some = InOrder(g).arrays([1, 2], ["ends", "label", "atoms"])  # others bring the labels
    assert list(some) == ["atoms", "ends"]
    assert {name: len(values) for name, values in InOrder(g).arrays([]).items()} == dict.fromkeys(NAMES, 0)


@pytest.mark.parametrize("molecule", [-1, 8, 2**31 - 1])
def test_no_such_molecule(molecule):
    with pytest.raises(ValueError, match=f"molecule {molecule} of 8"):
        InOrder(tiny.graphs()).arrays([0, molecule])
    with pytest.raises(ValueError, match="no array source_id"):
        two_molecules().batch([0], ["source_id"])


def two_molecules(place=0, change=lambda values: values):
    """Two molecules, of two atoms and a bond and of one atom, with one of their arrays changed."""
    integers = [[0, 2, 3], [0, 2, 2], [1, 1, 0], [1, 0], [1, 0], [0, 1]]
    integers[place] = change(integers[place])
    features = [np.zeros((3, 5), np.float32), np.zeros((2, 4), np.float32)]
    return kernels.molecules([np.array(values, np.int32) for values in integers], features, 4096, 8192)


@pytest.mark.parametrize(
    ("place", "change", "message"),
    [
        (0, lambda values: values[:-1], "offsets of atoms and of bonds differ in number"),
        (0, lambda values: [0, 4, 3], "offsets do not divide"),
        (0, lambda values: [1, 2, 3], "offsets do not divide"),
        (1, lambda values: [0, 2, 3], "offsets do not divide"),
        (2, lambda values: values[:-1], "atoms and their degrees"),
        (2, lambda values: [3, -1, 0], "a negative degree"),
        (2, lambda values: [1, 0, 1], "degrees and bonds of a molecule differ"),
        *((place, lambda values: [*values, 0], "bonds and their indices") for place in (3, 4, 5)),
    ],
)
def test_arrays_that_do_not_fit(place, change, message):
    assert len(two_molecules().batch([1, 0], ["atoms"])[0]) == 3
    with pytest.raises(ValueError, match=message):
        two_molecules(place, change)


def test_without_kernels():
    with kernels.switched_off(), pytest.raises(RuntimeError, match="no kernels"):
        InOrder(tiny.graphs())
