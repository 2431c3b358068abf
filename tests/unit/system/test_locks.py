"""Locks that die with their holder, runs computed once, and what killed processes leave behind."""

import os
import subprocess
import sys
import threading
import time

import pytest
import tiny
from score_mlx.models.graphs.task import GraphTask
from score_mlx.runs.schema import RunRecord
from score_mlx.system.errors import UserError
from score_mlx.system.files import date_back, remove_temporaries, replacing
from score_mlx.system.locks import hold, lock, sole
from score_mlx.training import trainer
from score_mlx.training.exclusive import once

HOLDER = """
import sys, time
from score_mlx.system.locks import hold
hold(sys.argv[1], "it")
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path, repo):
    """Another process that holds `lock` in the test's folder."""
    environment = os.environ | {"PYTHONPATH": str(repo / "workflow")}
    command = [sys.executable, "-c", HOLDER, tmp_path / "lock"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_living_holder_is_named_and_a_killed_one_holds_nothing(holder, tmp_path):
    with pytest.raises(UserError, match=rf"lock: another one is already running \(process {holder.pid} on "):
        hold(tmp_path / "lock", "another one")
    holder.kill()
    holder.wait()
    hold(tmp_path / "lock", "another one")


def test_whoever_waits_is_told_for_whom(holder, tmp_path, capsys):
    threading.Timer(0.5, holder.kill).start()
    begun = time.monotonic()
    with sole(tmp_path / "lock") as waited:
        assert waited
    assert time.monotonic() - begun > 0.2
    assert capsys.readouterr().err.startswith(f"waiting for process {holder.pid} on ")
    with sole(tmp_path / "lock") as waited:
        assert not waited


def compute_nothing():
    raise AssertionError("computed again")


def test_what_another_process_has_just_computed_is_not_computed_again(tmp_path, monkeypatch):
    spec, data = tiny.spec(epochs=1), tiny.data(20)
    reads = data.record()
    record = trainer.train(GraphTask, spec, data, tmp_path, progress="none")
    with pytest.raises(AssertionError, match="computed again"):
        # nobody was waited for, so this is a wish for a new run
        once(spec, reads, RunRecord, tmp_path, compute_nothing)
    monkeypatch.setattr("score_mlx.training.exclusive.sole", waited_for)
    assert once(spec, reads, RunRecord, tmp_path, compute_nothing) == record
    for other in ((tiny.spec(epochs=2), reads), (spec, tiny.data(24).record())):
        with pytest.raises(AssertionError, match="computed again"):
            once(*other, RunRecord, tmp_path, compute_nothing)
    (tmp_path / "run.json").write_text("{}")
    with pytest.raises(AssertionError, match="computed again"):
        once(spec, reads, RunRecord, tmp_path, compute_nothing)


class waited_for:  # noqa: N801 - stands in for `sole`
    def __init__(self, path):
        pass

    def __enter__(self):
        return True

    def __exit__(self, *_):
        return None


def test_temporaries_of_the_dead_go_and_those_of_the_living_stay(tmp_path):
    dead = tmp_path / "deep" / ".run-abcd_123.json"
    dead.parent.mkdir()
    kept = [tmp_path / ".lock", tmp_path / "a-abcd1234.csv", tmp_path / ".git-keep"]
    for path in (dead, *kept):
        path.write_text("x")
    with replacing(tmp_path / "table.csv") as living:
        remove_temporaries(tmp_path)
        assert living.exists() and not dead.exists()
        assert all(path.exists() for path in kept)
        living.write_text("whole")
    assert (tmp_path / "table.csv").read_text() == "whole"
    with (tmp_path / ".lock").open("r+b") as file:
        assert lock(file)


def test_only_files_of_the_future_are_dated_back(tmp_path):
    now = time.time()
    dates = {"past": now - 1000, "future": now + 1000}
    for name, date in dates.items():
        (tmp_path / name).write_text(name)
        os.utime(tmp_path / name, (date, date))
    assert date_back(tmp_path, tmp_path / "missing") == 1
    assert (tmp_path / "past").stat().st_mtime == pytest.approx(dates["past"])
    assert (tmp_path / "future").stat().st_mtime <= time.time()


def test_a_pause_between_checkpoints_that_is_no_number_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("SCORE_CHECKPOINT_SECONDS", "soon")
    with pytest.raises(UserError, match="SCORE_CHECKPOINT_SECONDS = 'soon': expected a number of seconds"):
        trainer.train(GraphTask, tiny.spec(epochs=1), tiny.data(20), tmp_path, progress="none")
