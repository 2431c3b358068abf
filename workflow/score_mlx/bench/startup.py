"""`python -m score_mlx.bench.startup`: seconds from starting a training job to its first batch, in new processes."""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

from score_mlx.system.files import write_csv

COLUMNS = ("starts", "median_seconds", "slowest_seconds")


def main() -> None:
    """Start the job several times; write the median and the largest number of seconds to a CSV."""
    parser = argparse.ArgumentParser(prog="score_mlx.bench.startup", description=__doc__ and __doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("results/bench_startup.csv"), help="CSV to write")
    parser.add_argument("--results", type=Path, default=Path("results"), help="folder with the prepared ESOL")
    parser.add_argument("--starts", type=int, default=7, help="after one that fills the disk's cache")
    parser.add_argument("--once", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.once:
        _prepare(options.results)
        return
    command = [sys.executable, "-m", "score_mlx.bench.startup", "--results", str(options.results), "--once"]
    seconds = []
    for _ in range(options.starts + 1):
        start = time.perf_counter()
        subprocess.run(command, check=True)
        seconds.append(time.perf_counter() - start)
    row = [options.starts, round(statistics.median(seconds[1:]), 3), round(max(seconds[1:]), 3)]
    write_csv(options.out, COLUMNS, [row])
    print(*(f"{name} {value}" for name, value in zip(COLUMNS, row, strict=True)))


def _prepare(results: Path) -> None:
    """What `score-mlx train graph` does before its first step, command line and imports included."""
    from score_mlx import runtime

    runtime.start()
    from score_mlx.models.families import inputs_of
    from score_mlx.models.graphs.data import GraphData
    from score_mlx.models.graphs.spec import GraphSpec
    from score_mlx.models.graphs.task import GraphTask

    spec = GraphSpec("esol", "gat", "SCORE")
    task = GraphTask(spec, GraphData.load(inputs_of(spec, results)), [0])
    task.replicas()
    next(task.batches(0))


if __name__ == "__main__":
    main()
