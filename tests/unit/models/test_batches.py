"""Batches of molecules: each holds its molecules, in its order, under names that padding does not change."""

import numpy as np
import pytest
import tiny
from score_mlx.models.graphs.batch import Batcher, Shape

SEEDS = range(4)


# -- batches ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("padded", [False, True])
def test_a_batch_holds_its_molecules(seed, padded):
    """Every bond of the data set is there once, between the right atoms; padding touches none of them."""
    g = tiny.random_graphs(seed)
    batcher, chosen = Batcher(g, np.arange(len(g)), pairs=True), np.array([3, 0, 5])
    shape = batcher.shape(chosen)
    if padded:
        shape = shape.union(Shape(5, tuple(n + 2 for n in (*shape.by_degree, 0)), shape.longest + 3))
    batch = batcher.batch(chosen, shape)
    a = batch.arrays
    assert a["label"].tolist()[:3] == [3, 0, 5]
    assert a["weight"].tolist() == [1, 1, 1] + [0] * (shape.molecules - 3)
    seen_atoms, seen_bonds = set(), set()
    for b, n in enumerate(chosen):
        first, last = g.atom_offset[n : n + 2]
        places = a["slots"][b, : last - first]
        assert a["occupied"][b].tolist() == [1] * (last - first) + [0] * (shape.longest - (last - first))
        np.testing.assert_array_equal(a["atoms"][places], g.atoms[first:last])
        assert sorted(np.flatnonzero(tiny.member(batch)[b])) == sorted(places)
        np.testing.assert_array_equal(a["place"][places], b * shape.longest + np.arange(last - first))
        seen_atoms |= set(places.tolist())
        pair_bond = np.full((shape.longest, shape.longest), len(a["source"]))
        for k in range(*g.bond_offset[n : n + 2]):
            i, j = g.target[k] - first, g.source[k] - first
            found = [
                m for m in np.flatnonzero(a["target"] == places[i]) if a["source"][m] == places[j]
            ]  # a pair has one bond
            assert len(found) == 1
            np.testing.assert_array_equal(a["bonds"][found[0]], g.bonds[k])
            seen_bonds.add(int(found[0]))
            pair_bond[i, j] = found[0]
            assert a["bond_pair"][found[0]] == (b * shape.longest + i) * shape.longest + j
        np.testing.assert_array_equal(a["pair_bond"][b], pair_bond)
    assert np.flatnonzero(a["real"]).tolist() == sorted(seen_atoms)
    padding = sorted(set(range(len(a["source"]))) - seen_bonds)
    assert np.array_equal(a["source"][padding], a["target"][padding])  # loops
    assert not a["real"][a["target"][padding]].any()


@pytest.mark.parametrize("seed", SEEDS)
def test_order_within_a_batch(seed):
    batch = tiny.random_batch(seed)
    a = batch.arrays
    assert np.all(np.diff(a["target"]) >= 0)
    np.testing.assert_array_equal(a["source"][a["reverse"]], a["target"])
    np.testing.assert_array_equal(a["reverse"][a["reverse"]], np.arange(len(a["source"])))
    degrees = np.bincount(a["target"], minlength=batch.shape.atoms)
    np.testing.assert_array_equal(degrees, np.repeat(np.arange(len(batch.shape.by_degree)), batch.shape.by_degree))


def test_names_for_noise_depend_on_the_place_in_the_molecule_only():
    g = tiny.random_graphs(0)
    batcher, chosen = Batcher(g, np.zeros(len(g)), pairs=True), np.array([1, 4])
    shape = batcher.shape(chosen)
    wide = shape.union(batcher.shape(np.arange(len(g))))
    one, other = batcher.batch(chosen, shape).arrays, batcher.batch(chosen, wide).arrays
    for b in range(2):
        n = int(one["occupied"][b].sum())
        np.testing.assert_array_equal(one["atom_id"][one["slots"][b, :n]], other["atom_id"][other["slots"][b, :n]])
        np.testing.assert_array_equal(one["pair_id"][b, :n, :n], other["pair_id"][b, :n, :n])
    for a in (one, other):
        real = a["real"][a["target"]] > 0
        names = a["bond_id"][real]
        assert len(set(names.tolist())) == len(names)
    assert sorted(one["bond_id"]) == sorted(other["bond_id"][other["real"][other["target"]] > 0])


def test_shapes():
    one, other = Shape(2, (1, 4), 3), Shape(3, (0, 2, 5), 2)
    assert one.union(other) == other.union(one) == Shape(3, (1, 4, 5), 3)
    assert one.atoms == 5
    batcher = Batcher(tiny.graphs(), tiny.LABELS)
    with pytest.raises(ValueError, match="do not fit"):
        batcher.batch(np.array([1]), Shape(1, (0, 1, 1), 3))


def test_a_molecule_twice_in_a_batch_is_refused():
    with pytest.raises(ValueError, match="twice"):
        tiny.batch([0, 1, 0])
