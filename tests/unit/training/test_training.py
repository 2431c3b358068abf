"""The training loop and what it leaves behind: determinism, checkpoints, learning, the record."""

import json
import os
import shutil
import signal
from dataclasses import replace

import made_up_records as made_up
import mlx.core as mx
import numpy as np
import pytest
import tiny
from mlx.utils import tree_unflatten
from score_mlx import kernels
from score_mlx.models.graphs.batch import Batcher
from score_mlx.models.graphs.compiled import layout
from score_mlx.models.graphs.model import GraphModel
from score_mlx.models.graphs.spec import ARCHS
from score_mlx.models.graphs.task import GraphTask
from score_mlx.nn import Noise
from score_mlx.runs.records import as_json, read_meta
from score_mlx.system import stopping
from score_mlx.system.errors import UserError
from score_mlx.training import loop as training
from score_mlx.training import trainer
from score_mlx.training.progress import Progress

DATA = tiny.data(15)  # 2 folds that train on 7 and 8


class KilledError(Exception):
    pass


def run(spec, folder, data=DATA, **options) -> dict:
    return as_json(trainer.train(GraphTask, spec, data, folder, progress="none", **options))


def files(folder) -> dict[str, bytes]:
    """Everything a run must repeat: the record and the weights."""
    paths = [folder / "run.json", *sorted((folder / "weights").iterdir())]
    return {path.name: path.read_bytes() for path in paths}


def killed_after(epochs: int, monkeypatch) -> None:
    """Training saves after every epoch and dies when `epochs` are done."""
    original, seen = Progress.epoch, []

    def epoch(self, *args):
        seen.append(args)
        original(self, *args)
        if len(seen) == epochs + 1:  # the checkpoint is written after this call
            raise KilledError

    monkeypatch.setattr(training, "CHECKPOINT_SECONDS", -1)
    monkeypatch.setattr(Progress, "epoch", epoch)


@tiny.needs_kernels
@pytest.mark.parametrize("arch", ARCHS)
def test_ten_steps_with_and_without_kernels(arch):
    """Rounding alone tells them apart: losses of the first ten batches agree to 1e-4."""

    def losses() -> list[float]:
        task = GraphTask(tiny.spec(arch, "SCORE", batch_size=4), tiny.data(24), [0])
        replicas, found = task.replicas(), []
        for epoch in range(4):  # of 3 steps
            for arrays, keys, loss in task.batches(epoch):
                found.append(replicas.step(loss, arrays, keys).item())
        return found[:10]

    compiled = losses()
    with kernels.switched_off():
        assert compiled == pytest.approx(losses(), rel=1e-4)


@pytest.mark.parametrize(("arch", "config"), [("gat", "SCORE"), ("mpnn", "classic"), ("gt", "base")])
def test_the_same_run_gives_the_same_bytes(arch, config, tmp_path):
    spec = tiny.spec(arch, config, epochs=2)
    record = run(spec, tmp_path / "one")
    run(spec, tmp_path / "two")
    assert files(tmp_path / "one") == files(tmp_path / "two")
    assert len(files(tmp_path / "one")) == 1 + 2 * 2
    other = run(tiny.spec(arch, config, epochs=2, seed=43), tmp_path / "three")
    assert other["folds"][0]["rmse"] != record["folds"][0]["rmse"]
    again = run(tiny.spec(arch, config, epochs=2, repeat=1), tmp_path / "four")
    assert again["folds"][0]["rmse"] != record["folds"][0]["rmse"]


@pytest.mark.parametrize("replicas", [1, 2])
@pytest.mark.parametrize("epochs", [0, 1, 2])
def test_killed_and_resumed_gives_the_same_bytes(epochs, replicas, tmp_path, monkeypatch):
    spec = tiny.spec("gat", "classic", epochs=3)
    run(spec, tmp_path / "straight", replicas=replicas)
    with monkeypatch.context() as patch:
        killed_after(epochs, patch)
        with pytest.raises(KilledError):
            run(spec, tmp_path / "killed", replicas=replicas)
    assert not (tmp_path / "killed" / "run.json").exists()
    run(spec, tmp_path / "killed", replicas=replicas)
    assert files(tmp_path / "straight") == files(tmp_path / "killed")
    meta = made_up.stored_meta(tmp_path / "killed" / "run.json")
    assert meta["resumed"] == min(epochs, 1)
    assert meta["replicas"] == replicas
    assert not (tmp_path / "killed" / "checkpoints").exists()


def test_sigterm_leaves_the_epoch_that_it_came_in(tmp_path, monkeypatch):
    """No checkpoint is due by its time, and yet nothing but a part of an epoch is lost."""
    spec = tiny.spec("gat", "classic", epochs=4)
    run(spec, tmp_path / "straight")
    original, usual = Progress.epoch, signal.getsignal(signal.SIGTERM)

    def epoch(self, number, *args):
        original(self, number, *args)
        if number == 2:
            os.kill(os.getpid(), signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr(Progress, "epoch", epoch)
        with pytest.raises(stopping.Stopped) as stopped:
            run(spec, tmp_path / "stopped")
    assert stopped.value.code == 143
    assert signal.getsignal(signal.SIGTERM) is usual and not stopping.asked()
    (checkpoint,) = (tmp_path / "stopped" / "checkpoints").iterdir()
    _, rmse, *_ = json.loads(mx.load(str(checkpoint), return_metadata=True)[1]["seen"])
    assert len(rmse[0]) == 2  # epochs
    run(spec, tmp_path / "stopped")
    assert files(tmp_path / "straight") == files(tmp_path / "stopped")


def test_killed_between_groups_of_folds(tmp_path, monkeypatch):
    """One fold at a time: the first is done, the second has one epoch left."""
    spec = tiny.spec("gcn", epochs=2)
    run(spec, tmp_path / "straight", replicas=1)
    with monkeypatch.context() as patch:
        killed_after(3, patch)
        with pytest.raises(KilledError):
            run(spec, tmp_path / "killed", replicas=1)
    run(spec, tmp_path / "killed", replicas=1)
    assert files(tmp_path / "straight") == files(tmp_path / "killed")
    assert (
        made_up.stored_meta(tmp_path / "killed" / "run.json")["resumed"] == 2
    )  # neither fold trained again from its start


@pytest.mark.parametrize("replicas", [1, 2])
def test_folds_side_by_side_give_the_record_of_folds_alone(replicas, tmp_path):
    """Where folds have another number of batches they are kept apart: 7 and 8 molecules in batches of 7."""
    spec = tiny.spec("gcn", epochs=2, batch_size=7)
    alone, together = (run(spec, tmp_path / str(n), replicas=n) for n in (1, replicas))
    assert alone == together


# -- runs side by side -----------------------------------------------------------------------------------------------
SMALL = tiny.data(24)


def jobs(folder, runs, data=SMALL, **options):
    specs = [tiny.spec("gat", "SCORE", **({"epochs": 3} | options | {"repeat": repeat})) for repeat in range(runs)]
    return [trainer.Job(spec, data, folder / str(spec.repeat)) for spec in specs]


def alone(folder, runs, **options):
    for job in jobs(folder, runs, **options):
        trainer.train(GraphTask, job.spec, job.data, job.folder, progress="none")
    return folder


def together(folder, runs, replicas: int | None = 50, **options):
    trainer.train_together(GraphTask, jobs(folder, runs, **options), progress="none", replicas=replicas)
    return folder


def all_files(folder):
    return {run.name: files(run) for run in folder.iterdir()}


@pytest.mark.parametrize("bias_correction", [False, True])
def test_ten_repeats_together_are_ten_runs_alone(tmp_path, bias_correction):
    """Records and weights to the byte: 20 replicas of one program, and ten programs of 2."""
    one = all_files(alone(tmp_path / "alone", 10, bias_correction=bias_correction))
    assert one == all_files(together(tmp_path / "together", 10, bias_correction=bias_correction))
    metas = [read_meta(tmp_path / "together" / str(n) / "run.json") for n in range(10)]
    assert {meta.replicas for meta in metas} == {20}
    assert len({files["run.json"] for files in one.values()}) == 10  # and each is another run


def test_on_the_cpu_repetitions_take_turns(tmp_path, cpu):
    """Batches of other sizes in each repetition: side by side they would be padded and round otherwise."""
    data = tiny.data(40)
    one = all_files(alone(tmp_path / "alone", 3, data=data, batch_size=4))
    assert one == all_files(together(tmp_path / "together", 3, None, data=data, batch_size=4))
    assert read_meta(tmp_path / "together" / "0" / "run.json").replicas == 2


def test_side_by_side_the_first_steps_agree_but_for_rounding():
    data, specs = tiny.data(40), [tiny.spec("gat", "SCORE", batch_size=4, repeat=repeat) for repeat in range(10)]
    runs = [(spec, data, [0, 1]) for spec in specs]

    def losses(*runs):
        task = GraphTask(*runs[0], *runs[1:])
        replicas, batches = task.replicas(), task.batches(0)
        return np.concatenate([replicas.step(loss, arrays, keys)[None] for arrays, keys, loss in batches])

    side_by_side = losses(*runs)
    assert side_by_side.shape == (5, 20)
    for place, run in enumerate(runs):
        np.testing.assert_allclose(side_by_side[:, 2 * place : 2 * place + 2], losses(run), rtol=1e-5)


@pytest.mark.parametrize("replicas", [1, 4, 5])
def test_as_many_side_by_side_as_are_asked_for(tmp_path, replicas):
    one = all_files(alone(tmp_path / "alone", 3))
    assert one == all_files(together(tmp_path / "together", 3, replicas=replicas))
    meta = read_meta(tmp_path / "together" / "0" / "run.json")
    assert meta.replicas == max(2, replicas // 2 * 2)  # the two folds of a run stay together


def test_folds_of_other_numbers_of_steps_are_kept_apart_together_too(tmp_path):
    data = tiny.data(15)  # train on 7 and 8, in batches of 7
    one = all_files(alone(tmp_path / "alone", 3, data=data, batch_size=7))
    assert one == all_files(together(tmp_path / "together", 3, data=data, batch_size=7))


def test_runs_that_differ_in_more_than_their_seed_are_refused(tmp_path):
    spec, other = tiny.spec("gat", epochs=1), tiny.spec("gat", epochs=1, learning_rate=0.01)
    with pytest.raises(ValueError, match="differ in repeat and seed only"):
        GraphTask(spec, SMALL, [0], (other, SMALL, [0]))
    foreign = replace(SMALL, info=SMALL.info | {"sha256": "9" * 64})
    with pytest.raises(ValueError, match="the same molecules"):
        GraphTask(spec, SMALL, [0], (replace(spec, repeat=1), foreign, [0]))


@pytest.mark.parametrize("again", ["together", "alone", "in other company"])
def test_killed_together_and_gone_on_with(again, tmp_path, monkeypatch):
    """Each run has a checkpoint of its own, which it takes up alone, and beside runs that have seen no epoch yet."""
    one = all_files(alone(tmp_path / "alone", 4))
    with monkeypatch.context() as patch:
        killed_after(2, patch)
        with pytest.raises(KilledError):
            together(tmp_path / "killed", 3)
    assert len(list((tmp_path / "killed").glob("*/checkpoints/folds-0-1.safetensors"))) == 3
    {"together": together, "alone": alone, "in other company": together}[again](
        tmp_path / "killed", 4 if again == "in other company" else 3
    )
    found = all_files(tmp_path / "killed")
    assert found == {name: one[name] for name in found}
    assert {read_meta(tmp_path / "killed" / str(n) / "run.json").resumed for n in range(3)} == {1}


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory):
    """The folder of a run killed with one epoch done, and the files of the whole run."""
    folder, spec = tmp_path_factory.mktemp("interrupted"), tiny.spec("gat", epochs=2)
    run(spec, folder / "straight")
    with pytest.MonkeyPatch.context() as patch:
        killed_after(1, patch)
        with pytest.raises(KilledError):
            run(spec, folder / "killed")
    (checkpoint,) = (folder / "killed" / "checkpoints").iterdir()
    return spec, folder / "killed", checkpoint.name, files(folder / "straight")


DAMAGES = {
    "empty": lambda content: b"",
    "first bytes": lambda content: content[:12],
    "half": lambda content: content[: len(content) // 2],
    "last bytes missing": lambda content: content[:-40],
    "noise": lambda content: np.random.default_rng(0).bytes(len(content)),
    "no header": lambda content: b"\0" * 8 + content[8:],
    "text": lambda content: b"not a checkpoint\n",
    "other names": lambda content: content.replace(b'"square"', b'"sqvare"'),
    "curves": lambda content: content.replace(b"[[[", b"[[{"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_checkpoint_counts_as_none(damage, interrupted, tmp_path):
    spec, folder, name, expected = interrupted
    path = tmp_path / "run" / "checkpoints" / name
    shutil.copytree(folder, tmp_path / "run")
    damaged = DAMAGES[damage](path.read_bytes())
    assert damaged != path.read_bytes()
    path.write_bytes(damaged)
    run(spec, tmp_path / "run")
    assert files(tmp_path / "run") == expected
    assert made_up.stored_meta(tmp_path / "run" / "run.json")["resumed"] == 0


@pytest.mark.parametrize("change", ["seed", "steps", "data"])
def test_a_checkpoint_of_another_run_counts_as_none(change, interrupted, tmp_path):
    """The same file name, left there by a run of another spec or of other molecules."""
    _, folder, _, _ = interrupted
    options = {"seed": {"seed": 7}, "steps": {"steps": 3}, "data": {}}[change]
    spec, data = tiny.spec("gat", epochs=2, **options), tiny.data(15)
    if change == "data":
        data.info["sha256"] = "2" * 64
    shutil.copytree(folder, tmp_path / "run")
    run(spec, tmp_path / "run", data)
    run(spec, tmp_path / "fresh", data)
    assert files(tmp_path / "run") == files(tmp_path / "fresh")
    assert made_up.stored_meta(tmp_path / "run" / "run.json")["resumed"] == 0


@pytest.mark.parametrize("config", ["skip05", "SCORE"])
@pytest.mark.parametrize("arch", ARCHS)
def test_overfits_32_molecules(arch, config):
    """With width and time enough the training error of a few molecules vanishes, dropout off."""
    data = tiny.data(40, folds=5)
    spec = tiny.spec(arch, config, hidden=16, batch_size=32, learning_rate=5e-3, epochs=60)
    replicas = GraphTask(spec, data, [0]).replicas()
    batch = Batcher(data.graphs, data.targets, pairs=True).batch(data.train(0))
    assert batch.shape.molecules == 32
    arrays = {name: mx.array(value[None]) for name, value in batch.arrays.items()}

    def loss(model, arrays, key):
        error = model(layout(arrays, batch.shape), arrays["descriptors"], Noise(None)) - arrays["label"]
        return (error * error).mean()

    for _ in range(spec.epochs):
        value = replicas.step(loss, arrays, mx.array([0], mx.uint32))
        mx.eval(replicas.flat, value)
    assert value.item() < 0.05  # the targets' variance is about 1


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
    from score_mlx.models.graphs.batch import Batcher

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
