"""What a benchmark worker times: a training epoch, a validation pass, and the making of an epoch's batches.

Each engine trains the same form of the same architecture (hidden 128, K = 4, MolAttFP, SCORE-MLP head, Adam 1e-3, batch
32) on the same training molecules.
"""

# pyright: reportMissingImports=false
# What this file compares with is installed for benchmarks only.
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from score_mlx.models.families import inputs_of
from score_mlx.models.graphs.spec import GraphSpec

Timed = tuple[Callable[[], None], Callable[[], None], Callable[[], None]]  # train, validate, assemble


def ours(spec: GraphSpec, results: Path, folds: int) -> Timed:
    """This project's training loop on MLX, as many folds side by side as it would train."""
    from score_mlx import runtime

    runtime.start()
    from score_mlx.models.graphs.task import GraphTask

    side_by_side = GraphTask.fastest_replicas(spec)
    groups = [list(range(first, min(first + side_by_side, folds))) for first in range(0, folds, side_by_side)]
    return _mlx_loop([GraphTask(spec, _data(spec, results), group) for group in groups])


def mlx_graphs(spec: GraphSpec, results: Path, folds: int) -> Timed:
    """mlx-graphs' own layers, fold after fold, with the same BLAS and loop."""
    from score_mlx import runtime

    runtime.start()
    from score_mlx.bench.mlx_graphs_model import MlxGraphsTask

    return _mlx_loop([MlxGraphsTask(spec, _data(spec, results), [fold]) for fold in range(folds)])


def _mlx_loop(tasks: list) -> Timed:
    import mlx.core as mx

    from score_mlx.training.loop import run_epoch

    replicas = [task.replicas() for task in tasks]
    epochs = iter(range(10**9))

    def train() -> None:
        epoch = next(epochs)
        for task, models in zip(tasks, replicas, strict=True):
            run_epoch(task, models, epoch)

    def validate() -> None:
        for task, models in zip(tasks, replicas, strict=True):
            task.measure(models)

    def assemble() -> None:
        epoch = next(epochs)
        for task in tasks:
            for arrays, keys, _ in task.batches(epoch):
                mx.eval(arrays, keys)

    return train, validate, assemble


def pyg(spec: GraphSpec, results: Path, folds: int) -> Timed:
    """The same model in PyTorch Geometric, fold after fold as it must."""
    import torch
    from torch_geometric.loader import DataLoader

    from score_mlx.bench.pyg_data import molecules_of
    from score_mlx.bench.pyg_model import PygAttentiveFP, PygModel
    from score_mlx.bench.torch_loop import Run, timed
    from score_mlx.models.graphs.recipe import recipe

    data = _data(spec, results)
    molecules = molecules_of(data, pairs=recipe(spec.arch).pairs)
    make = PygAttentiveFP if spec.arch == "attfp" else PygModel
    torch.manual_seed(0)
    runs = [
        Run(
            make(spec, data.graphs.atoms.shape[1], data.graphs.bonds.shape[1]),
            DataLoader([molecules[i] for i in data.train(fold)], spec.batch_size, shuffle=True),
            DataLoader([molecules[i] for i in data.test(fold)], 256),
            lambda model, batch: (model(batch), batch.y),
        )
        for fold in range(folds)
    ]
    return timed(runs)


def chemprop(spec: GraphSpec, results: Path, folds: int) -> Timed:
    """Chemprop's D-MPNN at the same width and depth, its own features cached, in a plain loop."""
    from score_mlx.bench.chemprop_runs import runs_of
    from score_mlx.bench.torch_loop import timed
    from score_mlx.data.chem.prepared import load_molecules

    smiles = load_molecules(inputs_of(spec, results)["molecules"]).smiles
    return timed(runs_of(spec, _data(spec, results), smiles, folds))


_LAYERS = ("gcn", "gat", "gatv2", "gine")
# engine -> how it is set up, and the architectures and forms that it has
ENGINES: dict[str, tuple[Callable[[GraphSpec, Path, int], Timed], Callable[[GraphSpec], bool]]] = {
    "score-mlx": (ours, lambda spec: True),
    "score-mlx-plain": (ours, lambda spec: True),  # MLX's own operations: the worker switches the kernels off
    "pyg": (pyg, lambda spec: spec.arch in (*_LAYERS, "gt") or (spec.arch, spec.config) == ("attfp", "base")),
    "mlx-graphs": (mlx_graphs, lambda spec: spec.arch in _LAYERS),
    "chemprop": (chemprop, lambda spec: (spec.arch, spec.config) == ("dmpnn", "base")),
}


def _data(spec: GraphSpec, results: Path):
    from score_mlx.models.graphs.data import GraphData

    return GraphData.load(inputs_of(spec, results))
