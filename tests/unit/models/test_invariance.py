"""A prediction belongs to the molecule: not to the order of its atoms or bonds, nor to the batch around it."""

from dataclasses import replace

import numpy as np
import pytest
import tiny
from rdkit import Chem
from score_mlx.data.chem.features import featurise
from score_mlx.models.graphs.batch import Batcher
from score_mlx.models.graphs.spec import ARCHS, CONFIGS

EVERY = pytest.mark.parametrize("config", CONFIGS)
CLOSE = {"rtol": 1e-4, "atol": 1e-5}


def predictions(network, graphs, molecules) -> np.ndarray:
    batch = Batcher(graphs, np.zeros(len(graphs)), pairs=True).batch(np.array(molecules))
    return tiny.predict(network, tiny.topology(batch))


@EVERY
@pytest.mark.parametrize("arch", ARCHS)
def test_order_of_atoms(arch, config):
    network = tiny.model(tiny.spec(arch, config))
    rng = np.random.default_rng(0)
    found = []
    for text in tiny.SMILES:
        molecule = Chem.MolFromSmiles(text)
        order = rng.permutation(molecule.GetNumAtoms()).tolist()
        found.append(Chem.MolToSmiles(Chem.RenumberAtoms(molecule, order), canonical=False))
    assert sum(a != b for a, b in zip(found, tiny.SMILES, strict=True)) >= 3
    everyone = range(len(tiny.SMILES))
    expected = predictions(network, tiny.graphs(), everyone)
    np.testing.assert_allclose(predictions(network, featurise(found, processes=1), everyone), expected, **CLOSE)


@EVERY
@pytest.mark.parametrize("arch", ARCHS)
def test_composition_of_the_batch(arch, config):
    """Alone, with others, in another order."""
    network = tiny.model(tiny.spec(arch, config))
    alone = np.concatenate([predictions(network, tiny.graphs(), [n]) for n in range(len(tiny.SMILES))])
    for molecules in ([3, 1, 4], [7, 6, 5, 4, 3, 2, 1, 0], [5, 0]):
        np.testing.assert_allclose(predictions(network, tiny.graphs(), molecules), alone[molecules], **CLOSE)
    assert len(set(alone.round(4))) >= len(alone) - 1  # they are told apart


@pytest.mark.parametrize("arch", ARCHS)
def test_order_and_direction_of_bonds(arch):
    network = tiny.model(tiny.spec(arch, "SCORE"))
    g = tiny.graphs()
    order = np.arange(len(g.source))
    rng = np.random.default_rng(0)
    for first, last in zip(g.bond_offset[:-1], g.bond_offset[1:], strict=True):
        pairs = np.arange(first, last).reshape(-1, 2)
        pairs = rng.permuted(pairs[rng.permutation(len(pairs))], axis=1)  # bonds, and which direction is first
        order[first:last] = pairs.reshape(-1)
    mixed = replace(g, source=g.source[order], target=g.target[order], bonds=g.bonds[order])
    assert not np.array_equal(mixed.source, g.source)
    everyone = range(len(g))
    np.testing.assert_allclose(predictions(network, mixed, everyone), predictions(network, g, everyone), **CLOSE)
