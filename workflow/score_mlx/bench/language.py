"""`python -m score_mlx.bench.language`: tokens a second of our GPTs and of PyTorch's, in turns, all on one core."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from score_mlx import runtime
from score_mlx.bench import machine
from score_mlx.bench.pipes import ask, end
from score_mlx.bench.worker import THREADS, one_core
from score_mlx.models.language.spec import CharSpec, IteratedSpec, LanguageSpec, NanoGPTSpec
from score_mlx.system.files import write_csv, write_text

if TYPE_CHECKING:  # the process that asks does not load MLX
    from score_mlx.models.language.tasks import Iterations, Seconds

MODELS: dict[str, tuple[IteratedSpec, int]] = {  # and the size of its vocabulary
    "nanoGPT, d = 64": (NanoGPTSpec("random", "nanogpt", "base"), 23_861),
    "nanoGPT, d = 384": (NanoGPTSpec("random", "nanogpt", "base", width=384), 23_861),
    "character GPT": (CharSpec("random", "chargpt", "base", batch_size=8, optimizer="adamw", dropout=0.2), 65),
}
ENGINES = ("score-mlx", "score-mlx-plain", "pytorch")
COLUMNS = ("model", "engine", "tokens_per_second", "ratio_to_pytorch", *machine.COLUMNS)


def main() -> None:
    """Time every model with each engine in turns; write a CSV and a Markdown table of tokens a second."""
    parser = argparse.ArgumentParser(prog="score_mlx.bench.language", description=__doc__ and __doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("results/bench_language.csv"), help="CSV to write")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each engine after a warm-up")
    parser.add_argument("--steps", type=int, default=2, help="steps a turn")
    parser.add_argument("--serve", nargs=2, metavar=("ENGINE", "MODEL"), help=argparse.SUPPRESS)
    parser.add_argument("--loaded", action="store_true", help="measure although other work keeps the machine busy")
    options = parser.parse_args()
    if options.serve:
        one_core()
        engine, model = options.serve
        _serve(engine, model, options.steps)
        return
    machine.refuse_if_busy(options.loaded)
    runtime.start()  # for what rows say of the BLAS
    rows: list[list] = []
    for model in MODELS:
        rows += _compare(model, options.rounds, options.steps)
        write_csv(options.out, COLUMNS, rows)
    write_text(options.out.with_suffix(".md"), _markdown(rows))
    print(_markdown(rows))


def _compare(model: str, rounds: int, steps: int) -> list[list]:
    """Rows of one model; the ratio is the median over rounds of tokens a second over PyTorch's of the same round."""
    workers = {engine: _start(engine, model, steps) for engine in ENGINES}
    turns: dict[str, list[tuple[float, float]]] = {engine: [] for engine in ENGINES}  # tokens a second, by two clocks
    loads: list[float] = []
    for place in range(rounds + 1):
        for engine, worker in workers.items():
            busy = machine.Busy()
            answer = ask(worker)
            if not answer:
                sys.exit(f"benchmark worker {engine} of {model} ended with {worker.wait()}")
            tokens, wall, own = json.loads(answer)
            if place:  # the first turn compiles and fills caches
                turns[engine].append((tokens / wall, tokens / own))
                loads += [load for load in [busy.others(own)] if load is not None]
    for worker in workers.values():
        end(worker)
    load = statistics.median(loads) if loads else None
    clock = int(load is not None and load > machine.QUIET)  # processor time where other work takes the clock's
    rates = {engine: [turn[clock] for turn in own] for engine, own in turns.items()}
    ratios = {e: statistics.median(a / b for a, b in zip(t, rates["pytorch"], strict=True)) for e, t in rates.items()}
    said = [machine.cells(load)[name] for name in machine.COLUMNS]
    return [[model, e, f"{statistics.median(rates[e]):.4g}", f"{ratios[e]:.3g}", *said] for e in ENGINES]


def _start(engine: str, model: str, steps: int) -> subprocess.Popen:
    command = [sys.executable, "-m", "score_mlx.bench.language", "--steps", str(steps), "--serve", engine, model]
    environment = os.environ | dict.fromkeys(THREADS, "1")
    if engine == "score-mlx-plain":
        environment["SCORE_KERNELS"] = "off"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, env=environment, **pipes)


def _serve(engine: str, model: str, steps: int) -> None:
    """Tokens, seconds and processor seconds for each line read."""
    spec, vocabulary = MODELS[model]
    step = (_pytorch if engine == "pytorch" else _ours)(spec, vocabulary)
    done = iter(range(10**9))
    for _ in sys.stdin:
        start, processor = time.perf_counter(), time.process_time()
        for _ in range(steps):
            step(next(done))
        took = [time.perf_counter() - start, time.process_time() - processor]
        print(json.dumps([steps * spec.batch_size * spec.context, *took]), flush=True)


def _pytorch(spec: IteratedSpec, vocabulary: int) -> Callable[[int], None]:
    from score_mlx.bench.torch_gpt import stepper

    step = stepper(spec, vocabulary)

    def drawn(number: int) -> None:
        shape = (spec.batch_size, spec.context + 1)
        rows = np.random.default_rng(number).integers(0, vocabulary, shape, dtype=np.int32)
        step(rows[:, :-1], rows[:, 1:])

    return drawn


def _ours(spec: IteratedSpec, vocabulary: int) -> Callable[[int], None]:
    runtime.start()
    import mlx.core as mx

    task = random_task(spec, vocabulary)

    def step(number: int) -> None:
        loss = task.advance(number)
        mx.eval(task.model.parameters(), task.groups.arrays(), loss)

    return step


def random_task(spec: LanguageSpec, vocabulary: int) -> Iterations | Seconds:
    """The training task of a spec on 100,000 random tokens of a vocabulary of that size."""
    from score_mlx.data.text.corpus import assemble
    from score_mlx.models.language.tasks import build

    tokens = np.random.default_rng(0).integers(0, vocabulary, 100_000, dtype=np.int32)
    return build(spec, assemble("random", "random", True, tokens, [b"x"] * vocabulary))


def _markdown(rows: list[list]) -> str:
    lines = ["| model | engine | tokens a second | of PyTorch's |", "| --- | --- | ---: | ---: |"]
    return "\n".join(lines + [f"| {' | '.join(map(str, row[:4]))} |" for row in rows]) + "\n"


if __name__ == "__main__":
    main()
