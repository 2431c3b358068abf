"""Gradients by finite differences: custom backward passes, blocks, readouts, heads and whole networks.

Differences are taken of the plain numpy formulas (equal in value, see `test_layers`) in double precision, central. The
step of 1e-8 keeps clear of the kinks of ReLU and costs about 1e-7 in rounding, so what the comparison allows is the
single precision inside MLX.
"""

from collections.abc import Callable

import mlx.core as mx
import numpy as np
import plain_models as plain
import plain_network
import pytest
import tiny
from mlx.utils import tree_flatten, tree_unflatten
from score_mlx import nn as ours
from score_mlx.models.dense.networks import HEADS
from score_mlx.models.graphs.by_degree import ByDegree
from score_mlx.models.graphs.edge_list import EdgeList
from score_mlx.models.graphs.readout import READOUTS
from score_mlx.models.graphs.spec import ARCHS, CONFIGS
from score_mlx.nn import GRUCell, Noise
from test_layers import BLOCKS, molecules, states

pytestmark = pytest.mark.usefixtures("cpu")
STEP = 1e-8
Arrays = dict[str, np.ndarray]


def slope(function: Callable[[Arrays], float], at: Arrays, along: Arrays) -> float:
    """Derivative of `function` at `at` along a direction."""
    high, low = (function({k: v + sign * STEP * along[k] for k, v in at.items()}) for sign in (1, -1))
    return (high - low) / (2 * STEP)


def directions(like: Arrays, count: int = 3) -> list[Arrays]:
    rng = np.random.default_rng(5)
    return [{k: rng.standard_normal(v.shape) for k, v in like.items()} for _ in range(count)]


def check(function: Callable[[Arrays], float], at: Arrays, gradient: dict[str, mx.array]) -> None:
    """`gradient` gives the slopes of `function` along a few random directions."""
    size = float(np.sqrt(sum((np.array(g) ** 2).sum() for g in gradient.values())))
    for along in directions(at):
        found = sum((np.array(gradient[k]) * along[k]).sum() for k in at)
        assert found == pytest.approx(slope(function, at, along), rel=1e-4, abs=1e-4 * size)


def double(values: Arrays) -> dict[str, mx.array]:
    return {name: mx.array(value, mx.float64) for name, value in values.items()}


def check_module(module, formula: Callable[[Arrays], np.ndarray], run: Callable, inputs: Arrays) -> None:
    """Gradient of sum(output * direction) by parameters and inputs: `run(module, inputs)` against `formula(all)`."""
    start = tiny.weights(module)
    direction = np.random.default_rng(6).standard_normal(formula(start | inputs).shape)

    def value(parameters, given):
        module.update(tree_unflatten(list(parameters.items())))
        return (run(module, given) * mx.array(direction, mx.float64)).sum()

    by_parameter, by_input = mx.grad(value, argnums=(0, 1))(double(start), double(inputs))
    check(lambda all_: (formula(all_) * direction).sum(), start | inputs, by_parameter | by_input)


# -- custom backward passes ------------------------------------------------------------------------------------------
FUNCTIONS = {
    "relu": plain.relu,
    "leaky_relu": plain.leaky,
    "elu": plain.elu,
    "softmax": lambda x: np.apply_along_axis(plain.softmax, -1, x),
}


@pytest.mark.usefixtures("both_ways")
@pytest.mark.parametrize("size", [(5, 6), (200, 64)], ids=["small", "large"])  # large ones take the fast exp
@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(name, size):
    rng = np.random.default_rng(0)
    x, direction = 2 * rng.standard_normal(size), rng.standard_normal(size)
    function, formula = getattr(ours, name), FUNCTIONS[name]
    X, D = mx.array(x, mx.float32), mx.array(direction, mx.float32)
    np.testing.assert_allclose(np.array(function(X)), formula(x), rtol=1e-4, atol=1e-5)
    gradient = mx.grad(lambda x: (function(x) * D).sum())(X)
    check(lambda v: (formula(v["x"]) * direction).sum(), {"x": x}, {"x": gradient})
    lifted = mx.vmap(mx.grad(lambda x, d: (function(x) * d).sum()))(mx.stack([X, -X]), mx.stack([D, D]))
    np.testing.assert_allclose(np.array(lifted[0]), np.array(gradient), rtol=1e-4, atol=1e-5)
    other = mx.grad(lambda x: (function(x) * D).sum())(-X)
    np.testing.assert_allclose(np.array(lifted[1]), np.array(other), rtol=1e-4, atol=1e-5)


@pytest.mark.usefixtures("both_ways")
@pytest.mark.parametrize("size", [(5, 3), (200, 64)], ids=["small", "large"])
def test_gru(size):
    rows, hidden = size
    rng = np.random.default_rng(0)
    inputs = {"x": rng.standard_normal((rows, 4)), "h": rng.standard_normal((rows, hidden))}
    # single precision: the fast exp of large arrays makes no other
    cell = tiny.shaken(GRUCell(4, hidden), dtype=mx.float32 if rows > 5 else mx.float64)

    def formula(v):
        return np.array([plain.gru(v, *row) for row in zip(v["x"], v["h"], strict=True)])

    check_module(cell, formula, lambda cell, given: cell(given["x"], given["h"]), inputs)


VERBS = {  # name: (rows of its argument, columns)
    "source": ("atoms", 3),
    "target": ("atoms", 3),
    "sum": ("bonds", 3),
    "reverse": ("bonds", 3),
    "softmax": ("bonds", 2),
    "padded": ("atoms", 3),
    "pool": ("atoms", 3),
    "spread": ("molecules", 3),
    "softmax_molecule": ("atoms", 1),
}


@pytest.mark.parametrize("layout", [ByDegree, EdgeList])
@pytest.mark.parametrize("verb", VERBS)
def test_verbs(verb, layout):
    """Differences of the verb itself: all but the softmaxes are linear, for which any step is exact."""
    batch = tiny.random_batch(0)
    bonds = tiny.topology(batch, layout, mx.float64)
    kind, columns = VERBS[verb]
    rows = {"atoms": batch.shape.atoms, "bonds": len(bonds.bonds), "molecules": batch.shape.molecules}[kind]
    rng = np.random.default_rng(0)
    x = rng.standard_normal((rows, columns))
    function = getattr(bonds, verb)
    direction = mx.array(rng.standard_normal(function(mx.array(x, mx.float64)).shape), mx.float64)
    gradient = mx.grad(lambda x: (function(x) * direction).sum())(mx.array(x, mx.float64))

    def along(d: np.ndarray) -> float:
        step = 1e-3  # MLX's exp is single inside: 1e-7 / 1e-3, and 1e-6 from the third derivative
        high, low = ((function(mx.array(x + s * step * d, mx.float64)) * direction).sum().item() for s in (1, -1))
        return (high - low) / (2 * step)

    for d in directions({"x": x}):
        found = (np.array(gradient) * d["x"]).sum()
        assert found == pytest.approx(along(d["x"]), rel=1e-3, abs=1e-3)

    two = mx.array(np.stack([x, 1 - x]), mx.float64)
    lifted = mx.vmap(mx.grad(lambda x: (function(x) * direction).sum()))(two)
    for one, expected in zip(two, lifted, strict=True):
        alone = mx.grad(lambda x: (function(x) * direction).sum())(one)
        np.testing.assert_allclose(np.array(alone), np.array(expected), rtol=1e-5, atol=1e-7)


def test_flat_is_the_transpose_of_pairs():
    batch = tiny.random_batch(0)
    bonds = tiny.topology(batch, dtype=mx.float64)
    rng = np.random.default_rng(0)
    padded = mx.array(rng.standard_normal((*batch.arrays["slots"].shape, 3)), mx.float64)
    direction = mx.array(rng.standard_normal((batch.shape.atoms, 3)), mx.float64)
    gradient = mx.grad(lambda p: (bonds.flat(p) * direction).sum())(padded)
    np.testing.assert_array_equal(np.array(gradient), np.array(bonds.padded(direction)))


# -- modules ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("layout", [ByDegree, EdgeList])
@pytest.mark.parametrize("name", BLOCKS)
def test_blocks(name, layout):
    batch = tiny.batch()
    bonds, all_molecules = tiny.topology(batch, layout, mx.float64), molecules()
    _, h = states(batch, 6)
    atoms = [row[: int(n)] for row, n in zip(batch.arrays["slots"], batch.arrays["occupied"].sum(axis=1), strict=True)]

    def formula(v):
        out = np.zeros_like(v["h"])
        for places, molecule in zip(atoms, all_molecules, strict=True):
            out[places] = getattr(plain, name)(v, v["h"][places], molecule, 2)
        return out

    block = tiny.shaken(BLOCKS[name](6, 1, 2), dtype=mx.float64)
    check_module(block, formula, lambda block, given: block(given["h"], bonds, Noise(None)), {"h": np.array(h)})


@pytest.mark.parametrize("name", READOUTS)
def test_readouts(name):
    batch = tiny.batch()
    bonds = tiny.topology(batch, dtype=mx.float64)
    members = tiny.member(batch)
    pool = {"sum": plain.sum_pool, "molattfp": plain.molattfp}[name]
    check_module(
        tiny.shaken(READOUTS[name](6), dtype=mx.float64),
        lambda v: np.array([pool(v, v["h"][atoms]) for atoms in members]),
        lambda readout, given: readout(given["h"], bonds, Noise(None)),
        {"h": np.array(states(batch, 6)[1])},
    )


@pytest.mark.parametrize("name", HEADS)
def test_heads(name):
    check_module(
        tiny.shaken(HEADS[name](7), dtype=mx.float64),
        lambda v: np.array([getattr(plain, name)(v, row) for row in v["x"]]),
        lambda head, given: head(given["x"]),
        {"x": np.random.default_rng(0).standard_normal((4, 7))},
    )


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize("arch", ARCHS)
def test_networks(arch, config):
    spec = tiny.spec(arch, config)
    bonds, all_molecules = tiny.topology(tiny.batch(), dtype=mx.float64), molecules()
    check_module(
        tiny.model(spec, dtype=mx.float64),
        lambda v: np.array([plain_network.predict(v, spec, molecule) for molecule in all_molecules]),
        lambda network, _: network(bonds, mx.zeros((len(all_molecules), 0)), Noise(None)),
        {},
    )


@pytest.mark.parametrize("arch", ARCHS)
def test_gradient_of_replicas_is_that_of_each(arch):
    """vmap through every custom backward pass: two sets of weights at once, dropout on."""
    bonds = tiny.topology(tiny.batch(), dtype=mx.float64)
    network = tiny.model(tiny.spec(arch, "SCORE"), dtype=mx.float64)
    one, other = (dict(tree_flatten(tiny.model(tiny.spec(arch, "SCORE"), s, mx.float64).parameters())) for s in (0, 1))

    def loss(parameters, key):
        network.update(tree_unflatten(list(parameters.items())))
        return (network(bonds, mx.zeros((len(tiny.SMILES), 0)), Noise(key)) ** 2).mean()

    keys = mx.array([1, 2], mx.uint32)
    lifted = mx.vmap(mx.grad(loss))({name: mx.stack([one[name], other[name]]) for name in one}, keys)
    for r, parameters in enumerate((one, other)):
        for name, gradient in mx.grad(loss)(parameters, keys[r]).items():
            found, expected = np.array(lifted[name][r]), np.array(gradient)
            np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7 + 1e-6 * abs(expected).max(), err_msg=name)
