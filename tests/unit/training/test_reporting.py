"""Live curves: the same points in a file, in TensorBoard and at Weights & Biases, once each, also after a kill."""

import json
import sys
import types
from pathlib import Path

import pytest
import tiny
import typer
from score_mlx import cli
from score_mlx.models.graphs.task import GraphTask
from score_mlx.system.errors import UserError
from score_mlx.training import loop, reporting
from score_mlx.training.reporting import FILE, JsonLines, split
from score_mlx.training.trainer import train


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(reporting, "PAUSE", 0.0)


def run(folder, report_to="jsonl", epochs=4, **how):
    return train(GraphTask, tiny.spec(epochs=epochs), tiny.data(), folder, progress="none", report_to=report_to, **how)


def lines(folder):
    return [json.loads(line) for line in (folder / FILE).read_text().splitlines()]


@pytest.mark.parametrize("replicas", [1, None])
def test_a_line_for_each_epoch_and_fold_as_in_the_record(tmp_path, replicas):
    record = run(tmp_path, replicas=replicas)
    found = {(row["fold"], row["epoch"]): (row["train_loss"], row["rmse"]) for row in lines(tmp_path)}
    expected = {
        (fold.fold, epoch + 1): (fold.train_loss[epoch], fold.rmse[epoch])
        for fold in record.folds
        for epoch in range(4)
    }
    assert found == expected and len(lines(tmp_path)) == len(expected)


def test_the_file_grows_while_it_trains(tmp_path, monkeypatch):
    seen = []
    send = JsonLines.send
    monkeypatch.setattr(JsonLines, "send", lambda self, points: (send(self, points), seen.append(len(lines(tmp_path)))))
    run(tmp_path)
    assert len(set(seen)) > 2 and seen == sorted(seen)


def test_a_killed_run_ends_with_the_curves_of_one_that_was_not(tmp_path, monkeypatch):
    run(tmp_path / "whole")

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setenv("SCORE_CHECKPOINT_SECONDS", "0")
    with monkeypatch.context() as broken:
        epochs = []
        note = loop._note
        broken.setattr(loop, "_note", lambda *given: killed() if len(epochs) == 2 else (epochs.append(0), note(*given)))
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path / "killed")
    assert 0 < len(lines(tmp_path / "killed")) < len(lines(tmp_path / "whole"))
    run(tmp_path / "killed")
    assert (tmp_path / "killed" / FILE).read_bytes() == (tmp_path / "whole" / FILE).read_bytes()


def test_what_is_not_finite_is_null_in_the_file_and_left_out_elsewhere(tmp_path):
    point = {"epoch": 1, "fold": 0, "rmse": float("nan"), "train_loss": 0.5}
    JsonLines(tmp_path, "t", {}).send([point])
    assert lines(tmp_path) == [{"epoch": 1, "fold": 0, "rmse": None, "train_loss": 0.5}]
    assert split(point) == ("epoch", 1, {"fold0/train_loss": 0.5})
    assert split({"step": 250, "val_loss": 1.5}) == ("step", 250, {"val_loss": 1.5})


class Stub:
    """Stands for TensorBoard's writer and for a run of Weights & Biases: keeps what it is sent."""

    def __init__(self, step=0):
        self.step, self.scalars, self.logged, self.ended = step, [], [], False

    def add_scalar(self, name, value, step):
        self.scalars.append((name, step, value))

    def log(self, values):
        self.logged.append(values)

    def flush(self):
        pass

    def close(self):
        self.ended = True

    finish = close


def test_tensorboard_gets_every_point_once(tmp_path, monkeypatch):
    writer = Stub()
    module = types.SimpleNamespace(Writer=lambda folder: writer)
    monkeypatch.setitem(sys.modules, "tensorboard", types.ModuleType("tensorboard"))
    monkeypatch.setitem(sys.modules, "tensorboard.summary", module)
    record = run(tmp_path, "tensorboard")
    assert len(writer.scalars) == len({point[:2] for point in writer.scalars}) == 2 * 4 * len(record.folds)
    assert ("fold1/rmse", 4, pytest.approx(record.folds[1].rmse[-1])) in writer.scalars and writer.ended


@pytest.mark.parametrize("before", [0, 3])
def test_wandb_gets_every_epoch_once_also_of_a_run_that_it_knows(tmp_path, monkeypatch, before):
    there, asked = Stub(before), {}
    module = types.SimpleNamespace(init=lambda **given: (asked.update(given), there)[1])
    monkeypatch.setitem(sys.modules, "wandb", module)
    record = run(tmp_path, "wandb", replicas=1)
    assert len(there.logged) == 4 * len(record.folds) - before and there.ended
    assert there.logged[-1] == pytest.approx({
        "epoch": 4,
        f"fold{record.folds[-1].fold}/train_loss": record.folds[-1].train_loss[-1],
        f"fold{record.folds[-1].fold}/rmse": record.folds[-1].rmse[-1],
    })  # fmt: skip
    assert asked["resume"] == "allow" and asked["config"]["arch"] == "gcn"


@pytest.mark.parametrize("name", ["tensorboard", "wandb"])
def test_a_library_that_is_not_installed_is_named_before_training(tmp_path, monkeypatch, name):
    monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, f"{name}.summary", None)
    with pytest.raises(UserError, match=rf"--report-to {name}: .*; pip install {name}"):
        run(tmp_path, name)
    assert not Path(tmp_path / "run.json").exists()


def test_who_trains_by_epochs_or_steps_can_be_asked_to_report():
    commands = typer.main.get_command(cli.app).commands["train"].commands
    reports = {name: [o for o in command.params if "--report-to" in o.opts] for name, command in commands.items()}
    assert {name for name, options in reports.items() if options} == {"graph", "dense", "language"}
    assert all(option.default == "jsonl" for options in reports.values() for option in options)
