"""Kills a project at random moments, starts it again with the same command, and compares what it leaves in the end.

    python tests/faults --kills 50 --seed 1

A life is one project folder from nothing to its last output. It is struck until it gets to its end before the next
blow falls; then every output must be that of an uninterrupted run, and the next life begins. Exit status 1 when one
differs, when a start fails that nothing struck, or when no checkpoint was ever taken up.

Before that as many blows fall on the cache of kernels that are compiled for a GPU (`kernel_cache.py`).
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import kernel_cache
from compare import PromiseError, differences, leftovers, outputs, resumed
from faults import Faults
from project import MODELS, ROOT, Project, last_words, make_csv

MEGABYTES = 256  # of the small file system; a project takes 16, and 56 while two checkpoints are replaced


class Trial:
    """All lives of one call.

    Args:
        home: empty folder to work in.
        kills: blows to strike.
        rng: decides when and which.
    """

    def __init__(self, home: Path, kills: int, rng: random.Random):
        self.home, self.kills, self.rng = home, kills, rng
        self.molecules = home / "small.csv"
        self.struck: Counter[str] = Counter()
        self.due: list[str] = []
        self.impossible: dict[str, str] = {}
        self.lives = self.resumed = 0

    def run(self) -> None:
        make_csv(self.molecules)
        whole = Project(self.home / "uninterrupted", self.molecules)
        begun = time.monotonic()
        try:
            finish(whole, "an uninterrupted run")
        finally:
            whole.kill_all()
        self.seconds = time.monotonic() - begun
        self.expected = outputs(whole.results)
        records = [name for name in self.expected if name.endswith("run.json")]
        if len(records) != MODELS:
            raise PromiseError(f"an uninterrupted run: {len(records)} records, expected {MODELS}")
        print(f"uninterrupted: {self.seconds:.0f} s, {len(self.expected)} outputs, {MODELS} models", flush=True)
        while sum(self.struck.values()) < self.kills:
            self.live()

    def live(self) -> None:
        """One project, struck until it is finished."""
        self.lives += 1
        project = Project(self.home / f"life{self.lives}", self.molecules)
        faults = Faults(project, self.rng, MEGABYTES)
        self.impossible = faults.impossible
        blows: list[str] = []
        try:
            while sum(self.struck.values()) < self.kills:
                process, begun = project.start(), time.monotonic()
                if not self.wait(project, process):
                    if not blows:  # the machine is quicker by now: the next moments are drawn accordingly
                        self.seconds = min(self.seconds, time.monotonic() - begun)
                    break
                kind = self.next_kind(faults)
                faults.kinds[kind](process)
                process.wait()
                self.struck[kind] += 1
                blows.append(kind)
            said = f"life {self.lives} ({', '.join(blows) or 'no blow'})"
            finish(project, said)
            self.judge(project, said)
        finally:
            faults.close()

    def wait(self, project: Project, process: subprocess.Popen) -> bool:
        """Until the random moment of the next blow; False where the project was finished before.

        Every other moment lies in training, where there is a checkpoint to go on from.
        """
        if sum(self.struck.values()) % 2:
            while process.poll() is None and not project.checkpoints():
                time.sleep(0.02)
            moment = self.rng.uniform(0, 2)
        else:
            moment = self.rng.uniform(0, self.seconds)
        try:
            process.wait(moment)
        except subprocess.TimeoutExpired:
            return True
        if process.returncode:
            raise PromiseError(f"life {self.lives}: a start that nothing struck failed\n{last_words(project)}")
        return False

    def next_kind(self, faults: Faults) -> str:
        """Each kind equally often, in random order."""
        if not self.due:
            self.due = self.rng.sample(list(faults.kinds), len(faults.kinds))
        return self.due.pop()

    def judge(self, project: Project, said: str) -> None:
        wrong = differences(self.expected, outputs(project.results))
        wrong += [f"{path.relative_to(project.results)}: left behind" for path in leftovers(project.results)]
        if wrong:
            raise PromiseError(
                "\n".join([f"{said}: {len(wrong)} outputs are not those of an uninterrupted run", *wrong])
            )
        again = resumed(project.results)
        self.resumed += again
        print(f"{said}: the same {len(self.expected)} outputs, {again} checkpoints taken up", flush=True)


def finish(project: Project, said: str) -> None:
    """The command to its end, and the end of whatever earlier starts have left running."""
    if code := project.start().wait(600):
        raise PromiseError(f"{said}: the command ended with status {code}\n{last_words(project)}")
    patience = time.monotonic() + 60
    while project.alive():
        if time.monotonic() > patience:
            raise PromiseError("\n".join([f"{said}: processes of earlier starts are still at work", *project.alive()]))
        time.sleep(0.1)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "faults")
    options = parser.parse_args()
    print(f"seed {options.seed}, {options.kills} kills: make test-faults KILLS={options.kills} SEED={options.seed}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # so that what is mounted goes as well
    shutil.rmtree(options.folder, ignore_errors=True)
    options.folder.mkdir(parents=True)
    begun = time.monotonic()
    trial = Trial(options.folder.resolve(), options.kills, random.Random(options.seed))
    code = 0
    try:
        kernel_cache.trial(trial.home / "kernels", options.kills, trial.rng)
        trial.run()
        if not trial.resumed:
            raise PromiseError("no checkpoint was ever taken up, so nothing says that going on gives the same")
    except PromiseError as failure:
        print(f"FAILED: {failure}")
        code = 1
    for kind, reason in trial.impossible.items():
        print(f"skipped: {kind}: {reason}")
    counts = ", ".join(f"{kind} {count}" for kind, count in sorted(trial.struck.items()))
    print(f"{sum(trial.struck.values())} kills ({counts}) in {trial.lives} lives, ", end="")
    print(f"{trial.resumed} checkpoints taken up, {time.monotonic() - begun:.0f} s: {'FAILED' if code else 'passed'}")
    return code


if __name__ == "__main__":
    sys.exit(main())
