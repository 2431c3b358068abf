"""`python -m score_mlx.bench.growth`: time and memory as the data grow, each size in a process of its own.

Molecules are drawn with replacement from ESOL and the NCI stand-in. Training is SCORE-GAT on one fold. The same size
with more epochs shows whether memory grows with training.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from score_mlx.bench.worker import THREADS
from score_mlx.system.files import write_csv

COLUMNS = (
    "molecules", "processes", "epochs", "seconds_featurise", "seconds_per_epoch", "microseconds_per_molecule",
    "peak_mb",
)  # fmt: skip
FOLDS, SEED = 5, 0


def main() -> None:
    """Measure each number of molecules in a new process; print a row each and write all to a CSV."""
    parser = argparse.ArgumentParser(prog="score_mlx.bench.growth", description=__doc__ and __doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("results/bench_growth.csv"), help="CSV to write")
    parser.add_argument("--results", type=Path, default=Path("results"), help="folder with the prepared ESOL")
    parser.add_argument("--sizes", default="1000,10000,100000", help="numbers of molecules, comma separated")
    parser.add_argument("--one", nargs=3, type=int, metavar=("N", "PROCESSES", "EPOCHS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(_measure(options.results, *options.one)))
        return
    sizes = [int(size) for size in options.sizes.split(",")]
    rows = []
    # all cores featurise, one for comparison; one epoch each, three of the smallest
    cases = [(size, 0, 1) for size in sizes] + [(sizes[0], 0, 3), (sizes[-1], 1, 0)]
    for case in cases:
        rows.append(_in_process(options.results, *case))
        print(*(f"{name} {rows[-1][name]}" for name in COLUMNS), flush=True)
        write_csv(options.out, COLUMNS, [[row[name] for name in COLUMNS] for row in rows])


def _in_process(results: Path, *case: int) -> dict[str, float]:
    command = [sys.executable, "-m", "score_mlx.bench.growth", "--results", str(results), "--one", *map(str, case)]
    environment = os.environ | dict.fromkeys(THREADS, "1")
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def _measure(results: Path, count: int, processes: int, epochs: int) -> dict[str, float]:
    """One row; `processes` 0 means all cores, `epochs` 0 that nothing is trained."""
    from score_mlx import runtime

    runtime.start()
    from score_mlx.data.chem.features import featurise
    from score_mlx.data.chem.parallel import cores

    smiles = _draw(results, count)
    processes = processes or cores()
    start = time.perf_counter()
    graphs = featurise(smiles, processes=processes)
    seconds = time.perf_counter() - start
    row: dict[str, float] = {
        "molecules": count,
        "processes": processes,
        "epochs": epochs,
        "seconds_featurise": round(seconds, 2),
    }
    each = _epoch_seconds(graphs, epochs) if epochs else 0.0
    row |= {"seconds_per_epoch": round(each, 3), "microseconds_per_molecule": round(each / count * 1e6)}
    return row | {"peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)}


def _draw(results: Path, count: int) -> list[str]:
    """SMILES drawn with replacement from both data sets."""
    from score_mlx.data.chem.nci import read_rows, source_file
    from score_mlx.data.chem.prepared import load_molecules
    from score_mlx.models.families import inputs_of

    known = load_molecules(inputs_of(_spec(), results)["molecules"]).smiles
    known = [*known, *(row.smiles for row in read_rows(source_file()))]
    return [known[i] for i in np.random.default_rng(SEED).integers(len(known), size=count)]


def _epoch_seconds(graphs, epochs: int) -> float:
    """Mean seconds of an epoch of SCORE-GAT that trains on four fifths of the molecules."""
    import mlx.core as mx

    from score_mlx.models.graphs.data import GraphData
    from score_mlx.models.graphs.task import GraphTask

    count = len(graphs)
    targets = np.random.default_rng(SEED).normal(size=count)
    data = GraphData(info={"name": "growth"}, targets=targets, folds=np.arange(count) % FOLDS, graphs=graphs)
    task = GraphTask(_spec(), data, [0])
    replicas = task.replicas()
    start = time.perf_counter()
    for epoch in range(epochs):
        for arrays, keys, loss in task.batches(epoch):
            mx.eval(replicas.step(loss, arrays, keys), replicas.flat)
    return (time.perf_counter() - start) / epochs


def _spec():
    from score_mlx.models.graphs.spec import GraphSpec

    return GraphSpec("esol", "gat", "SCORE")


if __name__ == "__main__":
    main()
