"""A list of runs within a time limit: order, what is skipped, what does not fit, stopping, and a kill."""

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import made_up_records as made_up
import pytest
from score_mlx.cli import queue as cli_queue
from score_mlx.config.file import load
from score_mlx.models.dense.spec import DenseSpec
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.models.language.spec import ChallengeSpec
from score_mlx.models.queue import Queue, Wanted, has_checkpoint, is_done, name_of
from score_mlx.models.run_list import read_list
from score_mlx.models.transfer import adopt
from score_mlx.system.errors import UserError

ROOT = Path(__file__).resolve().parents[3]
RECORDS = {GraphSpec(**record["spec"]): (record, meta) for record, meta in made_up.all_forty()}
SPECS = list(RECORDS)[:6]


@pytest.fixture
def stash(tmp_path):
    """Finished runs to copy, in the place of training."""
    for spec, (record, meta) in RECORDS.items():
        made_up.write(spec.path(tmp_path / "stash").parent, record, meta)
    return tmp_path / "stash"


def queue(tmp_path, wanted, script="sleep 0.1; $COPY", **options):
    """A queue whose runs are a line of shell; $COPY writes the record, $RUN is the run's folder."""

    def line(spec):
        target, source = (spec.path(root).parent for root in (tmp_path / "results" / "runs", tmp_path / "stash"))
        parents = f"mkdir -p {shlex.quote(str(target))} && cp {shlex.quote(str(source))}/* {shlex.quote(str(target))}"
        line = script(spec) if callable(script) else script
        return line.replace("$COPY", parents).replace("$RUN", shlex.quote(str(target)))

    def command(specs):
        return ["bash", "-c", "\n".join(map(line, specs))]

    said = []
    work = Queue(
        wanted, tmp_path / "results", command, environment=os.environ, say=said.append, **({"cores": 1} | options)
    )
    return work, said


def test_the_list_is_worked_through_in_its_order_and_only_once(tmp_path, stash):
    work, said = queue(tmp_path, [Wanted(spec, 1.0) for spec in SPECS])
    outcome = work.work()
    assert outcome.done == [name_of(spec) for spec in SPECS]
    assert outcome.lines() == [f"{len(SPECS)} done"]
    begun = [line.split()[3].rstrip(",") for line in said if " begin " in line]
    assert begun == outcome.done
    again, said = queue(tmp_path, [Wanted(spec, 1.0) for spec in SPECS])
    outcome = again.work()
    assert outcome.there == [name_of(spec) for spec in SPECS] and not outcome.done and not said
    taken, _ = adopt(tmp_path / "results" / "runs", tmp_path / "other")
    assert len(taken) == len(SPECS)


def test_a_record_of_older_science_is_trained_again_but_not_one_that_was_taken_in(tmp_path, stash):
    spec = SPECS[0]
    record, meta = RECORDS[spec]
    folder = spec.path(tmp_path / "runs").parent
    made_up.write(folder, record | {"science": record["science"] - 1}, meta)
    assert not is_done(spec, tmp_path / "runs")
    made_up.write(folder, record | {"science": record["science"] - 1}, meta | {"adopted_from": "elsewhere"})
    assert is_done(spec, tmp_path / "runs")
    (folder / "run.json").write_text("{")
    assert not is_done(spec, tmp_path / "runs")


def test_as_many_side_by_side_as_there_are_cores_and_one_by_the_clock_alone(tmp_path, stash):
    timed = ChallengeSpec("shakespeare-bpe8192", "d4", "base")
    busy = f"echo + >> {tmp_path}/log; sleep 0.6; echo - >> {tmp_path}/log; $COPY"

    def most(wanted):
        (tmp_path / "log").unlink(missing_ok=True)
        work, _ = queue(tmp_path, wanted, busy, cores=2)
        work.work()
        running = peak = 0
        for sign in (tmp_path / "log").read_text().split():
            running += 1 if sign == "+" else -1
            peak = max(peak, running)
        return peak

    assert most([Wanted(spec) for spec in SPECS[:3]]) == 2
    assert most([Wanted(timed), Wanted(SPECS[4])]) == 1


def test_the_gpu_has_one_run_at_a_time_and_others_pass_it(tmp_path, stash):
    wanted = [Wanted(spec, gpu=place < 3) for place, spec in enumerate(SPECS[:5])]
    work, said = queue(tmp_path, wanted, "sleep 0.6; $COPY", cores=3)
    outcome = work.work()
    assert sorted(outcome.done) == sorted(name_of(spec) for spec in SPECS[:5])
    begun = [line.split()[3].rstrip(",") for line in said if " begin " in line]
    assert begun == [name_of(SPECS[place]) for place in (0, 3, 4, 1, 2)]


def test_as_many_runs_share_the_gpu_as_are_asked_for(tmp_path, stash):
    wanted = [Wanted(spec, gpu=place < 3) for place, spec in enumerate(SPECS[:4])]
    work, said = queue(tmp_path, wanted, "sleep 0.6; $COPY", cores=3, on_gpu=2)
    work.work()
    begun = [line.split()[3].rstrip(",") for line in said if " begin " in line]
    assert begun == [name_of(SPECS[place]) for place in (0, 1, 3, 2)]


def test_what_cannot_end_in_time_is_not_begun_unless_it_has_a_checkpoint(tmp_path, stash):
    wanted = [Wanted(SPECS[0], 50.0), Wanted(SPECS[1], 1.0), Wanted(SPECS[2], 50.0), Wanted(SPECS[3], None)]
    checkpoint = SPECS[2].path(tmp_path / "results" / "runs").parent / "checkpoints" / "folds-0-4.safetensors"
    checkpoint.parent.mkdir(parents=True)
    checkpoint.with_name(".folds-0-4-abc.safetensors").touch()  # of a write that was cut off
    assert not has_checkpoint(SPECS[2], tmp_path / "results" / "runs")
    checkpoint.touch()
    work, _ = queue(tmp_path, wanted, limit=30.0)
    outcome = work.work()
    assert outcome.done == [name_of(spec) for spec in SPECS[1:4]]
    assert outcome.misfits == {name_of(SPECS[0]): 50.0}
    assert outcome.lines()[0] == "3 done, 1 did not fit"
    assert "did not fit, needs about 0.01 h" in outcome.lines()[1]


def test_at_the_limit_runs_are_told_to_stop_and_the_rest_is_named(tmp_path, stash):
    """One writes a checkpoint when it is told, one does not listen and is ended."""
    polite = "trap 'mkdir -p $RUN/checkpoints; touch $RUN/checkpoints/last.safetensors; exit 143' TERM; sleep 60 & wait"
    deaf = "trap '' TERM; sleep 60 & while true; do wait; done"
    wanted = [Wanted(spec) for spec in SPECS[:3]]
    script = lambda spec: polite if spec == SPECS[0] else deaf  # noqa: E731
    begin = time.monotonic()
    work, said = queue(tmp_path, wanted, script, cores=2, limit=4.0)
    outcome = work.work()
    assert time.monotonic() - begin < 6
    assert sorted(outcome.stopped) == sorted(name_of(spec) for spec in SPECS[:2])
    assert outcome.left == {name_of(SPECS[2]): None}
    assert has_checkpoint(SPECS[0], tmp_path / "results" / "runs")
    assert sum(" stopped " in line for line in said) == 2


def test_one_that_fails_is_named_with_its_last_line_and_the_others_go_on(tmp_path, stash):
    script = lambda spec: "echo 'error: no such thing' >&2; exit 2" if spec == SPECS[0] else "$COPY"  # noqa: E731
    work, _ = queue(tmp_path, [Wanted(spec) for spec in SPECS[:2]], script)
    outcome = work.work()
    assert outcome.failed == {name_of(SPECS[0]): "error: no such thing"}
    assert outcome.done == [name_of(SPECS[1])]


def test_a_list_holds_paths_targets_hours_and_comments(tmp_path):
    config = load(ROOT / "config.yaml", {"preset": "paper"})
    gat = "results/runs/esol/graphs/gat/SCORE/readout=sum,head=mlp/run.json"
    file = tmp_path / "list.txt"
    file.write_text(f"# first\n\n{gat} 0.5  # half an hour\nresults/table7a.csv\ntable7a 3\n")
    found = cli_queue.listed([str(file), "figure13"], config)
    assert found[0] == (GraphSpec("esol", "gat", "SCORE", readout="sum", head="mlp"), 1800.0)
    assert {spec for spec, _ in found} == {*config.specs("table7a"), *config.figure_specs("table6", "figure13")}
    assert len(found) == len({spec for spec, _ in found})
    for line, says in [
        ("table99", "list:1: config.yaml: nothing makes table99"),
        ("results/runs/esol/graphs/gta/SCORE/default/run.json", "list:1: unknown arch = 'gta'"),
        ("table2 soon", "list:1: hours = soon: expected a number of at least 0"),
        ("table2 -1", "list:1: hours = -1"),
        ("table2 1 2", "list:1: table2 1 2: expected a path or a target"),
    ]:
        with pytest.raises(UserError, match=says):
            read_list([line], lambda word: cli_queue.listed([word], config) and [], "list")


def test_time_is_known_from_runs_of_the_same_kind_of_device(tmp_path):
    spec = SPECS[0]
    record, meta = RECORDS[spec]
    for folder, device, seconds in (("ours", "cpu: x", 10.0), ("theirs", "cpu: y", 99.0), ("theirs", "gpu: z", 1.0)):
        other = GraphSpec(**record["spec"] | {"repeat": 3 if device.startswith("gpu") else 0})
        changed = record | {"spec": other.as_dict()}
        made_up.write(other.path(tmp_path / folder).parent, changed, meta | {"device": device, "seconds": seconds})
    assert cli_queue._costs(tmp_path / "ours", tmp_path / "theirs")(spec) == pytest.approx(10.0)
    assert cli_queue._costs(tmp_path / "none", tmp_path / "theirs")(spec) == pytest.approx(99.0)
    assert cli_queue._costs(tmp_path / "ours", tmp_path / "theirs")(DenseSpec("esol", "mlp")) is None


@pytest.mark.slow
def test_killed_in_the_middle_and_stopped_by_a_signal_the_bytes_are_the_same(tmp_path):
    """Real runs: straight; killed by SIGKILL with its run, which has a checkpoint; told to stop; then to the end."""
    spec = GraphSpec("nci", "gcn", "SCORE", hidden=8, steps=1, epochs=12)
    environment = os.environ | {"PYTHONPATH": str(ROOT / "workflow"), "SCORE_CHECKPOINT_SECONDS": "0"}
    (tmp_path / "list.txt").write_text(f"results/runs/{spec.path('')}\n")
    command = [sys.executable, "-m", "score_mlx", "queue", tmp_path / "list.txt", "--cores", "1", "--hours", "1"]

    def start(folder):
        folder.mkdir(exist_ok=True)
        pipe = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        return subprocess.Popen(command, cwd=folder, env=environment, **pipe)

    def checkpoint(folder, process):
        runs = folder / "results" / "runs"
        until = time.monotonic() + 120
        while not has_checkpoint(spec, runs) and process.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        assert has_checkpoint(spec, runs), process.communicate()[0]

    def trainer(folder):
        """The process that has the run's lock."""
        return int((spec.path(folder / "results" / "runs").parent / ".lock").read_text().split()[1])

    straight = start(tmp_path / "straight")
    assert "1 done" in straight.communicate(timeout=300)[0] and straight.returncode == 0
    broken = tmp_path / "broken"
    first = start(broken)
    checkpoint(broken, first)
    first.kill()
    os.kill(trainer(broken), signal.SIGKILL)
    first.communicate()
    second = start(broken)
    while not (line := second.stdout.readline()) or " begin " not in line:
        assert line, "ended without a word"
    time.sleep(0.5)
    second.terminate()
    said = second.communicate(timeout=120)[0]
    assert second.returncode == 0 and ("1 stopped" in said or "1 done" in said)
    third = start(broken)
    said = third.communicate(timeout=300)[0]
    assert third.returncode == 0 and ("1 done" in said or "1 there already" in said)

    def files(folder):
        run = spec.path(folder / "results" / "runs").parent
        return {path.name: path.read_bytes() for path in [run / "run.json", *sorted((run / "weights").iterdir())]}

    assert files(tmp_path / "straight") == files(broken)
