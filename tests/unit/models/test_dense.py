"""The MLP and SCORE-MLP of Table 1: the paper's sizes, padding without effect, the graph networks' trainer."""

import made_up_records as made_up
import mlx.core as mx
import numpy as np
import pytest
import tiny
from mlx.utils import tree_flatten
from score_mlx.models.dense.spec import NETWORKS, DenseSpec
from score_mlx.models.dense.task import DenseModel, DenseTask
from score_mlx.nn import Noise
from score_mlx.runs.records import as_json
from score_mlx.system.errors import UserError
from score_mlx.training.trainer import train

DATA = tiny.tabular(rows=31)  # folds of 16 and 15: the second is padded


def small(network="score_mlp", **options) -> DenseSpec:
    return DenseSpec("tiny", network, **({"epochs": 3, "batch_size": 4} | options))


@pytest.mark.parametrize(("network", "count"), [("mlp", 38273), ("score_mlp", 44545)])
def test_parameters_on_217_descriptors(network, count):
    model = DenseModel(network, 217)
    assert sum(value.size for _, value in tree_flatten(model.parameters())) == count


def test_the_model_is_a_head_behind_dropout():
    model, x = DenseModel("mlp", 6), mx.array(np.random.default_rng(0).normal(size=(5, 6)), mx.float32)
    ids = mx.arange(5, dtype=mx.uint32)
    quiet = np.array(model(x, ids, Noise(None)))
    np.testing.assert_array_equal(quiet, np.array(model.head(x)[:, 0]))
    noisy = Noise(mx.array(7, mx.uint32))
    np.testing.assert_array_equal(
        np.array(model(x, ids, noisy)), np.array(model.head(Noise(mx.array(7, mx.uint32))(x, ids))[:, 0])
    )
    assert not np.array_equal(quiet, np.array(model(x, ids, Noise(mx.array(7, mx.uint32)))))


@pytest.mark.parametrize("network", NETWORKS)
def test_folds_side_by_side_train_as_they_would_alone(network, tmp_path):
    together, alone = (
        train(DenseTask, small(network), DATA, tmp_path / str(n), replicas=n, progress="none") for n in (2, 1)
    )
    for a, b in zip(together.folds, alone.folds, strict=True):
        np.testing.assert_allclose(a.train_loss, b.train_loss, rtol=2e-4)
        np.testing.assert_allclose(a.rmse, b.rmse, rtol=2e-4)


def test_twice_the_same_bytes_and_a_record_of_its_family(tmp_path):
    for name in ("a", "b"):
        train(DenseTask, small(), DATA, tmp_path / name, progress="none")
    assert (tmp_path / "a" / "run.json").read_bytes() == (tmp_path / "b" / "run.json").read_bytes()
    record = made_up.stored(tmp_path / "a" / "run.json")
    assert record["family"] == "dense" and record["spec"] == small().as_dict()
    assert record["cuts"] == [
        {"setting": "epochs", "ours": 3, "paper": 150},
        {"setting": "batch_size", "ours": 4, "paper": 32},
    ]
    assert sorted(path.name for path in (tmp_path / "a" / "weights").iterdir())[0] == "fold0-best.safetensors"


def test_padding_changes_no_error():
    task = DenseTask(small(), DATA, [0, 1])
    replicas = task.replicas()
    together = task.measure(replicas)["rmse"]
    for fold in (0, 1):
        model = task.model()
        model.load_weights(list(replicas.weights(fold).items()))
        rows = DATA.test(fold)
        x = mx.array(DATA.scaled_descriptors(fold)[rows])
        error = np.array(model(x, mx.arange(len(rows), dtype=mx.uint32), Noise(None))) - DATA.targets[rows]
        assert together[fold] == pytest.approx(np.sqrt(np.mean(error**2)), rel=1e-5)


def test_it_learns(tmp_path):
    record = as_json(train(DenseTask, small(epochs=60, learning_rate=3e-3), DATA, tmp_path, progress="none"))
    for fold in record["folds"]:
        assert fold["train_loss"][-1] < 0.2 * fold["train_loss"][0]


def test_paths():
    assert small(epochs=150, batch_size=32).path("").as_posix() == "tiny/dense/score_mlp/default/run.json"
    assert DenseSpec.from_path(small().path()) == small()
    assert [DenseSpec("x", name).model for name in ("mlp", "score_mlp")] == ["MLP", "SCORE-MLP"]
    with pytest.raises(UserError, match="learning_rate = 0"):
        small(learning_rate=0.0)
