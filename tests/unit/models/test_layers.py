"""Each layer, readout, head and whole network against formulas in plain numpy."""

import re
from contextlib import nullcontext

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import plain_models as plain
import plain_network
import pytest
import tiny
from mlx.utils import tree_flatten
from plain_models import Molecule
from score_mlx import kernels
from score_mlx import nn as ours
from score_mlx.models.dense.networks import HEADS, MLP, ScoreMLP
from score_mlx.models.graphs.attfp import AttFP
from score_mlx.models.graphs.dmpnn import DMPNN
from score_mlx.models.graphs.gat import GAT
from score_mlx.models.graphs.gatv2 import GATv2
from score_mlx.models.graphs.gcn import GCN
from score_mlx.models.graphs.gine import GINE
from score_mlx.models.graphs.gt import GT
from score_mlx.models.graphs.mpnn import MPNN, AdditiveMPNN
from score_mlx.models.graphs.readout import READOUTS
from score_mlx.models.graphs.spec import ARCHS, CONFIGS, RECURRENT
from score_mlx.nn import GRUCell, Noise

BLOCKS = {"gcn": GCN, "gat": GAT, "gatv2": GATv2, "gine": GINE, "mpnn": MPNN, "additive_mpnn": AdditiveMPNN}
BLOCKS |= {"dmpnn": DMPNN, "attfp": AttFP, "gt": GT}
CLOSE = {"rtol": 1e-5, "atol": 1e-6}  # MLX's exp and LayerNorm stay single in a double-precision array


def molecules() -> list[Molecule]:
    g = tiny.graphs()
    found = []
    for n in range(len(g)):
        first, last = g.atom_offset[n : n + 2]
        bonds = [
            (int(g.source[k] - first), int(g.target[k] - first), g.bonds[k].astype(np.float64))
            for k in range(*g.bond_offset[n : n + 2])
        ]
        found.append(Molecule(g.atoms[first:last].astype(np.float64), bonds))
    return found


def leaves(tree) -> list[mx.array]:
    return [value for _, value in tree_flatten(tree)]


def states(batch, hidden: int) -> tuple[list[np.ndarray], mx.array]:
    """Random atom states, by molecule and in the batch's order."""
    rng = np.random.default_rng(1)
    by_molecule = [rng.standard_normal((int(row.sum()), hidden)) for row in batch.arrays["occupied"]]
    sorted_ = np.zeros((batch.shape.atoms, hidden))
    for slots, h in zip(batch.arrays["slots"], by_molecule, strict=True):
        sorted_[slots[: len(h)]] = h
    return by_molecule, mx.array(sorted_, mx.float64)


@pytest.mark.usefixtures("cpu")
@pytest.mark.parametrize("name", BLOCKS)
def test_block_equals_its_formula(name):
    batch = tiny.batch()
    block = tiny.shaken(BLOCKS[name](6, 1, 2), dtype=mx.float64)
    by_molecule, h = states(batch, 6)
    out = np.array(block(h, tiny.topology(batch, dtype=mx.float64), Noise(None)))
    for slots, state, molecule in zip(batch.arrays["slots"], by_molecule, molecules(), strict=True):
        expected = getattr(plain, name)(tiny.weights(block), state, molecule, 2)
        np.testing.assert_allclose(out[slots[: len(state)]], expected, **CLOSE)


@pytest.mark.usefixtures("cpu")
@pytest.mark.parametrize("name", READOUTS)
def test_readout_equals_its_formula(name):
    batch = tiny.batch()
    readout = tiny.shaken(READOUTS[name](6), dtype=mx.float64)
    by_molecule, h = states(batch, 6)
    out = np.array(readout(h, tiny.topology(batch, dtype=mx.float64), Noise(None)))
    formula = {"sum": plain.sum_pool, "molattfp": plain.molattfp}[name]
    np.testing.assert_allclose(out, [formula(tiny.weights(readout), state) for state in by_molecule], **CLOSE)


@pytest.mark.usefixtures("cpu")
@pytest.mark.parametrize("name", HEADS)
def test_head_equals_its_formula(name):
    head = tiny.shaken(HEADS[name](7), dtype=mx.float64)
    x = np.random.default_rng(0).standard_normal((5, 7))
    expected = [getattr(plain, name)(tiny.weights(head), row) for row in x]
    np.testing.assert_allclose(np.array(head(mx.array(x, mx.float64))), expected, **CLOSE)


@pytest.mark.usefixtures("cpu")
def test_gru_equals_its_formula():
    cell = tiny.shaken(GRUCell(3, 4), dtype=mx.float64)
    rng = np.random.default_rng(0)
    x, h = rng.standard_normal((5, 3)), rng.standard_normal((5, 4))
    expected = [plain.gru(tiny.weights(cell), *row) for row in zip(x, h, strict=True)]
    np.testing.assert_allclose(np.array(cell(mx.array(x, mx.float64), mx.array(h, mx.float64))), expected, **CLOSE)


@pytest.mark.usefixtures("cpu")
@pytest.mark.parametrize("fidelity", ["as_code", "as_text"])
@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize("arch", ARCHS)
def test_network_equals_its_formula(arch, config, fidelity):
    # readout and head are independent of the encoder: two of the four pairs meet all of them
    other = {"readout": "sum", "head": "mlp"} if fidelity == "as_text" else {}
    spec = tiny.spec(arch, config, fidelity=fidelity, **other)
    network = tiny.model(spec, dtype=mx.float64)
    found = tiny.predict(network, tiny.topology(tiny.batch(), dtype=mx.float64))
    expected = [plain_network.predict(tiny.weights(network), spec, molecule) for molecule in molecules()]
    np.testing.assert_allclose(found, expected, **CLOSE)


@pytest.mark.usefixtures("cpu")
@pytest.mark.parametrize("config", [c for c in CONFIGS if c not in RECURRENT])
@pytest.mark.parametrize("arch", ARCHS)
def test_unified_stack_equals_its_formula(arch, config):
    for fidelity in ("as_code", "as_text"):
        spec = tiny.spec(arch, config, fidelity=fidelity).unified()
        network = tiny.model(spec, dtype=mx.float64)
        found = tiny.predict(network, tiny.topology(tiny.batch(), dtype=mx.float64))
        expected = [plain_network.predict(tiny.weights(network), spec, molecule) for molecule in molecules()]
        np.testing.assert_allclose(found, expected, **CLOSE)


@pytest.mark.usefixtures("cpu")
@pytest.mark.parametrize(("stack", "shared"), [("base", "shared"), ("skip05", "SCORE_skip05"), ("averaged", "SCORE")])
@pytest.mark.parametrize("arch", ARCHS)
def test_a_unified_stack_of_equal_blocks_is_the_shared_block(arch, stack, shared):
    """The two differ in sharing alone: give each block of the stack the shared block's weights."""
    for fidelity in ("as_code", "as_text"):
        one = tiny.model(tiny.spec(arch, shared, fidelity=fidelity), dtype=mx.float64)
        many = tiny.model(tiny.spec(arch, stack, fidelity=fidelity).unified(), dtype=mx.float64)
        weights = dict(tree_flatten(one.parameters()))
        names = [name for name, _ in tree_flatten(many.parameters())]
        many.load_weights([(name, weights[re.sub(r"blocks\.\d+", "blocks.0", name)]) for name in names])
        bonds = tiny.topology(tiny.batch(), dtype=mx.float64)
        np.testing.assert_allclose(tiny.predict(many, bonds), tiny.predict(one, bonds), rtol=1e-12)


def test_gcn_by_hand():
    """Ethanol's chain C-C-O: neighbours weighted by 1 / sqrt of both degrees, loops counted."""
    batch = tiny.batch([1])
    block = GCN(1, 1, 1)
    block.linear.weight, block.linear.bias = mx.array([[2.0]]), mx.array([1.0])
    h = np.zeros((3, 1), np.float32)
    h[batch.arrays["slots"][0]] = [[1], [2], [4]]
    out = np.array(block(mx.array(h), tiny.topology(batch), Noise(None)))[batch.arrays["slots"][0], 0]
    x = np.array([3, 5, 9])  # 2 h + 1; degrees with loops 2, 3, 2
    expected = [x[0] / 2 + x[1] / 6**0.5, x[1] / 3 + (x[0] + x[2]) / 6**0.5, x[2] / 2 + x[1] / 6**0.5]
    np.testing.assert_allclose(out, expected, rtol=1e-6)


def test_gine_by_hand():
    """Identity MLP: h_i + sum of relu(h_j + b), b = -2."""
    batch = tiny.batch([1])
    block = GINE(1, 1, 1)
    one, zero = mx.array([[1.0]]), mx.array([0.0])
    for linear in (block.inner, block.outer):
        linear.weight, linear.bias = one, zero
    block.embed_bond.weight, block.embed_bond.bias = one, mx.array([-2.0])
    h = np.zeros((3, 1), np.float32)
    h[batch.arrays["slots"][0]] = [[1], [3], [4]]
    out = np.array(block(mx.array(h), tiny.topology(batch), Noise(None)))[batch.arrays["slots"][0], 0]
    assert out.tolist() == [1 + 1, 3 + 0 + 2, 4 + 1]


@pytest.mark.parametrize("readout", READOUTS)
@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize("arch", ARCHS)
@pytest.mark.parametrize("molecules", [[0], [0, 2], [0, 3, 4]], ids=["methane", "no bond at all", "mixed"])
def test_molecules_without_a_bond(arch, config, readout, molecules):
    bonds = tiny.topology(tiny.batch(molecules))
    network = tiny.model(tiny.spec(arch, config, readout=readout))

    def loss(network):
        predictions = network(bonds, mx.zeros((len(molecules), 0)), Noise(mx.array(1, mx.uint32)))
        return (predictions**2).mean()

    value, gradient = nn.value_and_grad(network, loss)(network)
    assert np.isfinite(value.item())
    assert all(np.isfinite(part).all() for part in map(np.array, leaves(gradient)))


@pytest.mark.parametrize(("head", "parameters"), [(MLP, 38_273), (ScoreMLP, 44_545)])
def test_parameters_of_the_heads_on_217_descriptors(head, parameters):
    assert sum(value.size for value in leaves(head(217).parameters())) == parameters


def test_descriptors_join_the_molecule_vector():
    """Only native D-MPNN and AttentiveFP normalise them, and only as in the code."""
    bonds, values = tiny.topology(tiny.batch([1, 3])), mx.array(np.random.default_rng(0).standard_normal((2, 5)))
    for arch, config, fidelity, normed in [
        ("dmpnn", "base", "as_code", True),
        ("attfp", "skip05", "as_code", True),
        ("dmpnn", "base", "as_text", False),
        ("dmpnn", "SCORE", "as_code", False),
        ("gcn", "base", "as_code", False),
    ]:
        network = tiny.model(tiny.spec(arch, config, fidelity=fidelity), descriptors=5)
        assert (network.norm is not None) == normed, (arch, config, fidelity)
        one, other = (tiny.predict(network, bonds, v.astype(mx.float32)) for v in (values, 3 * values))
        assert np.allclose(one, other, atol=1e-4) == normed  # a norm takes the scale away


WRONG = {
    "linear": lambda: ours.linear(mx.ones((5, 7)), mx.ones((30, 6))),
    "bias": lambda: ours.linear(mx.ones((5, 7)), mx.ones((30, 7)), mx.ones(1)),
    "head_dots": lambda: ours.head_dots(mx.ones((4, 12)), mx.ones((1, 2, 3))),
    "layer_norm": lambda: ours.LayerNorm(8)(mx.ones((5, 7))),
    "gru of another width": lambda: GRUCell(3, 4)(mx.ones((5, 3)), mx.ones((5, 8))),
    "gru of other rows": lambda: GRUCell(3, 4)(mx.ones((5, 3)), mx.ones((1, 4))),
    "dropout": lambda: Noise(mx.array(1, mx.uint32))(mx.ones((5, 7)), mx.arange(1, dtype=mx.uint32)),
}


@pytest.mark.parametrize("kernel", [False, pytest.param(True, marks=tiny.needs_kernels)])
@pytest.mark.parametrize("name", WRONG)
def test_what_does_not_fit_is_refused_with_kernels_and_without(name, kernel, cpu):
    with nullcontext() if kernel else kernels.switched_off(), pytest.raises(ValueError):
        mx.eval(WRONG[name]())
