"""Repetitions of a configuration in one program: which, what becomes of each, and the bytes of runs alone."""

import os
import shlex
import signal
import subprocess
import time
from dataclasses import replace

import made_up_records as made_up
import pytest
from score_mlx.cli import queue as cli_queue
from score_mlx.cli import train as cli_train
from score_mlx.models.bundles import Wanted, bundled, name_of
from score_mlx.models.classical.spec import ClassicalSpec
from score_mlx.models.dense.spec import DenseSpec
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.models.language.spec import NanoGPTSpec
from score_mlx.models.queue import Queue, has_checkpoint
from score_mlx.system.errors import UserError

GAT, GCN = GraphSpec("esol", "gat", "SCORE"), GraphSpec("esol", "gcn", "SCORE")
REPEATS = [replace(GAT, repeat=repeat) for repeat in range(5)]
ENVIRONMENT = os.environ | {"SCORE_CHECKPOINT_SECONDS": "0"}


def names(wanted):
    return [[(spec.kind[1], spec.repeat) for spec in bundle.specs] for bundle in wanted]


def test_repetitions_are_bundled_in_the_place_of_the_first():
    specs = [REPEATS[0], GCN, REPEATS[1], replace(GAT, steps=2), REPEATS[2], replace(GCN, seed=7), REPEATS[3]]
    on_gpu = [Wanted(spec, 1.0, gpu=True) for spec in specs]
    expected = [[("gat", 0), ("gat", 1), ("gat", 2)], [("gcn", 0), ("gcn", 0)], [("gat", 0)], [("gat", 3)]]
    assert names(bundled(on_gpu, 3)) == expected
    assert bundled(on_gpu, 1) == on_gpu
    assert [bundle.takes for bundle in bundled(on_gpu, 3)] == [3.0, 2.0, 1.0, 1.0]
    assert bundled([replace(run, seconds=None) for run in on_gpu])[0].takes is None


@pytest.mark.parametrize(
    ("spec", "gpu", "bundles"),
    [
        (GAT, False, 2),  # on the CPU each has a program of its own
        (DenseSpec("esol", "mlp"), True, 1),
        (ClassicalSpec.variant("random_forest")("esol", "random_forest"), True, 2),
        (NanoGPTSpec("shakespeare-gpt4o", "nanogpt", "SCORE"), True, 2),
    ],
)
def test_only_on_a_gpu_and_of_families_that_train_side_by_side(spec, gpu, bundles):
    runs = [Wanted(replace(spec, repeat=repeat), gpu=gpu) for repeat in range(2)]
    assert len(bundled(runs)) == bundles


def test_each_run_of_a_bundle_has_its_own_outcome(tmp_path):
    """One was there, one would not end in time, one ends, one fails; the rest of the time is for what fits."""
    results = tmp_path / "results"
    record, meta = next((r, m) for r, m in made_up.all_forty() if r["spec"]["arch"] == "gat")

    def write(spec):
        made_up.write(spec.path(results / "runs").parent, record | {"spec": spec.as_dict()}, meta)

    for spec in REPEATS[:2]:
        write(spec)
    REPEATS[1].path(results / "runs").rename(tmp_path / "run.json")
    begun, said = [], []

    def command(specs):
        begun.append(specs)
        moved = shlex.join(["mv", str(tmp_path / "run.json"), str(REPEATS[1].path(results / "runs"))])
        return ["bash", "-c", f"{moved}; echo no; false"]

    bundle = Wanted.bundle([Wanted(spec, 12.0 if n < 4 else 1.0, gpu=True) for n, spec in enumerate(REPEATS)])
    work = Queue([bundle], results, command, environment=os.environ, cores=1, limit=30.0, say=said.append)
    outcome = work.work()
    assert begun == [[REPEATS[1], REPEATS[2], REPEATS[4]]]
    assert outcome.there == [name_of(REPEATS[0])] and outcome.done == [name_of(REPEATS[1])]
    assert outcome.misfits == {name_of(REPEATS[3]): 12.0}
    assert outcome.failed == {name_of(spec): "no" for spec in (REPEATS[2], REPEATS[4])}
    assert "[0/5] begin esol/graphs/gat/SCORE/repeat=1 and 2 beside it, about 0.01 h" in said[0]


def test_only_repetitions_train_in_one_program(tmp_path):
    runs = tmp_path / "results" / "runs"
    other = replace(GAT, steps=2).path(runs)
    with pytest.raises(UserError, match="expected a run that differs from .* in repeat and seed only"):
        cli_train.run([GAT.path(runs), other])
    assert not runs.exists()


@pytest.mark.slow
def test_a_bundle_killed_in_the_middle_gives_the_bytes_of_runs_alone(tmp_path):
    specs = [GraphSpec("nci", "gcn", "SCORE", hidden=8, steps=1, epochs=6, repeat=repeat) for repeat in range(3)]

    def command(of, folder):
        return cli_queue.command(of, folder / "results", "none")

    def work(wanted, folder):
        queue = Queue(wanted, folder / "results", lambda of: command(of, folder), environment=ENVIRONMENT, cores=1)
        assert set(queue.work().done) == {name_of(spec) for spec in specs}

    def files(folder):
        runs = [spec.path(folder / "results" / "runs").parent for spec in specs]
        found = [path for run in runs for path in [run / "run.json", *(run / "weights").iterdir()]]
        return {path.relative_to(folder): path.read_bytes() for path in found}

    alone, broken = tmp_path / "alone", tmp_path / "broken"
    work([Wanted(spec) for spec in specs], alone)
    assert all(spec.path(alone / "results" / "runs").with_name("curves.jsonl").is_file() for spec in specs)
    process = subprocess.Popen(command(specs, broken), env=ENVIRONMENT)
    until = time.monotonic() + 300
    while not has_checkpoint(specs[0], broken / "results" / "runs") and time.monotonic() < until:
        time.sleep(0.02)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert has_checkpoint(specs[0], broken / "results" / "runs")
    work([Wanted.bundle([Wanted(spec, gpu=True) for spec in specs])], broken)
    assert len(files(alone)) == 33 and files(alone) == files(broken)
