"""Gathered graphs: the same bytes as the operations one by one, whatever lies between kernels."""

import mlx.core as mx
import numpy as np
import pytest
import tiny
from score_mlx import kernels
from score_mlx import nn as ours
from score_mlx.models.graphs.compiled import Compiled
from score_mlx.models.graphs.spec import ARCHS
from score_mlx.nn import Noise
from score_mlx.runs.objective import OBJECTIVES, TASKS
from score_mlx.training.replicas import Replicas

pytestmark = [tiny.needs_kernels, pytest.mark.usefixtures("cpu")]
RNG = np.random.default_rng(0)


def rows(*shape: int) -> mx.array:
    return mx.array(RNG.standard_normal(shape), mx.float32)


def the_same(function, *inputs) -> list[mx.array]:
    """Evaluates function(*inputs) with and without `gather`, and holds the results equal."""
    gathered, plain = kernels.gather(function(*inputs)), function(*inputs)
    mx.eval(gathered, plain)
    for one, other in zip(gathered, plain, strict=True):
        np.testing.assert_array_equal(np.array(one), np.array(other))
    return gathered


W, V = rows(3, 8, 8), rows(3, 8, 16)
BETWEEN = {
    "sums": lambda x, w, v: [ours.linear(ours.relu(ours.linear(x, w)) + ours.linear(x, w), w)],
    "views": lambda x, w, v: [ours.linear(ours.relu(ours.linear(x, w)).reshape(4, -1)[:, :8], w).reshape(2, 2, 8)],
    "a view as a result": lambda x, w, v: [ours.relu(ours.linear(x, w)).reshape(-1)],
    "a value and its view": lambda x, w, v: [
        ours.relu(x),
        ours.relu(x).reshape(-1),
        ours.elu(ours.relu(x).reshape(-1)),
    ],
    "pieces side by side": lambda x, w, v: [ours.linear(mx.concatenate([ours.linear(x, w), x], axis=-1), v)],
    "pieces one above the other": lambda x, w, v: [ours.linear(mx.concatenate([ours.linear(x, w), x], axis=0), w)],
    "columns": lambda x, w, v: [ours.elu(ours.linear(x, w)[:, 2:5]), ours.elu(ours.linear(x, w)[1:, 2:5])],
    "every second column": lambda x, w, v: [ours.elu(ours.linear(x, w)[:, ::2])],
    "transposed": lambda x, w, v: [ours.relu(ours.linear(x, w).T), ours.relu(ours.linear(x, w).T[:4])],
    "MLX's own between": lambda x, w, v: [ours.linear(mx.exp(ours.linear(x, w)) * x, w).sum(axis=0)],
    "a row spread": lambda x, w, v: [ours.relu(ours.linear(x, w) + w[0])],
    "nothing to gather": lambda x, w, v: [x + 1, w.sum()],
    "given": lambda x, w, v: [x, w],
}


@pytest.mark.parametrize("name", BETWEEN)
def test_what_may_lie_between(name):
    def alone(x, w, v):
        return BETWEEN[name](x, w, v)

    the_same(alone, rows(4, 8), W[0], V[0])
    the_same(lambda *inputs: list(mx.vmap(alone)(*inputs)), rows(3, 4, 8), W, V)
    the_same(lambda x, w, v: list(mx.vmap(alone, in_axes=(0, None, None))(x, w, v)), rows(3, 4, 8), W[0], V[0])


@pytest.mark.parametrize("name", [name for name in BETWEEN if name != "given"])
def test_gradients(name):
    def gradients(x, w, v):
        return list(
            mx.grad(lambda *inputs: sum((y * y).sum() for y in BETWEEN[name](*inputs)), argnums=(0, 1, 2))(x, w, v)
        )

    the_same(gradients, rows(4, 8), W[0], V[0])
    the_same(lambda *inputs: list(mx.vmap(gradients)(*inputs)), rows(3, 4, 8), W, V)


@pytest.mark.parametrize("config", ["base", "SCORE"])
@pytest.mark.parametrize("arch", ARCHS)
@pytest.mark.parametrize("count", [1, 3])
def test_a_training_step(arch, config, count):
    """Two steps of every network, dropout on."""
    batch = tiny.batch()
    arrays = {name: mx.array(np.stack([values] * count)) for name, values in batch.arrays.items()}
    keys = mx.arange(count, dtype=mx.uint32)

    def loss(model, arrays, key):
        return (model(Compiled(arrays, batch.shape), arrays["descriptors"], Noise(key)) ** 2).sum()

    def trained() -> list[mx.array]:
        models = Replicas([tiny.model(tiny.spec(arch, config), seed) for seed in range(count)], 1e-2)
        return [models.step(loss, arrays, keys), models.step(loss, arrays, keys), *models.state().values()]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernels, "gather", list)
        plain = trained()
        mx.eval(plain)
    for one, other in zip(trained(), plain, strict=True):
        np.testing.assert_array_equal(np.array(one), np.array(other))


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("config", ["base", "SCORE"])
@pytest.mark.parametrize("arch", ARCHS)
@pytest.mark.parametrize("count", [1, 3])
def test_a_step_is_one_program(arch, config, count, task, tmp_path):
    """From the atoms to the gradients, the loss between them. Adam is apart where several models share it."""
    batch = tiny.batch()
    arrays = {name: mx.array(np.stack([values] * count)) for name, values in batch.arrays.items()}
    models = Replicas([tiny.model(tiny.spec(arch, config), seed) for seed in range(count)], 1e-2)
    mx.eval(models.flat)

    def loss(model, arrays, key):
        prediction = model(Compiled(arrays, batch.shape), arrays["descriptors"], Noise(key))
        return OBJECTIVES[task].loss(prediction, arrays["label"], arrays["weight"])

    losses = models.step(loss, arrays, mx.arange(count, dtype=mx.uint32))
    mx.export_to_dot(str(tmp_path / "graph.dot"), losses, models.flat)
    drawn = (tmp_path / "graph.dot").read_text()
    assert [drawn.count(f'"{name}"') for name in kernels.names() if f'"{name}"' in drawn] == [1] * (count > 1)
    assert drawn.count('"Program"') == 1


def test_what_is_computed_twice_is_computed_once(tmp_path):
    """As a shared block computes from bonds alone in each of its steps."""
    x, w = rows(3, 4, 8), rows(3, 8, 8)

    def twice(x, w):
        return [ours.elu(ours.linear(x, w)), ours.elu(ours.linear(x, w)), ours.relu(ours.linear(x, w))]

    the_same(lambda *inputs: list(mx.vmap(twice)(*inputs)), x, w)
    gathered = kernels.gather(list(mx.vmap(twice)(x, w)))
    mx.export_to_dot(str(tmp_path / "graph.dot"), *gathered)
    edges = [line.split("->")[0].strip() for line in (tmp_path / "graph.dot").read_text().splitlines() if "->" in line]
    assert max(edges.count(one) for one in edges if not one.startswith('"')) == 2  # the program has two outputs


@pytest.fixture(params=[1, 2, 7])
def threads(request):
    kernels.use_threads(request.param)
    yield request.param
    kernels.use_threads(1)


def test_threads_give_the_same_bytes(threads):
    x, w = rows(5, 40, 8), rows(5, 8, 8)

    def gradients(x, w):
        return list(mx.grad(lambda x, w: (ours.elu(ours.linear(x, w)) ** 2).sum(), argnums=(0, 1))(x, w))

    for _ in range(5):
        the_same(lambda *inputs: list(mx.vmap(gradients)(*inputs)), x, w)


def test_no_thread_is_refused():
    with pytest.raises(ValueError, match="at least 1 thread"):
        kernels.use_threads(0)


def test_an_error_inside_reaches_whoever_evaluates(threads):
    x, wrong = rows(2, 3, 4), mx.array([[0, 1, 99]] * 2)
    reverse = mx.array([[0, 1, 2]] * 2)
    lifted = mx.vmap(lambda x, s, r: ours.elu(kernels.call("source", [x, s, r, r + 1])))(x, wrong, reverse)
    with pytest.raises(RuntimeError, match="source has the index 99"):
        mx.eval(kernels.gather([lifted]))


def test_a_long_graph():
    """No recursion, no quadratic search."""
    x = rows(2, 4)
    for _ in range(5000):
        x = ours.relu(x) + x
    mx.eval(kernels.gather([x]))
