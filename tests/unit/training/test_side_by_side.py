"""Runs that train side by side in one program leave what they leave alone."""

from dataclasses import replace

import numpy as np
import pytest
import tiny
from score_mlx.models.graphs.task import GraphTask
from score_mlx.runs.records import read_meta
from score_mlx.training import trainer
from tiny_training import KilledError, files, killed_after

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
