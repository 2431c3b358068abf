"""The training loop: determinism, checkpoints, learning."""

import json
import os
import shutil
import signal

import made_up_records as made_up
import mlx.core as mx
import numpy as np
import pytest
import tiny
from score_mlx import kernels
from score_mlx.models.graphs.batch import Batcher
from score_mlx.models.graphs.compiled import layout
from score_mlx.models.graphs.spec import ARCHS
from score_mlx.models.graphs.task import GraphTask
from score_mlx.nn import Noise
from score_mlx.system import stopping
from score_mlx.training.progress import Progress
from tiny_training import KilledError, files, killed_after, run


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
