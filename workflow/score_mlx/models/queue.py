"""A list of runs in order of priority, trained side by side within a time limit.

This calls the same command that each Snakemake rule calls (`score-mlx train run`), and not Snakemake, for
three reasons. Snakemake starts whatever job its priorities and free cores allow and knows no time limit, so it would
begin runs that cannot end in time. It waits for running jobs when it is told to stop, or leaves them at work when it
is killed, where a borrowed machine needs a checkpoint before the limit. And a borrowed machine may lack Snakemake.
The results are the same bytes at the same paths, so Snakemake takes them as done.
"""

from __future__ import annotations

import math
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from score_mlx.models.bundles import Wanted, name_of
from score_mlx.models.families import read_record
from score_mlx.runs.records import read_meta
from score_mlx.runs.science import SCIENCE
from score_mlx.runs.spec import Spec
from score_mlx.system.errors import UserError
from score_mlx.training.progress import clock

POLL = 0.25  # seconds between two looks at the running processes
GRACE = 60.0  # seconds that a run has to write its checkpoint once it was told to stop
HEARTBEAT = 600.0  # seconds between two lines about what is running


@dataclass
class Outcome:
    """What became of the list: one path below `results/runs` an entry, failures and misfits with their reason.

    Attributes:
        done: trained now.
        there: finished before.
        stopped: begun, ended by the limit or a signal; those that write checkpoints go on from them.
        misfits: not begun, because it would not have ended in time -> its seconds.
        left: not begun, because time was over or the queue was told to stop -> its seconds, None where unknown.
        failed: -> the last line of its log.
    """

    done: list[str] = field(default_factory=list)
    there: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    misfits: dict[str, float] = field(default_factory=dict)
    left: dict[str, float | None] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """The summary."""
        counts = {"done": self.done, "there already": self.there, "stopped": self.stopped}
        counts |= {"did not fit": self.misfits, "not begun": self.left, "failed": self.failed}
        hours = sum(self.misfits.values()) / 3600
        lines = [", ".join(f"{len(paths)} {name}" for name, paths in counts.items() if paths) or "nothing to do"]
        lines += [f"stopped, goes on from its checkpoint if it has one: {path}" for path in self.stopped]
        lines += [f"did not fit, needs about {_hours(seconds)}: {path}" for path, seconds in self.misfits.items()]
        lines += [f"not begun, needs about {_hours(seconds)}: {path}" for path, seconds in self.left.items()]
        lines += [f"failed: {path}: {why}" for path, why in self.failed.items()]
        return lines + ([f"what did not fit needs {hours:.1f} hours on one core"] if self.misfits else [])


@dataclass
class _Running:
    wanted: Wanted
    slots: int
    process: subprocess.Popen
    log: Path
    since: float


class Queue:
    """Trains `wanted` in its order, as many side by side as there are cores.

    Args:
        wanted: the runs, the most important first.
        results: folder of runs and logs.
        command: the training command of the runs of a bundle, which most often is one.
        environment: of the processes.
        cores: processes side by side; a run that ends by the clock has all of them to itself.
        on_gpu: how many of them may compute on the GPU.
        limit: seconds from now at which everything must have ended; infinite by default.
        say: is told each event as one line.
    """

    def __init__(
        self,
        wanted: Sequence[Wanted],
        results: Path,
        command: Callable[[list[Spec]], list[str]],
        *,
        environment: Mapping[str, str],
        cores: int,
        on_gpu: int = 1,
        limit: float = math.inf,
        say: Callable[[str], None] = print,
    ):
        self.waiting, self.total = deque(wanted), sum(len(bundle.runs) for bundle in wanted)
        self.results, self.command, self.cores, self.say = results, command, cores, say
        self.on_gpu = on_gpu
        self.environment = environment
        self.begin, self.limit = time.monotonic(), limit
        self.grace = min(GRACE, 0.1 * limit)  # of the limit itself: by then everything has ended
        self.running: list[_Running] = []
        self.outcome, self.stopping, self._spoke = Outcome(), False, self.begin

    @property
    def left(self) -> float:
        """Seconds that training may still take."""
        return self.limit - self.grace - (time.monotonic() - self.begin)

    def stop(self) -> None:
        """Begin nothing more and end what runs; may be called by a signal's handler."""
        self.stopping = True

    def work(self) -> Outcome:
        """Until the list is done or the limit is near."""
        while self.waiting or self.running:
            self._collect()
            if self.stopping or self.left <= 0:
                self._end()
                break
            self._begin()
            self._heartbeat()
            time.sleep(POLL if self.running else 0)
        return self.outcome

    def _begin(self) -> None:
        """Begin what can begin now, in the order of the list; a run that waits for the GPU lets others pass."""
        passed: list[Wanted] = []
        while self.waiting:
            wanted = self.waiting[0]
            if wanted.gpu and sum(run.wanted.gpu for run in self.running) >= self.on_gpu:
                passed.append(wanted)
            elif not self._turn(wanted):
                break
            self.waiting.popleft()
        self.waiting.extendleft(reversed(passed))

    def _turn(self, wanted: Wanted) -> bool:
        """Begins what is left of a bundle or finds out why not; False where it must wait for a core."""
        runs = [run for run in wanted.runs if not is_done(run.spec, self.results / "runs")]
        slots = self.cores if wanted.spec.timed else 1
        if runs and sum(run.slots for run in self.running) + slots > self.cores:
            return False
        left = [run.spec for run in runs]
        self.outcome.there += [name_of(spec) for spec in wanted.specs if spec not in left]
        fits = self._that_fit(runs)
        self.outcome.misfits |= {name_of(run.spec): run.seconds for run in runs if run not in fits and run.seconds}
        if fits:
            self._start(Wanted.bundle(fits), slots)
        return True

    def _that_fit(self, runs: Sequence[Wanted]) -> list[Wanted]:
        """Those that end in the time left if they are trained in one program, the first ones first."""
        fits, time_left = [], self.left
        for run in runs:
            takes = run.seconds
            if takes is None or takes <= time_left or has_checkpoint(run.spec, self.results / "runs"):
                fits.append(run)
                time_left -= takes or 0.0
        return fits

    def _start(self, wanted: Wanted, slots: int) -> None:
        log = self.results / "logs" / f"{name_of(wanted.spec)}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as file:
            # In a session of its own: a Ctrl-C is ours to pass on, as a request to stop with a checkpoint.
            process = subprocess.Popen(
                self.command(wanted.specs),
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.running.append(_Running(wanted, slots, process, log, time.monotonic()))
        self.say(f"{self._place()} begin {wanted.name}, about {_hours(wanted.takes)}")

    def _collect(self) -> None:
        """Takes note of the runs that have ended."""
        for run in [run for run in self.running if run.process.poll() is not None]:
            self.running.remove(run)
            for spec in run.wanted.specs:
                self._note(spec, run)

    def _note(self, spec: Spec, run: _Running) -> None:
        """What became of a run whose process has ended."""
        path, took = name_of(spec), clock(time.monotonic() - run.since)
        if is_done(spec, self.results / "runs"):
            self.outcome.done.append(path)
            self.say(f"{self._place()} done  {path}, {took}")
        elif self.stopping or self.left <= 0:
            self.outcome.stopped.append(path)
            self.say(f"{self._place()} stopped {path}, after {took}")
        else:
            self.outcome.failed[path] = _last_line(run.log) or f"exit code {run.process.returncode}"
            self.say(f"{self._place()} failed {path}, see {run.log}")

    def _end(self) -> None:
        """Tells every run to stop, and after the time of grace ends it."""
        self.stopping = True
        for run in self.running:
            run.process.terminate()
        until = time.monotonic() + self.grace
        while self.running and time.monotonic() < until:
            self._collect()
            time.sleep(POLL)
        for run in self.running:
            run.process.kill()
            run.process.wait()
        self._collect()
        for run in [run for wanted in self.waiting for run in wanted.runs]:
            if is_done(run.spec, self.results / "runs"):
                self.outcome.there.append(name_of(run.spec))
            else:
                self.outcome.left[name_of(run.spec)] = run.seconds

    def _heartbeat(self) -> None:
        """Now and then what each run said last."""
        if time.monotonic() - self._spoke > HEARTBEAT:
            self._spoke = time.monotonic()
            for run in self.running:
                self.say(f"{self._place()} ...   {_last_line(run.log)}")

    def _place(self) -> str:
        seen = self.total - sum(len(wanted.runs) for wanted in self.waiting)
        return f"{clock(time.monotonic() - self.begin)} [{seen}/{self.total}]"


def is_done(spec: Spec, runs: Path) -> bool:
    """Whether a run has a record of today's science, or one that was taken in from elsewhere."""
    path = spec.path(runs)
    try:
        return read_record(path).science == SCIENCE[spec.FAMILY] or read_meta(path).adopted_from is not None
    except UserError:
        return False


def has_checkpoint(spec: Spec, runs: Path) -> bool:
    """Whether a run was begun before and can go on."""
    return any(spec.path(runs).parent.glob("checkpoints/[!.]*.safetensors"))


def _hours(seconds: float | None) -> str:
    return "an unknown time" if seconds is None else f"{seconds / 3600:.2f} h"


def _last_line(log: Path) -> str:
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").replace("\r", "\n").splitlines()
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
