"""What a benchmark worker times: one training epoch, and one validation pass, of one fold.

Each engine is a pair of functions without arguments. They train the same model (hidden 128, K = 4, MolAttFP, SCORE-MLP
head, Adam 1e-3, batch 32) on the same training molecules of fold 0.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from score_mlx.graphs.spec import GraphSpec
from score_mlx.inputs import inputs_of

Timed = tuple[Callable[[], None], Callable[[], None]]


def ours(spec: GraphSpec, results: Path, folds: int) -> Timed:
    """This project's training loop on MLX, `folds` folds side by side."""
    from score_mlx import blas

    blas.load()
    import mlx.core as mx

    from score_mlx.graphs.task import GraphTask

    task = GraphTask(spec, _data(spec, results), list(range(folds)))
    replicas = task.replicas()
    epochs = iter(range(10**9))

    def train() -> None:
        for arrays, keys, loss in task.batches(next(epochs)):
            mx.eval(replicas.step(loss, arrays, keys), replicas.flat)

    return train, lambda: (task.rmse(replicas), None)[1]


def pyg(spec: GraphSpec, results: Path, folds: int) -> Timed:
    """The same model in PyTorch Geometric, fold after fold as it must."""
    import numpy as np
    import torch
    from torch_geometric.data import Data
    from torch_geometric.loader import DataLoader

    from score_mlx.bench.pyg_model import PygModel

    torch.set_num_threads(1)
    data = _data(spec, results)
    g = data.graphs
    molecules = []
    for i in range(len(g)):
        atoms, bonds = (slice(o[i], o[i + 1]) for o in (g.atom_offset, g.bond_offset))
        index = torch.from_numpy(np.stack([g.source[bonds], g.target[bonds]]).astype(np.int64)) - int(g.atom_offset[i])
        label = torch.tensor([data.targets[i]], dtype=torch.float32)
        tensors = {"x": torch.from_numpy(g.atoms[atoms]), "edge_attr": torch.from_numpy(g.bonds[bonds])}
        molecules.append(Data(edge_index=index, y=label, **tensors))
    runs = []
    for fold in range(folds):
        model = PygModel(spec, g.atoms.shape[1], g.bonds.shape[1])
        train = DataLoader([molecules[i] for i in data.train(fold)], spec.batch_size, shuffle=True)
        test = DataLoader([molecules[i] for i in data.test(fold)], 256)
        runs.append((model, torch.optim.Adam(model.parameters(), spec.learning_rate), train, test))

    def epoch() -> None:
        for model, optimiser, train, _ in runs:
            model.train()
            for batch in train:
                optimiser.zero_grad()
                ((model(batch) - batch.y) ** 2).mean().backward()
                optimiser.step()

    def validate() -> None:
        with torch.no_grad():
            for model, _, _, test in runs:
                model.eval()
                for batch in test:
                    model(batch)

    return epoch, validate


ENGINES: dict[str, Callable[[GraphSpec, Path, int], Timed]] = {"score-mlx": ours, "pyg": pyg}


def _data(spec: GraphSpec, results: Path):
    from score_mlx.graphs.data import GraphData

    return GraphData.load(inputs_of(spec, results))
