"""Compiled kernels: each equal in value and gradient to the same step by MLX's own operations; bad calls; the build."""

import subprocess
import sys

import mlx.core as mx
import numpy as np
import pytest
import tiny
from score_mlx import kernels
from score_mlx import nn as ours
from score_mlx.kernels import build
from score_mlx.models.graphs.by_degree import ByDegree
from score_mlx.models.graphs.compiled import Compiled
from score_mlx.models.language.layers import (
    attend,
    attend_with_dropout,
    cross_entropy,
    join_heads,
    mean_cross_entropy,
    relu2,
    rms_norm,
    rotate_heads,
    split_heads,
    unit_heads,
)
from score_mlx.nn import Noise
from score_mlx.nn.losses import mean_entropy, mean_square

pytestmark = [tiny.needs_kernels, pytest.mark.usefixtures("cpu")]
RNG = np.random.default_rng(0)
A, H, HEADS, B = 7, 8, 2, 5
TARGETS = mx.array([0, 39, 3, 3, 17, 1, 20])
LABELS, WEIGHTS = mx.array([0.0, 1, 0, 1, 1, 0, 0]), mx.array([1.0, 1, 1, 1, 1, 0, 0])


def rows(*shape: int) -> mx.array:
    return mx.array(RNG.standard_normal(shape), mx.float32)


def gru(x, s, h):
    cell = ours.GRUCell(1, 1)
    cell.from_input, cell.from_state = (lambda _: x), (lambda _: s)
    return cell(x, h)


def layer_norm(x, weight, bias):
    layer = ours.LayerNorm(H)
    layer.weight, layer.bias = weight, bias
    return layer(x)


def dropped(x):
    noise = Noise(mx.array(3, mx.uint32), rate=0.4)
    names = mx.arange(A, dtype=mx.uint32)
    return noise(x, names) + noise(x, names)  # two calls, two masks


def attended_with_dropout(*qkv):
    """A piece of a batch, as a step takes it: the third and fourth window."""
    return attend_with_dropout(*qkv, 0.5, Noise(mx.array(3, mx.uint32), rate=0.4, first=2))


ROW_WISE = {
    "linear": (ours.linear, [(A, 20), (30, 20), (30,)]),
    "linear without bias": (ours.linear, [(A, 20), (30, 20)]),
    "linear on more axes": (ours.linear, [(2, 3, 20), (30, 20), (30,)]),
    "linear of few columns": (ours.linear, [(A, 3), (30, 3), (30,)]),
    "linear of one column without bias": (ours.linear, [(A, 1), (30, 1)]),
    "linear to few columns": (ours.linear, [(A, 20), (3, 20), (3,)]),
    "linear to one column without bias": (ours.linear, [(A, 20), (1, 20)]),
    "linear from and to few columns": (ours.linear, [(A, 2), (3, 2), (3,)]),
    "head_dots": (ours.head_dots, [(A, H), (1, HEADS, H // HEADS)]),
    "relu": (ours.relu, [(A, H)]),
    "leaky": (lambda x: ours.leaky(x, 0.2), [(A, H)]),
    "elu": (ours.elu, [(A, H)]),
    "gru": (gru, [(A, 3 * H), (A, 3 * H), (A, H)]),
    "layer_norm": (layer_norm, [(A, H), (H,), (H,)]),
    "add_bias": (ours.add_bias, [(A, H), (H,)]),
    "add_bias of few rows": (lambda x, b: ours.add_bias(x, b, mx.arange(A)[:, None] / 4), [(A, H), (H,)]),
    "scale": (lambda x: ours.scale(x, 0.3), [(A, H)]),
    "mean_square": (lambda x: mean_square(x, LABELS, WEIGHTS), [(A,)]),
    "mean_entropy": (lambda z: mean_entropy(30 * z, LABELS, WEIGHTS), [(A,)]),
    "towards": (lambda h, y: ours.towards(h, y, 0.25), [(A, H), (A, H)]),
    "dropout": (dropped, [(A, H)]),
    "rms_norm": (rms_norm, [(2, A, H)]),
    "relu2": (relu2, [(A, H)]),
    "rotate_heads": (lambda x: rotate_heads(x, HEADS, 1e-3), [(2, 70, H)]),
    "split_heads": (lambda x: split_heads(x, HEADS), [(2, 70, H)]),
    "join_heads": (join_heads, [(2, HEADS, 70, 4)]),
    "unit_heads": (lambda x: unit_heads(x, HEADS), [(2, A, H)]),
    "cross_entropy": (lambda *hwb: cross_entropy(*hwb, TARGETS), [(A, H), (40, H), (40,)]),
    "cross_entropy of capped logits": (lambda h, w: cross_entropy(h, w, None, TARGETS, cap=5.0), [(A, H), (40, H)]),
    "mean cross_entropy": (lambda *hwb: mean_cross_entropy(*hwb, TARGETS), [(A, H), (40, H), (40,)]),
    "mean cross_entropy of capped logits": (
        lambda h, w: mean_cross_entropy(h, w, None, TARGETS, cap=5.0),
        [(A, H), (40, H)],
    ),
    "causal attention": (lambda *qkv: attend(*qkv, 0.5), [(2, HEADS, 70, 4)] * 3),
    "causal attention in a window": (lambda *qkv: attend(*qkv, 0.5, 9), [(2, HEADS, 70, 4)] * 3),
    "causal attention in blocks": (lambda *qkv: attend(*qkv, 0.5), [(2, HEADS, 80, 16)] * 3),
    "causal attention in blocks, in a window": (lambda *qkv: attend(*qkv, 0.5, 17), [(2, HEADS, 80, 32)] * 3),
    "causal attention with dropout": (attended_with_dropout, [(2, HEADS, 70, 4)] * 3),
    "causal attention with dropout, in blocks": (attended_with_dropout, [(2, HEADS, 32, 16)] * 3),
    "causal attention with dropout, which is off": (
        lambda *qkv: attend_with_dropout(*qkv, 0.5, Noise(None)),
        [(2, HEADS, 32, 16)] * 3,
    ),
}


def attended(bonds, *inputs):
    return bonds.attend_pairs(*inputs, Noise(mx.array(3, mx.uint32), rate=0.4))


BATCH = tiny.random_batch(0)
ATOMS, BONDS = BATCH.shape.atoms, len(BATCH.arrays["source"])
VERBS = {
    "source": [(ATOMS, H)],
    "target": [(ATOMS, H)],
    "sum": [(BONDS, H)],
    "softmax": [(BONDS, HEADS)],
    "reverse": [(BONDS, H)],
    "weigh": [(BONDS, H), (BONDS, HEADS)],
    "attend": [(ATOMS, H), (ATOMS * 0 + BONDS, HEADS)],
    "smooth": [(ATOMS, H)],
    "others": [(BONDS, H)],
    "pool": [(ATOMS, H), (ATOMS, 1)],
    "spread": [(BATCH.shape.molecules, H)],
    "softmax_molecule": [(ATOMS, 1)],
}
COMBINE = {"source": (ATOMS, H), "target": (ATOMS, H), "bond": (BONDS, H)}


def loss_and_gradients(function, inputs, directions):
    """sum(function * direction) and its gradient by each input."""

    def value(*inputs):
        return (function(*inputs) * directions).sum()

    return [value(*inputs), *mx.grad(value, argnums=list(range(len(inputs))))(*inputs)]


def assert_the_same(compiled, plain, inputs) -> None:
    with kernels.switched_off():
        expected = plain(*inputs)
        direction = rows(*expected.shape)
        wanted = loss_and_gradients(plain, inputs, direction)
    np.testing.assert_allclose(np.array(compiled(*inputs)), np.array(expected), rtol=1e-4, atol=2e-5)
    for one, other in zip(loss_and_gradients(compiled, inputs, direction), wanted, strict=True):
        np.testing.assert_allclose(np.array(one), np.array(other), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", ROW_WISE)
def test_row_wise(name):
    function, shapes = ROW_WISE[name]
    assert_the_same(function, function, [rows(*shape) for shape in shapes])


@pytest.mark.parametrize("name", VERBS)
def test_verbs(name):
    compiled, plain = (getattr(tiny.topology(BATCH, layout), name) for layout in (Compiled, ByDegree))
    assert_the_same(compiled, plain, [rows(*shape) for shape in VERBS[name]])


@pytest.mark.parametrize("given", [("source",), ("target", "bond"), ("source", "bond"), ("source", "target", "bond")])
def test_combine(given):
    def run(layout):
        bonds = tiny.topology(BATCH, layout)
        return lambda *inputs: bonds.combine(**dict(zip(given, inputs, strict=True)), slope=0.2)

    assert_the_same(run(Compiled), run(ByDegree), [rows(*COMBINE[name]) for name in given])


@pytest.mark.parametrize("hidden", [8, 40, 64, 96])  # a head of any width, and the one that the compiler knows
@pytest.mark.parametrize("batch", [BATCH, tiny.random_batch(1, count=9, largest=50)], ids=["12 atoms", "50 atoms"])
def test_attend_pairs(batch, hidden):
    """Molecules of less than a block of atoms and of several, heads likewise."""
    atoms, bonds = batch.shape.atoms, len(batch.arrays["source"])
    inputs = [rows(atoms, hidden) for _ in "qkv"] + [rows(bonds, HEADS), rows(bonds, hidden)]
    compiled, plain = (tiny.topology(batch, layout) for layout in (Compiled, ByDegree))
    assert_the_same(lambda *x: attended(compiled, *x), lambda *x: attended(plain, *x), inputs)


def test_exp_and_what_is_made_of_it():
    """Over its whole range, as a softmax and a sigmoid see it."""
    x = mx.array(np.linspace(-120, 120, 4001), mx.float32)
    np.testing.assert_allclose(np.array(ours.elu(-mx.abs(x))), np.expm1(-np.abs(np.array(x))), atol=3e-7)
    zero = mx.zeros((4001, 3))
    gates = mx.stack([zero[:, 0], x, zero[:, 0]], axis=1)  # candidate 0, state 1: the result is the update gate
    found = kernels.call("gru", [gates, zero, mx.ones((4001, 1))])
    np.testing.assert_allclose(np.array(found)[:, 0], 1 / (1 + np.exp(-np.array(x, np.float64))), rtol=1e-6, atol=1e-37)


def test_nan_stays_nan():
    x = mx.array([float("nan"), 1.0])
    for function in (ours.relu, ours.elu, ours.leaky_relu, relu2):
        assert np.isnan(np.array(function(x))).tolist() == [True, False]


def test_any_layout_in_memory():
    """A transposed input and a slice of a larger one are read as what they are."""
    x, weight = rows(6, A), rows(H, 12)
    found = ours.linear(x.T, weight[:, 3:9])
    np.testing.assert_allclose(np.array(found), np.array(x).T @ np.array(weight)[:, 3:9].T, rtol=1e-5, atol=1e-5)


def test_lifted_over_replicas():
    x, weight, direction = rows(3, A, 6), rows(H, 6), rows(A, H)

    def gradient(x, weight):
        return mx.grad(lambda w: (ours.leaky_relu(ours.linear(x, w)) * direction).sum())(weight)

    lifted = mx.vmap(gradient, in_axes=(0, None))(x, weight)
    for r in range(3):
        np.testing.assert_array_equal(np.array(lifted[r]), np.array(gradient(x[r], weight)))


def test_lifted_over_any_axis_and_differentiated_afterwards():
    """A gradient of a lifted kernel; what all replicas share gets the sum of theirs."""
    x, weight, direction = rows(A, 3, 6), rows(H, 6), rows(3, A, H)
    lifted = mx.vmap(lambda x, w: ours.leaky_relu(ours.linear(x, w)), in_axes=(1, None))
    found = mx.grad(lambda x, w: (lifted(x, w) * direction).sum(), argnums=(0, 1))(x, weight)
    one = mx.grad(lambda x, w, d: (ours.leaky_relu(ours.linear(x, w)) * d).sum(), argnums=(0, 1))
    each = [one(x[:, r], weight, direction[r]) for r in range(3)]
    np.testing.assert_array_equal(np.array(found[0]), np.stack([np.array(of_x) for of_x, _ in each], axis=1))
    np.testing.assert_allclose(np.array(found[1]), sum(np.array(of_w) for _, of_w in each), rtol=1e-5, atol=1e-5)


def test_lifted_twice_is_refused():
    with pytest.raises(ValueError, match="kernel elu can be lifted by one vmap only"):
        mx.vmap(mx.vmap(ours.elu))(rows(2, 3, 4))


@pytest.mark.parametrize(
    ("name", "inputs", "message"),
    [("no such", [mx.ones(3)], "no kernel is called no such"), ("elu", [mx.ones(3, mx.float16)], "x is not float32")],
)
def test_bad_calls(name, inputs, message):
    with pytest.raises(ValueError, match=message):
        mx.eval(kernels.call(name, inputs))


def test_without_kernels():
    """Whatever the kernels do has another way, and double precision always takes it."""
    assert not kernels.serve(mx.ones(3, mx.float64))
    with kernels.switched_off():
        assert not kernels.compiled() and not kernels.serve(mx.ones(3))
    assert kernels.compiled()
    off = "from score_mlx.system import blas; blas.load(); from score_mlx import kernels; print(kernels.compiled())"
    done = subprocess.run([sys.executable, "-c", off], env={"SCORE_KERNELS": "off"}, capture_output=True, text=True)
    assert done.stdout == "False\n", done.stderr


def test_the_library_is_named_by_all_it_depends_on(monkeypatch):
    names = {build.library.__wrapped__()}
    monkeypatch.setattr(build, "_processor", lambda: "another")
    names.add(build.library.__wrapped__())
    monkeypatch.setattr(build, "OPTIONS", (*build.OPTIONS, "-g"))
    names.add(build.library.__wrapped__())
    monkeypatch.setattr(build, "sources", lambda: [])
    names.add(build.library.__wrapped__())
    assert len(names) == 4


def test_what_is_missing_is_said(monkeypatch, tmp_path):
    monkeypatch.setattr(build, "library", lambda: tmp_path / "none.so")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(build.UserError, match=r"no g\+\+ found"):
        build.build()


def test_a_state_of_another_shape_is_never_read_beyond_its_end():
    """What a plugin's block returns: MLX spreads it or refuses it, a kernel would read on."""
    spread = ours.towards(mx.zeros((2000, H)), mx.ones((1, H)), 0.5)
    np.testing.assert_array_equal(np.array(spread), np.full((2000, H), 0.5))
    with pytest.raises(ValueError, match="broadcast"):
        ours.towards(mx.zeros((2000, H)), mx.ones((2000, H + 1)), 0.5)
