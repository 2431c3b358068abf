"""Work in chunks over processes: in order, with progress for long lists, and an end at the first error."""

import multiprocessing
import multiprocessing.synchronize
import os
import subprocess
import sys

import pytest
from score_mlx.data.chem import parallel
from score_mlx.data.chem.features import featurise
from score_mlx.system.errors import UserError


def chunk(items, first, add):
    return [(first + i, item + add) for i, item in enumerate(items)]


@pytest.mark.parametrize("processes", [1, 2, None])
def test_in_order(processes):
    parts = parallel.ordered_map(chunk, list(range(130)), 1000, processes=processes, label="x")
    assert [len(part) for part in parts] == [50, 50, 30]
    assert [pair for part in parts for pair in part] == [(i, i + 1000) for i in range(130)]
    assert parallel.ordered_map(chunk, [], 1, processes=processes, label="x") == []


def test_an_error_in_another_process_is_the_users_line():
    with pytest.raises(UserError, match="molecule 70: RDKit cannot read the SMILES 'C1'"):
        featurise(["C"] * 70 + ["C1"] + ["C"] * 70, processes=2)


def test_long_lists_show_progress(monkeypatch, capsys):
    parallel.ordered_map(chunk, [0] * 120, 1, processes=1, label="features", many=120)
    assert capsys.readouterr().err == ""
    parallel.ordered_map(chunk, [0] * 130, 1, processes=1, label="features", many=120)
    assert capsys.readouterr().err == "features: 130 of 130 molecules\n"
    monkeypatch.setattr(parallel.sys.stderr, "isatty", lambda: True, raising=False)
    parallel.ordered_map(chunk, [0] * 130, 1, processes=1, label="features", many=120)
    shown = capsys.readouterr().err
    assert shown == "".join(f"\rfeatures: {n} of 130 molecules" for n in (50, 100, 130)) + "\n"


def test_without_shared_memory_one_process_does_it_all(monkeypatch, capsys):
    """A container whose /dev/shm cannot be written to has no semaphores."""

    def refuse(*_, **__):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(multiprocessing.synchronize.SemLock, "__init__", refuse)
    parts = parallel.ordered_map(chunk, list(range(130)), 1, processes=2, label="features")
    assert [pair for part in parts for pair in part] == [(i, i + 1) for i in range(130)]
    assert capsys.readouterr().err.startswith("features: one process only, since /dev/shm cannot be written to")


def test_at_least_one_core():
    assert parallel.cores() >= 1


# Its workers never end by themselves.
ENDLESS = """
import os
import time
from score_mlx.data.chem import parallel
def work(chunk, first):
    os.write(1, b"at work\\n")  # whole, whoever writes at the same time
    time.sleep(600)
if __name__ == "__main__":
    parallel.ordered_map(work, [0] * 60, processes=2, label="x")
"""


def test_workers_end_with_the_process_that_was_killed(tmp_path, repo):
    (tmp_path / "endless.py").write_text(ENDLESS)
    environment = os.environ | {"PYTHONPATH": str(repo / "workflow")}
    command = [sys.executable, tmp_path / "endless.py"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as parent:
        said = [parent.stdout.readline() for _ in range(2)]
        parent.kill()  # before anything is asserted: it would not end by itself
        parent.communicate(timeout=20)  # ends when nobody is left who could write
    assert said == ["at work\n"] * 2
