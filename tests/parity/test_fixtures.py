"""Layers against what PyTorch Geometric and Chemprop computed (`make_pyg_fixtures.py`), without torch."""

from pathlib import Path

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest
import tiny
from mlx.utils import tree_flatten, tree_unflatten
from score_mlx.data.chem.molecules import MoleculeGraphs
from score_mlx.models.graphs.attfp import AttFP
from score_mlx.models.graphs.batch import Batcher
from score_mlx.models.graphs.by_degree import ByDegree
from score_mlx.models.graphs.dmpnn import AtomOutput, BondState, BondStep
from score_mlx.models.graphs.edge_list import EdgeList
from score_mlx.models.graphs.gat import GAT
from score_mlx.models.graphs.gatv2 import GATv2
from score_mlx.models.graphs.gcn import GCN
from score_mlx.models.graphs.gine import GINE
from score_mlx.models.graphs.readout import MolAttFP
from score_mlx.nn import Noise

FIXTURES = Path(__file__).parent / "fixtures"
H, HEADS, E, F = 8, 2, 3, 5


class Chemprop(nn.Module):
    """Chemprop's message passing of depth 3 out of our pieces: its W_h is shared over the two steps."""

    def __init__(self):
        super().__init__()
        self.start, self.step, self.output = BondState(F, E, H), BondStep(H), AtomOutput(F, H)

    def __call__(self, x, bonds, noise):
        start = messages = self.start(x, bonds)
        for _ in range(2):
            messages = self.step(messages, start, bonds, noise)
        return self.output(messages, x, bonds)


def _gatv2() -> GATv2:
    layer = GATv2(H, E, HEADS)
    layer.mix_source = mx.eye(H)  # the part of V on x_j that stands for PyTorch Geometric's layer
    return layer


LAYERS = {
    "gcn": lambda: GCN(H, E, HEADS),
    "gat": lambda: GAT(H, E, HEADS),
    "gatv2": _gatv2,
    "gine": lambda: GINE(H, E, HEADS),
    "attfp": lambda: AttFP(H, E, HEADS),
    "molattfp": lambda: MolAttFP(H),
    "dmpnn": Chemprop,
    "dmpnn_positive": Chemprop,
}


@pytest.mark.parametrize("layout", [ByDegree, EdgeList])
@pytest.mark.parametrize("name", LAYERS)
def test_equal_to_torch(name, layout):
    with np.load(FIXTURES / f"torch_{name}.npz", allow_pickle=False) as arrays:
        f = dict(arrays)
    bonds, places = _batch(f, layout)
    by_atom = name != "molattfp"  # else the output is by molecule
    layer = LAYERS[name]()
    given = {key.removeprefix("weight."): mx.array(f[key]) for key in f if key.startswith("weight.")}
    unset = {key: value for key, value in tree_flatten(layer.parameters()) if key not in given}
    assert set(unset) <= {"mix_source", "align_bias"}
    if "align_bias" in unset:  # GATConv has none
        unset["align_bias"] = mx.zeros((1,))
    direction = mx.array(_sorted(f["direction"], places) if by_atom else f["direction"])

    def value(parameters, state):
        layer.update(tree_unflatten(list((unset | parameters).items())))
        out = layer(state, bonds, Noise(None))
        return (out * direction).sum(), out

    (_, out), gradient = mx.value_and_grad(value, argnums=(0, 1))(given, bonds.atoms)
    out, by_state = np.array(out), np.array(gradient[1])[places]
    np.testing.assert_allclose(out[places] if by_atom else out, f["out"], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(by_state, f["grad.state"], rtol=1e-3, atol=1e-4)
    for key, found in gradient[0].items():
        expected = f[f"grad.weight.{key}"]
        np.testing.assert_allclose(np.array(found), expected, rtol=1e-3, atol=1e-4 * abs(expected).max(), err_msg=key)


def _batch(f: dict, layout) -> tuple[ByDegree | EdgeList, np.ndarray]:
    """The fixture's graphs as one batch, their states as atom features; the place in it of each of their atoms."""
    names = ("atom_offset", "source", "target", "reverse", "bonds", "bond_offset")
    graphs = MoleculeGraphs(atoms=f["state"], **{name: f[name] for name in names})
    batch = Batcher(graphs, np.zeros(len(graphs))).batch(np.arange(len(graphs)))
    return tiny.topology(batch, layout), batch.arrays["slots"][batch.arrays["occupied"] > 0]


def _sorted(rows: np.ndarray, places: np.ndarray) -> np.ndarray:
    out = np.empty_like(rows)
    out[places] = rows
    return out
