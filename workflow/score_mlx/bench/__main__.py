"""`python -m score_mlx.bench`: engines in turns (A B A B ...), a process each and all on one core, medians to a CSV.

Timings of a shared machine drift, so engines are compared within one run, by the ratio of the turns of one round. A
machine that does other work is refused; with `--loaded` its rows say how many cores were busy, and ratios are of
processor time.
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path

from score_mlx import runtime
from score_mlx.bench import machine
from score_mlx.bench.engines import ENGINES
from score_mlx.bench.worker import Worker
from score_mlx.models.graphs.spec import ARCHS, GraphSpec
from score_mlx.system.files import write_csv

COLUMNS = (
    "architecture", "form", "engine", "folds", "seconds_per_epoch", "seconds_per_validation", "seconds_of_batches",
    "cpu_seconds_per_epoch", "gflop_per_epoch", "peak_mb", "clock",
    "ratio_to_plain", "ratio_to_pyg", "ratio_to_chemprop", "ratio_to_mlx_graphs", "ratio_to_roofline",
    *machine.COLUMNS,
)  # fmt: skip
OTHERS = {
    "ratio_to_plain": "score-mlx-plain", "ratio_to_pyg": "pyg", "ratio_to_chemprop": "chemprop",
    "ratio_to_mlx_graphs": "mlx-graphs",
}  # fmt: skip
SIDE_BY_SIDE = {"score-mlx": 5, "score-mlx-plain": 5}  # folds of the engines that train them so


def main() -> None:
    """Time the chosen models with every engine that has them; a CSV, after each model whole, and a figure beside it."""
    every = ",".join(f"{arch}:{form}" for arch in ARCHS for form in ("base", "SCORE"))
    parser = argparse.ArgumentParser(prog="score_mlx.bench", description=__doc__ and __doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("results/bench.csv"), help="CSV to write, beside it a .png")
    parser.add_argument("--results", type=Path, default=Path("results"), help="folder with data, features, folds")
    parser.add_argument("--models", default=every, help="architecture:form pairs, comma separated")
    parser.add_argument("--folds", type=int, default=2, help="folds a turn of the other engines")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each engine after a warm-up")
    parser.add_argument("--loaded", action="store_true", help="measure although other work keeps the machine busy")
    options = parser.parse_args()
    machine.refuse_if_busy(options.loaded)
    runtime.start()  # for what rows say of the BLAS
    rows: list[dict] = []
    for pair in options.models.split(","):
        rows += _compare(GraphSpec("esol", *pair.split(":")), options)
        write_csv(options.out, COLUMNS, [[_cell(row.get(name)) for name in COLUMNS] for row in rows])
    from score_mlx.plots import speed

    speed.draw(rows, options.out.with_suffix(".png"))
    print(options.out)


def _compare(spec: GraphSpec, options: argparse.Namespace) -> list[dict]:
    """Rows of one model, an engine each, and one of the roofline."""
    engines = [engine for engine, (_, has) in ENGINES.items() if has(spec)]
    each: int = options.folds
    folds = {engine: SIDE_BY_SIDE.get(engine, each) for engine in engines}
    workers = {engine: Worker(engine, spec, options.results, folds[engine]) for engine in engines}
    workers["blas"] = Worker("blas", spec, options.results, 1)
    turns: dict[str, list[dict]] = {engine: [] for engine in workers}
    for _ in range(options.rounds):
        for engine, worker in workers.items():
            turns[engine].append(worker.turn())
    for worker in workers.values():
        worker.close()
    rows = [_row(spec, engine, turns, folds[engine]) for engine in engines]
    load = _load([turn for own in turns.values() for turn in own])
    for row in rows:
        row |= machine.cells(load)
        print(*(f"{name} {_cell(row[name])}" for name in COLUMNS if row.get(name) is not None), flush=True)
    roofline = {"architecture": spec.arch, "form": spec.config, "engine": "roofline"} | machine.cells(load)
    roofline |= {"seconds_per_epoch": _median(turns["blas"], "train")}
    return [*rows, roofline | {"gflop_per_epoch": turns["blas"][0]["gflop"], "clock": rows[0]["clock"]}]


def _load(turns: list[dict]) -> float | None:
    """Cores busy with other work in the median turn, None where the system does not say."""
    known = [turn["others"] for turn in turns if turn["others"] is not None]
    return statistics.median(known) if known else None


def _row(spec: GraphSpec, engine: str, turns: dict[str, list[dict]], folds: int) -> dict:
    mine = turns[engine]
    load = _load([turn for own in turns.values() for turn in own])
    clock = "processor" if load is not None and load > machine.QUIET else "wall"
    key = "train_cpu" if clock == "processor" else "train"
    row = {"architecture": spec.arch, "form": spec.config, "engine": engine, "folds": folds}
    row |= {"seconds_per_epoch": _median(mine, "train"), "seconds_per_validation": _median(mine, "validate")}
    row |= {"seconds_of_batches": _median(mine, "assemble"), "peak_mb": round(mine[-1]["peak_mb"])}
    row |= {"cpu_seconds_per_epoch": _median(mine, "train_cpu"), "clock": clock}
    row |= {"gflop_per_epoch": turns["blas"][0]["gflop"]} if engine.startswith("score-mlx") else {}
    for name, other in (OTHERS | {"ratio_to_roofline": "blas"}).items():
        if other in turns:
            pairs = zip(mine, turns[other], strict=True)
            row[name] = statistics.median(a[key] / b[key] for a, b in pairs)
    return row


def _median(turns: list[dict], key: str) -> float:
    return statistics.median(turn[key] for turn in turns)


def _cell(value: object) -> str:
    return "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
