"""Table 2 in miniature on a real Slurm of which a node dies in the middle, compared with what this machine makes alone.

    python tests/faults/slurm.py

Slurm comes from Debian's packages: where it is missing, `--install` fetches it, and without the right to do so the
test is skipped and says why. Exit status 1 when an output differs, or when no job died with its node.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from cluster import NODES, Cluster, install, lacking
from compare import PromiseError, differences, outputs
from project import ROOT, SNAKEMAKE, start, tail

# Asked of squeue because there is no accounting database here, and often, only so that the test is quick.
POLLING = ["--slurm-status-command", "squeue"]
POLLING += ["--slurm-init-seconds-before-status-checks", "1", "--seconds-between-status-checks", "3"]
LIMIT = 3600  # seconds for everything; more is a hang


def command(folder: Path, archs: list[str], *options: str) -> list[str]:
    config = ["dataset=nci", "preset=smoke"]
    if archs:
        config.append(f"experiments={{table2: {{archs: [{', '.join(archs)}]}}}}")
    return [str(SNAKEMAKE), "--directory", str(folder), *options, "--config", *config, "--", "results/nci/table2.csv"]


def local(home: Path, archs: list[str]) -> dict[str, bytes]:
    """What a run on this machine alone leaves."""
    begun, log = time.monotonic(), home / "local.log"
    if start(command(home / "local", archs), log, dict(os.environ)).wait(LIMIT):
        raise PromiseError(f"the local run failed\n{tail(log)}")
    made = outputs(home / "local" / "results")
    print(f"local: {count(made)} models, {len(made)} outputs, {time.monotonic() - begun:.0f} s", flush=True)
    return made


def clustered(home: Path, archs: list[str], models: int) -> tuple[dict[str, bytes], Counter[str]]:
    """What the same leaves when it runs on two nodes of which one dies; and how many jobs came to which end."""
    begun, log, results = time.monotonic(), home / "slurm.log", home / "slurm" / "results"
    with Cluster() as cluster:
        options = ["--workflow-profile", str(ROOT / "profiles" / "slurm"), *POLLING]
        process = start(command(home / "slurm", archs, *options), log, cluster.environment)
        try:
            node, taken = kill_a_node(cluster, process, results, models // 3)
            print(f"{node} died with {taken} jobs after {time.monotonic() - begun:.0f} s", flush=True)
            time.sleep(5)
            cluster.repair_node(node)
            code = process.wait(LIMIT)
        except PromiseError as failure:
            raise PromiseError(f"{failure}\n{tail(log)}\n{cluster.logs()}") from None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
        ends = Counter(cluster.states().values())
        if code:
            raise PromiseError(f"the run on Slurm ended with status {code}\n{tail(log)}\n{cluster.logs()}")
    print(f"slurm: {sum(ends.values())} jobs ({described(ends)}), {time.monotonic() - begun:.0f} s", flush=True)
    return outputs(results), ends


def kill_a_node(cluster: Cluster, process: subprocess.Popen, results: Path, after: int) -> tuple[str, int]:
    """Waits for so many records, then kills the node that runs most; which one, and how many jobs it took along."""
    patience = time.monotonic() + LIMIT
    while time.monotonic() < patience and process.poll() is None:
        busy = max(NODES, key=lambda node: len(cluster.running(node)))
        if len(list(results.glob("runs/**/run.json"))) >= after and cluster.running(busy):
            taken = len(cluster.running(busy))
            cluster.kill_node(busy)
            return busy, taken
        time.sleep(0.5)
    raise PromiseError(f"no node could be killed in the middle: Snakemake's status is {process.poll()}")


def count(made: dict[str, bytes]) -> int:
    return sum(name.endswith("run.json") for name in made)


def described(ends: Counter[str]) -> str:
    return ", ".join(f"{state.lower()} {number}" for state, number in sorted(ends.items()))


def compare(home: Path, archs: list[str]) -> str:
    """What was done, in a line.

    Raises:
        PromiseError: what the test is there to find.
    """
    expected = local(home, archs)
    models = count(expected)
    found, ends = clustered(home, archs, models)
    wrong = differences(expected, found)
    if wrong:
        raise PromiseError("\n".join([f"{len(wrong)} outputs are not those of a local run", *wrong]))
    if not ends["NODE_FAIL"]:
        raise PromiseError(f"no job died with its node ({described(ends)}), so none was submitted again")
    if ends["COMPLETED"] < models:
        raise PromiseError(f"{ends['COMPLETED']} jobs of Slurm for {models} models: some did not run there")
    return f"{models} models, {ends['NODE_FAIL']} jobs died and were submitted again, the same {len(found)} outputs"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--install", action="store_true", help="install Debian's packages where they are missing")
    parser.add_argument("--archs", nargs="*", default=[], help="only these architectures, by default all")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "slurm")
    options = parser.parse_args()
    if missing := lacking():
        refusal = install() if options.install else "INSTALL=1 would install Debian's packages, as root"
        if missing := lacking():
            print(f"skipped: {', '.join(missing)} not found; {refusal}")
            return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # so that the daemons end as well
    shutil.rmtree(options.folder, ignore_errors=True)
    options.folder.mkdir(parents=True)
    begun = time.monotonic()
    try:
        said, code = compare(options.folder.resolve(), options.archs), 0
    except PromiseError as failure:
        said, code = str(failure), 1
    print(f"{said}, {time.monotonic() - begun:.0f} s: {'FAILED' if code else 'passed'}")
    return code


if __name__ == "__main__":
    sys.exit(main())
