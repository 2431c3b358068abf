"""Models trained side by side: each as it would be alone."""

import contextlib

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers
import numpy as np
import pytest
import tiny
from mlx.utils import tree_flatten, tree_unflatten
from score_mlx import kernels
from score_mlx.models.graphs.batch import Batcher
from score_mlx.models.graphs.model import GraphModel
from score_mlx.models.graphs.spec import ARCHS
from score_mlx.models.graphs.task import GraphTask
from score_mlx.nn import Noise
from score_mlx.training.replicas import Adam, Replicas

# These add the same number to all logits of a softmax, or nearly (leaky ReLU between): their gradient is rounding,
# which Adam scales up to a step. Predictions do not depend on them.
SHIFTS = ("key.bias", "align_bias", "align_molecule", "align_state", "attend_target")


def train(task: GraphTask, epochs: int = 1) -> tuple[Replicas, np.ndarray]:
    """(replicas, losses (steps, R))."""
    replicas = task.replicas()
    losses = []
    for epoch in range(epochs):
        for arrays, keys, loss in task.batches(epoch):
            losses.append(replicas.step(loss, arrays, keys))
            mx.eval(replicas.flat, losses[-1])
    return replicas, np.array(mx.stack(losses))


@pytest.mark.parametrize("config", ["base", "SCORE"])
@pytest.mark.parametrize("arch", ARCHS)
def test_beside_others_as_alone(arch, config):
    """Dropout on. Batches of different molecules are padded to one shape only where folds share them."""
    data, spec = tiny.data(24, folds=3), tiny.spec(arch, config)
    together, losses = train(GraphTask(spec, data, [0, 1, 2]))
    rmse = GraphTask(spec, data, [0, 1, 2]).measure(together)["rmse"]
    for fold in range(3):
        task = GraphTask(spec, data, [fold])
        alone, alone_losses = train(task)
        np.testing.assert_allclose(losses[:, fold], alone_losses[:, 0], rtol=1e-4)
        assert rmse[fold] == pytest.approx(task.measure(alone)["rmse"][0], rel=1e-4)
        expected = alone.weights(0)
        for name, value in together.weights(fold).items():
            if not name.endswith(SHIFTS):  # for scale: one step moves a weight by up to 3e-3
                np.testing.assert_allclose(np.array(value), np.array(expected[name]), atol=1e-4, err_msg=name)


def test_replicas_differ_from_each_other():
    replicas, losses = train(GraphTask(tiny.spec("gat"), tiny.data(24, folds=3), [0, 1, 2]))
    assert len({round(float(loss), 5) for loss in losses[0]}) == 3
    one, other = replicas.weights(0), replicas.weights(1)
    assert all(not np.array_equal(np.array(one[name]), np.array(other[name])) for name in one)


def test_folds_with_another_number_of_batches():
    """15 molecules in 2 folds train on 7 and 8: in batches of 7 that is one step and two, in batches of 8 one each."""
    data = tiny.data(15)
    with pytest.raises(ValueError, match="different numbers of batches"):
        GraphTask(tiny.spec(batch_size=7), data, [0, 1])
    _, losses = train(GraphTask(tiny.spec(batch_size=8), data, [0, 1]))
    assert losses.shape == (1, 2)


def test_validation_of_folds_of_different_sizes(monkeypatch):
    """5 and 4 test molecules in batches of 2: the second fold has none in the last batch."""
    monkeypatch.setattr(GraphTask, "validation_batch", 2)
    data, spec = tiny.data(9), tiny.spec(batch_size=8)
    task = GraphTask(spec, data, [0, 1])
    replicas = task.replicas()
    found = task.measure(replicas)["rmse"]
    for fold in (0, 1):
        test = data.test(fold)
        batch = Batcher(data.graphs, data.targets).batch(test)
        network = GraphModel(spec, 66, 1)
        network.update(tree_unflatten(list(replicas.weights(fold).items())))
        error = tiny.predict(network, tiny.topology(batch)) - data.targets[test]
        assert found[fold] == pytest.approx(np.sqrt(np.mean(error**2)), rel=1e-5)


# -- dropout ---------------------------------------------------------------------------------------------------------
def test_masks_do_not_depend_on_padding_or_replicas():
    g = tiny.random_graphs(0)
    batcher = Batcher(g, np.zeros(len(g)))
    exact = batcher.batch(np.array([1, 4]))
    wide = batcher.batch(np.array([1, 4]), exact.shape.union(batcher.shape(np.arange(len(g)))))
    masks = []
    for batch in (exact, wide):
        bonds = tiny.topology(batch)
        mask = np.array(Noise(mx.array(3, mx.uint32))(mx.ones((batch.shape.atoms, 6)), bonds.atom_id))
        masks.append(mask[batch.arrays["slots"][batch.arrays["occupied"] > 0]])
    np.testing.assert_array_equal(*masks)

    keys = mx.array([3, 4], mx.uint32)
    rows = mx.arange(50, dtype=mx.uint32)
    lifted = mx.vmap(lambda key: Noise(key)(mx.ones((50, 6)), rows))(keys)
    for r in range(2):
        np.testing.assert_array_equal(np.array(lifted[r]), np.array(Noise(keys[r])(mx.ones((50, 6)), rows)))


def test_masks_drop_the_given_share_and_keep_the_mean():
    x, rows = mx.ones((20_000, 16)), mx.arange(20_000, dtype=mx.uint32)
    for rate in (0.1, 0.5):
        noise = Noise(mx.array(9, mx.uint32), rate)
        first, second = np.array(noise(x, rows)), np.array(noise(x, rows))
        other = np.array(Noise(mx.array(10, mx.uint32), rate)(x, rows))
        # 320,000 draws: the standard error of a share is below 0.001, of a correlation below 0.002
        assert (first == 0).mean() == pytest.approx(rate, abs=0.005)
        assert first.max() == pytest.approx(1 / (1 - rate))
        neighbours = [(first, second), (first, other), (first[1:], first[:-1]), (first[:, 1:], first[:, :-1])]
        for a, b in neighbours:  # calls, keys, rows, columns
            assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 0.01


def test_no_dropout_in_evaluation():
    x = mx.ones((5, 3))
    assert Noise(None)(x, mx.arange(5, dtype=mx.uint32)) is x
    assert Noise(mx.array(0, mx.uint32), 0)(x, mx.arange(5, dtype=mx.uint32)) is x


# Calls of Noise in one forward pass with K = 2: block (per step), after each step, readout (T = 2), head.
DROPS = {
    ("gcn", "base"): 3,
    ("gat", "base"): 2 + 3,
    ("gatv2", "SCORE"): 2 + 3,
    ("gine", "SCORE"): 3,
    ("mpnn", "base"): 2 + 3,
    ("mpnn", "SCORE"): 3,
    ("dmpnn", "skip05"): 2 + 3,
    ("dmpnn", "SCORE"): 3,
    ("attfp", "classic"): 2 + 3,
    ("attfp", "SCORE"): 2 + 3,
    ("gt", "base"): 2 * 3 + 1 + 3,  # attention, output, FFN; native also after the stack
    ("gt", "SCORE"): 2 * 3 + 3,
}


@pytest.mark.parametrize(("arch", "config"), DROPS)
def test_where_dropout_acts(arch, config):
    bonds, noise = tiny.topology(tiny.batch()), Noise(mx.array(1, mx.uint32))
    tiny.model(tiny.spec(arch, config))(bonds, mx.zeros((len(tiny.SMILES), 0)), noise)
    assert noise.calls == DROPS[arch, config]
    assert Noise(mx.array(1, mx.uint32)).rate == 0.1


@pytest.mark.parametrize("arch", ["mpnn", "dmpnn"])
def test_as_text_score_drops_after_each_step(arch):
    bonds, noise = tiny.topology(tiny.batch()), Noise(mx.array(1, mx.uint32))
    tiny.model(tiny.spec(arch, "SCORE", fidelity="as_text"))(bonds, mx.zeros((len(tiny.SMILES), 0)), noise)
    assert noise.calls == 2 + 3


# -- optimiser and state ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("with_kernels", [False, True])
@pytest.mark.parametrize("bias_correction", [False, True])
def test_adam_is_that_of_mlx(bias_correction, with_kernels, cpu):
    with contextlib.nullcontext() if with_kernels else kernels.switched_off():
        assert_adam_is_that_of_mlx(bias_correction)


def assert_adam_is_that_of_mlx(bias_correction):
    rng = np.random.default_rng(0)
    start = mx.array(rng.standard_normal(300), mx.float32)
    ours, parameters = Adam(1e-2, start, bias_correction), start
    theirs, reference = mlx.optimizers.Adam(1e-2, bias_correction=bias_correction), {"p": start}
    for step in range(6):
        if step == 3:  # as after a kill
            state, ours = ours.state(), Adam(1e-2, start, bias_correction)
            ours.restore(state)
        gradient = mx.array(rng.standard_normal(300) * 10.0 ** rng.integers(-6, 3, 300), mx.float32)
        matrix, column = mx.split(gradient, [200])
        parameters = ours(parameters, [matrix.reshape(10, 20).T.T, column])
        reference = theirs.apply_gradients({"p": gradient}, reference)
        np.testing.assert_allclose(np.array(parameters), np.array(reference["p"]), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("count", [1, 3])
def test_parameters_by_name(count):
    models = [tiny.model(tiny.spec("gat"), seed=seed) for seed in range(count)]
    replicas = Replicas(models, 1e-3)
    for r, network in enumerate(models):
        found = {name: np.array(value) for name, value in replicas.weights(r).items()}
        expected = {name: np.array(value) for name, value in tree_flatten(network.parameters())}
        assert found.keys() == expected.keys()
        assert all(np.array_equal(found[name], expected[name]) for name in found)
    assert replicas.parameters == sum(value.size for value in expected.values())


def test_apply_is_each_models_own_answer():
    models = [nn.Linear(3, 2) for _ in range(2)]
    x = mx.array(np.random.default_rng(0).standard_normal((2, 5, 3)), mx.float32)
    expected = [np.array(model(x[r])) for r, model in enumerate(models)]
    found = Replicas(models, 1e-3).apply(lambda model, arrays: model(arrays["x"]), {"x": x})
    np.testing.assert_allclose(np.array(found), expected, rtol=1e-6)


def test_state_and_restore():
    """Two epochs in one go = one, its state taken up by fresh replicas, one more."""
    task = GraphTask(tiny.spec("gat"), tiny.data(16), [0, 1])
    straight, _ = train(task, epochs=2)
    first, _ = train(task, epochs=1)
    resumed = task.replicas()
    resumed.restore(first.state())
    for arrays, keys, loss in task.batches(1):
        resumed.step(loss, arrays, keys)
    for name, value in straight.state().items():
        np.testing.assert_array_equal(np.array(value), np.array(resumed.state()[name]), err_msg=name)


def test_state_of_another_model_is_refused():
    one, other = (Replicas([tiny.model(tiny.spec(arch))], 1e-3) for arch in ("gcn", "gat"))
    with pytest.raises(ValueError, match="expected"):
        one.restore(other.state())
