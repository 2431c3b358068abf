"""Recorded steps: the bytes of steps whose graph is made for each batch, and refused where they would not be."""

import mlx.core as mx
import numpy as np
import pytest
import tiny
from score_mlx import kernels
from score_mlx import nn as ours
from score_mlx.models.dense.spec import DenseSpec
from score_mlx.models.dense.task import DenseTask
from score_mlx.models.graphs.spec import ARCHS
from score_mlx.models.graphs.task import GraphTask
from score_mlx.nn import add_bias
from score_mlx.nn.losses import mean_square
from score_mlx.training.recorded import recorded

pytestmark = [tiny.needs_kernels, pytest.mark.usefixtures("cpu")]
DATA = tiny.data(27, folds=3)  # 18 molecules a fold in batches of 8: the last batch has 2


def trained(task, epochs: int = 2):
    """(replicas, losses (steps, R))."""
    replicas, losses = task.replicas(), []
    for epoch in range(epochs):
        for arrays, keys, loss in task.batches(epoch):
            losses.append(replicas.step(loss, arrays, keys))
            mx.eval(replicas.flat, losses[-1])
    return replicas, np.array(mx.stack(losses))


def traced(task, monkeypatch):
    """The same of one fold, a graph made for each of its batches."""

    def with_a_first_axis(molecules):
        arrays = task.alone(0, molecules[0])
        return {name: values[None] for name, values in arrays.items()}, task.predicting(molecules[0])

    with monkeypatch.context() as patch:
        patch.setattr(kernels, "record", lambda given, outputs: None)
        patch.setattr(task, "side_by_side", with_a_first_axis)
        found = trained(task)
    assert task.reads is None
    return found


def hold_equal(kind, spec, data, monkeypatch):
    together, losses = trained(task := kind(spec, data, [0, 1, 2]))
    assert task.reads
    for fold in range(3):
        alone, expected = traced(kind(spec, data, [fold]), monkeypatch)
        np.testing.assert_array_equal(losses[:, [fold]], expected)
        for name, value in together.state(fold, 1).items():
            np.testing.assert_array_equal(np.array(value), np.array(alone.state()[name]), err_msg=name)


@pytest.mark.parametrize("config", ["base", "SCORE"])
@pytest.mark.parametrize("arch", ARCHS)
def test_the_same_bytes_as_alone_and_traced(arch, config, monkeypatch):
    """Dropout on, three folds whose batches differ in every size."""
    hold_equal(GraphTask, tiny.spec(arch, config, batch_size=8), DATA, monkeypatch)


@pytest.mark.parametrize(
    "options", [{"bias_correction": True}, {"readout": "sum", "head": "mlp"}, {"fidelity": "as_text"}]
)
def test_other_settings(options, monkeypatch):
    hold_equal(GraphTask, tiny.spec("gat", "SCORE", batch_size=8, **options), DATA, monkeypatch)


def test_a_dense_network(monkeypatch):
    spec, data = DenseSpec("tiny", "score_mlp", batch_size=16), tiny.tabular(60)
    _, losses = trained(task := DenseTask(spec, data, [0, 1]))
    assert task.reads
    _, expected = traced(DenseTask(spec, data, [1]), monkeypatch)
    np.testing.assert_array_equal(losses[:, [1]], expected)


@pytest.mark.parametrize("arch", ARCHS)
def test_molecules_without_bonds(arch, monkeypatch):
    """The first batch is recorded without a message, or with one molecule."""
    task = GraphTask(tiny.spec(arch, "SCORE", batch_size=3), tiny.data(8), [0, 1])
    replicas = task.replicas()
    _, losses = trained(task)
    assert task.reads
    assert np.isfinite(losses).all()
    arrays = [task.alone(place, np.array(molecules)) for place, molecules in enumerate(([0], [0, 1]))]
    each = [{name: values[name] for name in task.reads} for values in arrays]
    assert np.isfinite(np.array(replicas.step(None, each, mx.arange(2, dtype=mx.uint32)))).all()


def test_threads_give_the_same_bytes():
    spec = tiny.spec("gine", "SCORE", batch_size=8)
    alone, one = trained(GraphTask(spec, DATA, [0, 1, 2]))
    try:
        kernels.use_threads(2)
        shared, two = trained(GraphTask(spec, DATA, [0, 1, 2]))
    finally:
        kernels.use_threads(1)
    np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(np.array(alone.flat), np.array(shared.flat))


def test_weights_that_somebody_keeps_stay():
    """A step writes over the vectors only where nobody else has them."""
    task = GraphTask(tiny.spec("gcn", batch_size=8), DATA, [0, 1, 2])
    replicas = task.replicas()
    mx.eval(replicas.flat)
    kept, before = replicas.flat, np.array(replicas.flat)
    for arrays, keys, loss in task.batches(0):
        mx.eval(replicas.step(loss, arrays, keys), replicas.flat)
    np.testing.assert_array_equal(np.array(kept), before)
    assert not np.array_equal(np.array(replicas.flat), before)


# -- what is not recorded ----------------------------------------------------------------------------------------------
PARAMETERS = {"w": mx.ones((3, 4)), "v": mx.ones((1, 3))}


def batch(n: int) -> dict[str, mx.array]:
    x = mx.array(np.random.default_rng(n).standard_normal((n, 4)), mx.float32)
    return {"x": x, "label": mx.zeros((n,)), "weight": mx.ones((n,))}


def network(between):
    def value(parameters, arrays, key):
        hidden = between(ours.linear(arrays["x"], parameters["w"]), arrays)
        prediction = ours.linear(hidden, parameters["v"]).squeeze(-1)
        return mean_square(prediction, arrays["label"], arrays["weight"])

    return recorded(PARAMETERS, [(batch(n), value) for n in (5, 7)])


@pytest.mark.parametrize(
    "between",
    [
        lambda h, arrays: mx.exp(h),
        lambda h, arrays: ours.scale(h, 1 / len(h)),
        lambda h, arrays: ours.relu(h) if len(h) == 5 else ours.elu(h),
        lambda h, arrays: h + mx.ones(h.shape),
        lambda h, arrays: add_bias(h, mx.ones((3,)), (arrays["weight"] * 2)[:, None]),
        lambda h, arrays: mx.concatenate([h[:2], h[2:]]),
    ],
    ids=["MLX's own operation", "a number", "another layer", "a constant", "an input changed by MLX", "some rows"],
)
def test_what_follows_from_a_batch_otherwise_is_not_recorded(between):
    assert network(lambda h, arrays: ours.relu(h)) is not None
    assert network(between) is None


def test_arrays_that_do_not_fit():
    step = network(lambda h, arrays: ours.relu(h))
    vectors, keys = [mx.ones((30,)) for _ in range(3)], mx.arange(2, dtype=mx.uint32)
    fine = batch(6)
    losses = step.step(vectors, [0.9, 0.999, 1e-8, 0.1, 1.0], [fine, batch(9)], keys)[0]
    assert losses.shape == (2,)
    for wrong in (
        fine | {"x": mx.ones((6, 5))},
        fine | {"x": mx.ones((7, 4))},
        fine | {"x": mx.ones((6, 4), mx.float16)},
        fine | {"x": mx.ones((6,))},
        fine | {"label": mx.zeros((6, 1))},
    ):
        with pytest.raises(ValueError):
            step.step(vectors, [0.9, 0.999, 1e-8, 0.1, 1.0], [fine, wrong], keys)
    for vectors in ([mx.ones((30,))] * 2, [mx.ones((29,))] * 3):
        with pytest.raises(ValueError):
            step.step(vectors, [0.9, 0.999, 1e-8, 0.1, 1.0], [fine, fine], keys)


def test_a_step_that_is_not_recorded_takes_no_batches_apart():
    replicas = GraphTask(tiny.spec("gcn"), DATA, [0]).replicas()
    with kernels.switched_off():
        assert replicas.record([]) is None
    with pytest.raises(ValueError, match="expected a recorded step"):
        replicas.step(None, [batch(5)], mx.arange(1, dtype=mx.uint32))


def test_an_index_beyond_its_array_reaches_whoever_evaluates():
    task = GraphTask(tiny.spec("gcn", batch_size=8), DATA, [0, 1, 2])
    replicas = task.replicas()
    each, keys, loss = next(task.batches(0))
    each[1]["source"] = each[1]["source"] + 1000
    with pytest.raises(RuntimeError, match="smooth: source has the index 1"):
        mx.eval(replicas.step(loss, each, keys))
