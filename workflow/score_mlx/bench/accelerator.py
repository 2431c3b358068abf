"""`python -m score_mlx.bench.accelerator`: what a GPU takes for an epoch of replicas and a step of a language model.

Rows come one by one, so that what was measured stays when a borrowed machine's time is over. On a CPU it runs as well.
"""

from __future__ import annotations

import argparse
import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from score_mlx import runtime
from score_mlx.bench.language import random_task
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.models.language.spec import CharSpec, LanguageSpec, NanoGPTSpec
from score_mlx.system.files import write_csv

COLUMNS = ("measure", "model", "setting", "value", "unit", "first_s", "peak_mb", "device", "precision")
GRAPH = GraphSpec("esol", "gat", "SCORE")
REPLICAS = (1, 5, 10, 50)
NANO = NanoGPTSpec("random", "nanogpt", "base")
CHAR = CharSpec("random", "chargpt", "base")
LANGUAGE: dict[str, tuple[LanguageSpec, int]] = {  # and the size of its vocabulary
    "nanoGPT, d = 64": (NANO, 23_861),
    "nanoGPT, d = 384": (replace(NANO, width=384), 23_861),
    "character GPT, AdamW, dropout": (replace(CHAR, optimizer="adamw", dropout=0.2), 65),
    "character GPT, Muon": (CHAR, 65),
    "character GPT, SCORE, Muon": (replace(CHAR, config="SCORE_skip05"), 65),
}
Measured = tuple[str, str, str, float, str, float | None]


def main() -> None:
    """Print and write one row for each measure: its value, unit, first seconds, peak memory, device and precision."""
    parser = argparse.ArgumentParser(
        prog="score_mlx.bench.accelerator", description=__doc__ and __doc__.splitlines()[0]
    )
    parser.add_argument("--out", type=Path, default=Path("results/bench_accelerator.csv"), help="CSV to write")
    parser.add_argument("--results", type=Path, default=Path("results"), help="folder of prepared data, for replicas")
    parser.add_argument("--steps", type=int, default=20, help="timed steps of a language model")
    parser.add_argument("--replicas", type=int, nargs="*", default=REPLICAS, help="folds side by side")
    parser.add_argument("--models", nargs="*", default=[*LANGUAGE], help="language models, by name")
    options = parser.parse_args()
    runtime.start()
    import mlx.core as mx

    about = runtime.provenance()
    name = f"{mx.default_device().type.name}: {mx.device_info().get('device_name', 'unknown')}"
    rows: list[list] = []
    for found in _all(options):
        peak = mx.get_peak_memory() / 2**20
        rows.append([*found[:3], f"{found[3]:.4g}", found[4], "" if found[5] is None else f"{found[5]:.1f}"])
        rows[-1] += [f"{peak:.0f}", name, about["precision"]]
        print(*rows[-1], sep=" | ", flush=True)
        write_csv(options.out, COLUMNS, rows)
        mx.clear_cache()
        mx.reset_peak_memory()


def _all(options: argparse.Namespace) -> Iterator[Measured]:
    """Each measure in turn: one that fails says so and does not end the rest."""
    jobs: list[Callable[[], Measured]] = [product_error]
    jobs += [partial(language, name, whole, options.steps) for name in options.models for whole in (True, False)]
    jobs += [partial(same_bytes, name) for name in options.models[:1] + options.models[-1:]]
    jobs += [partial(epoch, count, options.results) for count in options.replicas]
    for job in jobs:
        try:
            yield job()
        except Exception as error:  # a row of a table, on a machine that nobody can look at later
            print(f"failed: {job}: {type(error).__name__}: {error}", flush=True)


def product_error(size: int = 1024) -> Measured:
    """Relative error of a float32 product, against double precision."""
    import mlx.core as mx

    a, b = np.random.default_rng(0).normal(size=(2, size, size)).astype(np.float32)
    exact = a.astype(np.float64) @ b.astype(np.float64)
    error = np.linalg.norm(np.array(mx.array(a) @ mx.array(b)) - exact) / np.linalg.norm(exact)
    return "error of a product", f"{size} x {size}", "", float(error), "relative", None


def language(name: str, whole: bool, steps: int) -> Measured:
    """Seconds of a training step, the median."""
    import mlx.core as mx

    task = random_task(*LANGUAGE[name])
    task.whole = whole
    taken = []
    for step in range(steps + 1):
        start = time.perf_counter()
        loss = task.advance(step)
        mx.eval(task.model.parameters(), task.groups.arrays(), loss)
        taken.append(time.perf_counter() - start)
    setting = "one program" if whole else "operations"
    return "training step", name, setting, 1000 * float(np.median(taken[1:])), "ms", taken[0]


def same_bytes(name: str, steps: int = 5) -> Measured:
    """1 where two trainings from one seed give the same weights, bit by bit."""
    import mlx.core as mx
    from mlx.utils import tree_flatten

    def digest() -> str:
        task, found = random_task(*LANGUAGE[name]), hashlib.sha256()
        for step in range(steps):
            mx.eval(task.advance(step), task.model.parameters(), task.groups.arrays())
        for _, array in tree_flatten(task.model.parameters()):
            found.update(np.array(array).tobytes())
        return found.hexdigest()

    return "same bytes twice", name, f"{steps} steps", float(digest() == digest()), "1 = yes", None


def epoch(count: int, results: Path) -> Measured:
    """Seconds of a training epoch of `count` replicas: five folds, of as many repetitions as it takes."""
    from score_mlx.models.families import inputs_of
    from score_mlx.models.graphs.data import GraphData
    from score_mlx.models.graphs.task import GraphTask
    from score_mlx.training.loop import run_epoch

    data = GraphData.load(inputs_of(GRAPH, results))
    folds = [list(range(5))] * (count // 5) + ([list(range(count % 5))] if count % 5 else [])
    runs: list[Any] = [(replace(GRAPH, repeat=n), data, own) for n, own in enumerate(folds)]
    task = GraphTask(*runs[0], *runs[1:])
    replicas, taken = task.replicas(), []
    for number in range(3):
        start = time.perf_counter()
        run_epoch(task, replicas, number)
        taken.append(time.perf_counter() - start)
    return "training epoch", GRAPH.model, f"{count} replicas", min(taken[1:]), "s", taken[0]


if __name__ == "__main__":
    main()
