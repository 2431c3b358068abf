"""One engine with one model in a process of its own, all of them on one core; it works when it is asked to."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

from score_mlx.bench.machine import Busy
from score_mlx.bench.pipes import ask, end
from score_mlx.models.graphs.spec import GraphSpec

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


class Worker:
    """The asking side.

    Args:
        engine: a key of `ENGINES`, or `blas` for the roofline.
        spec: the model.
        results: folder with data, features and folds.
        folds: how many an epoch trains.
    """

    def __init__(self, engine: str, spec: GraphSpec, results: Path, folds: int):
        asked = [engine, spec.arch, spec.config, str(results), str(folds)]
        self.command = [sys.executable, "-m", "score_mlx.bench.worker", *asked]
        environment = os.environ | dict.fromkeys(THREADS, "1")
        if engine == "score-mlx-plain":
            environment["SCORE_KERNELS"] = "off"
        self.process = subprocess.Popen(
            self.command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.turn()  # warm-up: kernels compiled, caches filled

    def turn(self) -> dict[str, float | None]:
        """Seconds a fold of an epoch, of a validation pass and of making an epoch's batches, and what they rest on.

        Returns:
            train, validate, assemble: by the clock; train_cpu: processor seconds of train; peak_mb: peak memory;
            others: cores busy with other work meanwhile, None where the system does not say. The roofline has train,
            train_cpu, gflop and others.
        """
        busy = Busy()
        answer = ask(self.process)
        if not answer:
            sys.exit(f"benchmark worker {' '.join(self.command)} ended with {self.process.wait()}")
        values = json.loads(answer)
        return values | {"others": busy.others(values.pop("cpu"))}

    def close(self) -> None:
        """End the worker process and wait for it."""
        end(self.process)


def one_core() -> None:
    """Keep this process and its threads to the last core, where the system can: an engine may have helping threads."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def _serve(engine: str, spec: GraphSpec, results: Path, folds: int) -> None:
    """The working side: a line of JSON for each line read."""
    if engine == "blas":
        _serve_roofline(spec, results)
        return
    from score_mlx.bench.engines import ENGINES

    parts = ENGINES[engine][0](spec, results, folds)
    for _ in sys.stdin:
        seconds, processor = [], [time.process_time()]
        for part in parts:
            start = time.perf_counter()
            part()
            seconds.append((time.perf_counter() - start) / folds)
            processor.append(time.process_time())
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        cost = {
            "train_cpu": (processor[1] - processor[0]) / folds,
            "cpu": processor[-1] - processor[0],
            "peak_mb": peak,
        }
        _answer(dict(zip(("train", "validate", "assemble"), seconds, strict=True)) | cost)


def _serve_roofline(spec: GraphSpec, results: Path) -> None:
    from score_mlx import runtime

    runtime.start()
    from score_mlx.bench.roofline import gflop_per_epoch, gflop_per_second

    work = gflop_per_epoch(spec, results)
    for _ in sys.stdin:
        start = time.process_time()
        wall, processor = (work / rate for rate in gflop_per_second())
        _answer({"train": wall, "train_cpu": processor, "gflop": work, "cpu": time.process_time() - start})


def _answer(values: dict[str, float]) -> None:
    print(json.dumps(values), flush=True)


if __name__ == "__main__":
    one_core()
    _engine, _arch, _config, _results, _folds = sys.argv[1:]
    _serve(_engine, GraphSpec("esol", _arch, _config), Path(_results), int(_folds))
