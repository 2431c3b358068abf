"""`rigr_chemprop` equals Chemprop's own RIGR featuriser (fixture by make_chemprop_features.py)."""

import json
from pathlib import Path

import numpy as np
import pytest
from score_mlx.data.chem.features import SCHEMES, featurise

FIXTURE = json.loads((Path(__file__).parent / "fixtures" / "chemprop_rigr.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("smiles", FIXTURE["molecules"])
def test_features_are_chemprops(smiles):
    expected = FIXTURE["molecules"][smiles]
    graph = featurise([smiles], "rigr_chemprop")
    assert expected["atom_dim"] == SCHEMES["rigr_chemprop"][0]
    assert [np.flatnonzero(row[:-1]).tolist() for row in graph.atoms] == expected["slots"]
    np.testing.assert_allclose(graph.atoms[:, -1], expected["mass"], atol=2e-6)
    ours = np.column_stack([graph.source, graph.target, graph.bonds]).astype(int).tolist()
    assert sorted(ours) == sorted(expected["bonds"])
