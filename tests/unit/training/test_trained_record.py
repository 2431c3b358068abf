"""What a training leaves and shows: the record, the weights, lines of progress."""

import json

import made_up_records as made_up
import mlx.core as mx
import numpy as np
import pytest
import tiny
from mlx.utils import tree_unflatten
from score_mlx.models.graphs.batch import Batcher
from score_mlx.models.graphs.model import GraphModel
from score_mlx.models.graphs.task import GraphTask
from score_mlx.system.errors import UserError
from score_mlx.training import trainer
from tiny_training import DATA, run


# -- the record ------------------------------------------------------------------------------------------------------
def test_record(tmp_path):
    spec = tiny.spec("gcn", "SCORE", epochs=3, learn_dt=True)
    record = run(spec, tmp_path, preset="smoke")
    assert record == made_up.stored(tmp_path / "run.json")
    assert record["spec"] == spec.as_dict()
    assert record["cuts"] == spec.cuts()
    assert {cut["setting"] for cut in record["cuts"]} == {"epochs", "batch_size", "hidden", "heads"}
    assert [fold["fold"] for fold in record["folds"]] == [0, 1]
    for r, fold in enumerate(record["folds"]):
        assert (fold["train"], fold["test"]) == [(7, 8), (8, 7)][r]
        assert len(fold["rmse"]) == len(fold["train_loss"]) == 3
        assert record["best"]["rmse"][r] == min(fold["rmse"])
        assert fold["rmse"][record["best"]["epoch"][r] - 1] == min(fold["rmse"])
        assert record["last"]["rmse"][r] == fold["rmse"][-1]
        assert len(fold["learned_dt"]) == spec.steps
        assert all(0.1 < dt < 0.5 for dt in fold["learned_dt"])
    meta = made_up.stored_meta(tmp_path / "run.json")
    assert meta["preset"] == "smoke"
    assert meta["seconds"] > 0
    assert json.loads((tmp_path / "run.json").read_text())["science"] >= 1


def test_weights_give_the_recorded_errors(tmp_path):

    spec = tiny.spec("gat", "SCORE", epochs=4, learning_rate=0.05)
    record = run(spec, tmp_path)
    for which in ("best", "last"):
        for fold in (0, 1):
            network = GraphModel(spec, 66, 1)
            network.update(
                tree_unflatten(list(mx.load(str(tmp_path / f"weights/fold{fold}-{which}.safetensors")).items()))
            )
            test = DATA.test(fold)
            batch = Batcher(DATA.graphs, DATA.targets).batch(test)
            error = tiny.predict(network, tiny.topology(batch)) - DATA.targets[test]
            assert np.sqrt(np.mean(error**2)) == pytest.approx(record[which]["rmse"][fold], rel=1e-5)


def test_a_run_without_any_finite_error_is_refused(tmp_path, monkeypatch):
    def nan(self, replicas):
        return {"rmse": np.full(replicas.count, np.nan)}

    monkeypatch.setattr(GraphTask, "measure", nan)
    with pytest.raises(UserError, match="finite"):
        run(tiny.spec(epochs=2), tmp_path)
    assert not (tmp_path / "run.json").exists()


def test_best_weights_belong_to_the_best_epoch_also_after_a_failed_one(tmp_path, monkeypatch):
    """The first error is NaN, the second 2, the third 3: the weights kept are those of the second."""
    errors, seen = iter([np.nan, 2.0, 3.0]), []

    def rmse(self, replicas):
        seen.append({name: np.array(value) for name, value in replicas.weights(0).items()})
        return {"rmse": np.full(replicas.count, next(errors))}

    monkeypatch.setattr(GraphTask, "measure", rmse)
    record = run(tiny.spec(epochs=3), tmp_path, replicas=2)
    assert record["folds"][0]["rmse"] == [None, 2.0, 3.0]
    assert record["best"] == {"rmse": [2.0, 2.0], "epoch": [2, 2]}
    kept = mx.load(str(tmp_path / "weights" / "fold0-best.safetensors"))
    assert all(np.array_equal(np.array(kept[name]), value) for name, value in seen[1].items())


# -- progress --------------------------------------------------------------------------------------------------------
def test_progress_lines_name_model_folds_error_and_time_left(tmp_path, capsys):
    trainer.train(GraphTask, tiny.spec("gat", "SCORE", epochs=2), DATA, tmp_path, progress="lines", replicas=2)
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].startswith("SCORE_gat (tiny): folds 0-1 epoch 2/2, rmse ")
    assert "best" in lines[-1]
    assert lines[-1].endswith("0:00 left")


def test_progress_bar_and_silence(tmp_path, capsys):
    trainer.train(GraphTask, tiny.spec(epochs=2), DATA, tmp_path / "bar", progress="bar")
    assert "rmse" in capsys.readouterr().err
    trainer.train(GraphTask, tiny.spec(epochs=2), DATA, tmp_path / "none", progress="none")
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""
