"""`python -m score_mlx.bench`: engines in turns (A B A B ...), a process and a thread each, medians to a CSV.

Timings of a shared machine drift, so compare engines within one run, by the ratio of each pair of turns.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

from score_mlx.files import write_csv
from score_mlx.graphs.spec import GraphSpec

COLUMNS = ("architecture", "form", "engine", "folds", "seconds_per_epoch", "seconds_per_validation", "peak_mb")
DEFAULT_PAIRS = "gcn:SCORE,gat:base,gat:SCORE,gine:SCORE"


def main() -> None:
    parser = argparse.ArgumentParser(prog="score_mlx.bench", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("results/bench.csv"), help="CSV to write")
    parser.add_argument("--results", type=Path, default=Path("results"), help="folder with data, features, folds")
    parser.add_argument("--models", default=DEFAULT_PAIRS, help="arch:config pairs, comma separated")
    parser.add_argument("--folds", type=int, default=5, help="folds a turn, side by side where the engine can")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each engine after a warm-up")
    parser.add_argument("--worker", nargs=3, metavar=("ENGINE", "ARCH", "CONFIG"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        _work(*options.worker, options.results, options.folds)
        return
    rows = []
    for pair in options.models.split(","):
        rows += _compare(*pair.split(":"), options)
        write_csv(options.out, (*COLUMNS, "ratio_to_pyg"), rows)
    print(options.out)


def _compare(arch: str, config: str, options: argparse.Namespace) -> list[tuple]:
    """Rows of one model, an engine each; the ratio is the median over rounds of ours / theirs in the same round."""
    engines = ("score-mlx", "pyg")
    workers = {engine: _Worker(engine, arch, config, options) for engine in engines}
    turns: dict[str, list[dict]] = {engine: [] for engine in engines}
    for _ in range(options.rounds):
        for engine, worker in workers.items():
            turns[engine].append(worker.turn())
    rows = []
    for engine in engines:
        workers[engine].close()
        seconds, validation = ([turn[key] / options.folds for turn in turns[engine]] for key in ("train", "validate"))
        ratios = [a["train"] / b["train"] for a, b in zip(turns[engine], turns["pyg"], strict=True)]
        median = [f"{statistics.median(values):.4f}" for values in (seconds, validation)]
        peak = f"{turns[engine][-1]['peak_mb']:.0f}"
        rows.append((arch, config, engine, options.folds, *median, peak, f"{statistics.median(ratios):.3f}"))
        print(f"{arch} {config} {engine}: {median[0]} s an epoch and fold, {rows[-1][-1]} of PyTorch Geometric's")
    return rows


class _Worker:
    """A process that runs one epoch and one validation pass whenever it is asked to."""

    def __init__(self, engine: str, arch: str, config: str, options: argparse.Namespace):
        threads = {name: "1" for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
        command = [sys.executable, "-m", "score_mlx.bench", "--worker", engine, arch, config]
        command += ["--results", str(options.results), "--folds", str(options.folds)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(command, env=os.environ | threads, **pipes)
        self.turn()  # warm-up: kernels compiled, caches filled

    def turn(self) -> dict:
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit(f"benchmark worker {' '.join(self.process.args)} ended with {self.process.wait()}")
        return json.loads(answer)

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def _work(engine: str, arch: str, config: str, results: Path, folds: int) -> None:
    from score_mlx.bench.engines import ENGINES

    train, validate = ENGINES[engine](GraphSpec("esol", arch, config), results, folds)
    for _ in sys.stdin:
        start = time.perf_counter()
        train()
        middle = time.perf_counter()
        validate()
        end = time.perf_counter()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"train": middle - start, "validate": end - middle, "peak_mb": peak}), flush=True)


if __name__ == "__main__":
    main()
