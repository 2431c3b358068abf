"""The layouts of a batch's messages against loops in plain numpy, and networks on them."""

import io

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest
import tiny
from mlx.utils import tree_flatten
from score_mlx import kernels
from score_mlx.models.graphs.batch import Shape
from score_mlx.models.graphs.by_degree import ByDegree
from score_mlx.models.graphs.compiled import Compiled
from score_mlx.models.graphs.edge_list import EdgeList
from score_mlx.models.graphs.model import GraphModel
from score_mlx.models.graphs.spec import ARCHS
from score_mlx.nn import Noise

LAYOUTS = [ByDegree, EdgeList, *tiny.COMPILED]
SEEDS = range(4)


def random_rows(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


# -- verbs -----------------------------------------------------------------------------------------------------------
def loops(batch, h, messages, logits) -> dict[str, np.ndarray]:
    """Every verb, one atom and one message at a time."""
    a = batch.arrays
    source, target = a["source"], a["target"]
    sums, softmax = np.zeros((len(h), messages.shape[1])), np.zeros(logits.shape)
    for m, i in enumerate(target):
        sums[i] += messages[m]
        rivals = np.exp(logits[target == i] - logits[target == i].max(axis=0))
        softmax[m] = np.exp(logits[m] - logits[target == i].max(axis=0)) / rivals.sum(axis=0)
    molecules, longest = a["slots"].shape
    member = tiny.member(batch)
    padded, pool = np.zeros((molecules, longest, h.shape[1])), np.zeros((molecules, h.shape[1]))
    among = np.zeros((len(h), 1))
    for b in range(molecules):
        atoms = a["slots"][b, : int(a["occupied"][b].sum())]
        padded[b, : len(atoms)], pool[b] = h[atoms], h[atoms].sum(axis=0)
        weights = np.exp(h[atoms, :1] - h[atoms, :1].max())
        among[atoms] = weights / weights.sum()
    into = [np.flatnonzero(target == i) for i in range(len(h))]
    by_column = np.repeat(softmax, messages.shape[1] // logits.shape[1], axis=1)
    norm = np.array([[len(k) + 1] for k in into]) ** -0.5
    return {
        "combine": np.where((z := h[source] - h[target] + messages) > 0, z, 0.2 * z),
        "weigh": np.array([(by_column * messages)[k].sum(axis=0) for k in into]),
        "attend": np.array([(by_column * h[source])[k].sum(axis=0) for k in into]),
        "attend all": np.array([h[source[k]].sum(axis=0) for k in into]),
        "smooth": norm * (np.array([(norm * h)[source[k]].sum(axis=0) for k in into]) + norm * h),
        "others": np.array(
            [
                sum((messages[n] for n in into[s] if source[n] != t), np.zeros(messages.shape[1]))
                for s, t in zip(source, target, strict=True)
            ]
        ),
        "pool, weighted": np.array([(among * h)[member[b]].sum(axis=0) for b in range(molecules)]),
        "source": h[source],
        "target": h[target],
        "sum": sums,
        "softmax": softmax,
        "reverse": np.array(
            [messages[np.flatnonzero((source == t) & (target == s))[0]] for s, t in zip(source, target, strict=True)]
        ),
        "degree": np.array([[np.sum(target == i)] for i in range(len(h))]),
        "padded": padded,
        "pool": pool,
        "softmax_molecule": among,
    }


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_verbs_equal_loops(layout, seed):
    batch = tiny.random_batch(seed)
    bonds = tiny.topology(batch, layout)
    h = random_rows(seed, batch.shape.atoms, 4)
    messages, logits = random_rows(seed, len(bonds.bonds), 4), 5 * random_rows(seed + 1, len(bonds.bonds), 2)
    H, M = mx.array(h), mx.array(messages)
    found = {"source": bonds.source(H), "target": bonds.target(H), "sum": bonds.sum(M), "reverse": bonds.reverse(M)}
    found |= {"softmax": bonds.softmax(mx.array(logits)), "degree": bonds.degree, "padded": bonds.padded(H)}
    found |= {"pool": bonds.pool(H), "softmax_molecule": bonds.softmax_molecule(H[:, :1])}
    weights = bonds.softmax(mx.array(logits))
    found |= {"combine": bonds.combine(source=H, target=-H, bond=M, slope=0.2), "weigh": bonds.weigh(M, weights)}
    found |= {"attend": bonds.attend(H, weights), "attend all": bonds.attend(H), "smooth": bonds.smooth(H)}
    found |= {"others": bonds.others(M), "pool, weighted": bonds.pool(H, bonds.softmax_molecule(H[:, :1]))}
    for name, expected in loops(batch, h, messages, logits).items():
        np.testing.assert_allclose(np.array(found[name]), expected, rtol=1e-5, atol=1e-6, err_msg=name)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_molecule_verbs_are_inverse_and_transposed(layout):
    batch = tiny.random_batch(0)
    bonds = tiny.topology(batch, layout)
    h, g = random_rows(0, batch.shape.atoms, 3), random_rows(1, batch.shape.molecules, 3)
    np.testing.assert_array_equal(np.array(bonds.flat(bonds.padded(mx.array(h)))), h)
    spread = np.array(bonds.spread(mx.array(g)))
    for row, atoms in zip(g, tiny.member(batch), strict=True):
        np.testing.assert_array_equal(spread[atoms], np.tile(row, (atoms.sum(), 1)))


@pytest.mark.parametrize("offset", [-1e3, -101, 0, 80, 1e3])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_softmax_sums_to_one_whatever_the_level_of_the_logits(layout, offset):
    batch = tiny.random_batch(1)
    bonds = tiny.topology(batch, layout)
    logits = mx.array(random_rows(0, len(bonds.bonds), 2) + offset)
    total = np.array(bonds.sum(bonds.softmax(logits)))[np.array(bonds.degree)[:, 0] > 0]
    np.testing.assert_allclose(total, 1, rtol=1e-5)
    among = bonds.pool(bonds.softmax_molecule(mx.array(random_rows(0, batch.shape.atoms, 1) + offset)))
    np.testing.assert_allclose(np.array(among), 1, rtol=1e-5)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_verbs_without_any_bond(layout):
    bonds = tiny.topology(tiny.batch([0, 2, 7]), layout)
    h, none = mx.ones((4, 3)), mx.zeros((0, 3))
    assert bonds.source(h).shape == bonds.target(h).shape == bonds.reverse(none).shape == (0, 3)
    assert bonds.softmax(none).shape == (0, 3)
    assert np.array_equal(np.array(bonds.sum(none)), np.zeros((4, 3)))
    assert np.array_equal(np.array(bonds.degree), np.zeros((4, 1)))


# -- networks --------------------------------------------------------------------------------------------------------
def loss_and_gradient(network, bonds, molecules: int):
    """Squares of the first `molecules` predictions with dropout on, and the gradient by each parameter."""

    def loss(network):
        predictions = network(bonds, mx.zeros((bonds.shape.molecules, 0)), Noise(mx.array(7, mx.uint32)))
        return (predictions[:molecules] ** 2).mean()

    value, gradient = nn.value_and_grad(network, loss)(network)
    return value.item(), {name: np.array(g) for name, g in tree_flatten(gradient)}


def assert_equal(one, other):
    (value, gradient), (other_value, other_gradient) = one, other
    assert value == pytest.approx(other_value, rel=1e-5)
    largest = max(np.abs(g).max() for g in gradient.values())
    for name, g in gradient.items():
        np.testing.assert_allclose(g, other_gradient[name], rtol=1e-3, atol=1e-5 * largest, err_msg=name)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("config", ["base", "SCORE"])
@pytest.mark.parametrize("arch", ARCHS)
def test_layouts_give_equal_networks(arch, config, seed):
    mx.random.seed(seed)
    network = tiny.shaken(GraphModel(tiny.spec(arch, config), 5, 3), seed)
    batch = tiny.random_batch(seed)
    assert_equal(
        *(loss_and_gradient(network, tiny.topology(batch, layout), batch.shape.molecules) for layout in LAYOUTS[:2])
    )


@tiny.needs_kernels
@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("config", ["base", "classic", "SCORE"])
@pytest.mark.parametrize("arch", ARCHS)
def test_kernels_change_no_network(arch, config, padded):
    """Loss and gradient by kernels and by MLX's own operations, dropout on."""
    network = tiny.model(tiny.spec(arch, config))
    batch = tiny.batch([1, 3, 0], Shape(5, (2, 9, 7, 4, 1), 11) if padded else None)
    with kernels.switched_off():
        expected = loss_and_gradient(network, tiny.topology(batch), 3)
    assert_equal(loss_and_gradient(network, tiny.topology(batch, Compiled), 3), expected)


@pytest.mark.parametrize("config", ["base", "classic", "SCORE"])
@pytest.mark.parametrize("arch", ARCHS)
def test_padding_changes_nothing(arch, config):
    chosen = [1, 3, 0]
    exact = tiny.batch(chosen)
    more = tuple(n + extra for n, extra in zip((*exact.shape.by_degree, 0, 0), (3, 1, 0, 2, 1, 1, 0), strict=False))
    padded = tiny.batch(chosen, Shape(5, more, exact.shape.longest + 4))
    network = tiny.model(tiny.spec(arch, config))
    assert_equal(*(loss_and_gradient(network, tiny.topology(batch), 3) for batch in (exact, padded)))


def test_by_degree_has_no_scatter():
    """The point of the layout: neither a verb nor its gradient writes by index."""
    batch = tiny.random_batch(0)
    bonds = tiny.topology(batch)
    h = mx.array(random_rows(0, batch.shape.atoms, 4))

    def through(h):
        messages = bonds.reverse(bonds.source(h) * bonds.softmax(bonds.target(h)))
        return (bonds.flat(bonds.padded(bonds.sum(messages))) * bonds.spread(bonds.pool(h))).sum()

    text = io.StringIO()
    mx.export_to_dot(text, mx.grad(through)(h))
    operations = text.getvalue()
    assert "Gather" in operations
    assert "Scatter" not in operations


@pytest.mark.parametrize("layout", LAYOUTS)
def test_heads_are_pairs_transposed_and_back(layout):
    bonds = tiny.topology(tiny.batch(), layout)
    h = mx.array(random_rows(0, bonds.shape.atoms, 6))
    there = np.array(bonds.occupied)[:, None, :, None]
    split = np.array(bonds.by_head(h, 3))  # (B, heads, n, width)
    padded = np.array(bonds.padded(h))
    expected = padded.reshape(*padded.shape[:2], 3, 2).transpose(0, 2, 1, 3)
    np.testing.assert_array_equal(split * there, expected)
    np.testing.assert_array_equal(np.array(bonds.from_heads(bonds.by_head(h, 3))), np.array(h))
    direction = mx.array(random_rows(1, *split.shape) * there)
    gradient = mx.grad(lambda h: (bonds.by_head(h, 3) * direction).sum())(h)
    np.testing.assert_array_equal(np.array(gradient), np.array(bonds.from_heads(direction)))
    back = mx.grad(lambda x: (bonds.from_heads(x) * h).sum())(direction)
    np.testing.assert_array_equal(np.array(back), expected)


# -- what does not fit -------------------------------------------------------------------------------------------------
VERBS = {
    "source": ["atoms"],
    "target": ["atoms"],
    "sum": ["messages"],
    "softmax": ["messages"],
    "reverse": ["messages"],
    "weigh": ["messages", "messages"],
    "attend": ["atoms", "messages"],
    "smooth": ["atoms"],
    "others": ["messages"],
    "pool": ["atoms"],
    "spread": ["molecules"],
    "softmax_molecule": ["atoms"],
    "padded": ["atoms"],
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_refuses_too_few_rows_too_many_and_other_axes(layout, verb, cpu):
    """MLX's own gathers would read beyond the array."""
    batch = tiny.random_batch(0)
    bonds = tiny.topology(batch, layout)
    width = 1 if verb == "softmax_molecule" else 4
    fitting = [mx.ones((getattr(batch.shape, rows), width)) for rows in VERBS[verb]]
    mx.eval(getattr(bonds, verb)(*fitting))
    for n, x in enumerate(fitting):
        for wrong in (x[:-1], x[:0], mx.concatenate([x, x]), x[None], x[:, 0]):
            with pytest.raises(ValueError):
                mx.eval(getattr(bonds, verb)(*[wrong if i == n else y for i, y in enumerate(fitting)]))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_combine_refuses_what_would_be_spread(layout, cpu):
    batch = tiny.random_batch(0)
    bonds = tiny.topology(batch, layout)
    atoms, messages = mx.ones((batch.shape.atoms, 4)), mx.ones((batch.shape.messages, 4))
    for wrong in ({"bond": messages[:1]}, {"bond": messages[:, :1]}, {"target": atoms[:, :1]}, {"source": atoms[:2]}):
        with pytest.raises(ValueError):
            mx.eval(bonds.combine(**{"source": atoms, "target": atoms, "bond": messages} | wrong))
