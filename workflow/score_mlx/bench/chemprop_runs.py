"""Chemprop's D-MPNN as a benchmark run."""

# pyright: reportMissingImports=false
# What this file compares with is installed for benchmarks only.
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from chemprop import data as chem
from chemprop import models, nn

from score_mlx.bench.torch_loop import Run
from score_mlx.models.graphs.data import GraphData
from score_mlx.models.graphs.spec import GraphSpec


def runs_of(spec: GraphSpec, data: GraphData, smiles: Sequence[str], folds: int) -> list[Run]:
    """One run a fold: bond messages of width 128 over four steps, sum pooling, a feed-forward head of width 128."""
    torch.manual_seed(0)
    points = [chem.MoleculeDatapoint.from_smi(s, [float(y)]) for s, y in zip(smiles, data.targets, strict=True)]
    return [_run(spec, points, data.train(fold), data.test(fold)) for fold in range(folds)]


def _run(spec: GraphSpec, points: list, train: np.ndarray, test: np.ndarray) -> Run:
    model = models.MPNN(
        nn.BondMessagePassing(d_h=spec.hidden, depth=spec.steps, dropout=0.1),
        nn.SumAggregation(),
        nn.RegressionFFN(input_dim=spec.hidden, hidden_dim=128, n_layers=3),
    )
    return Run(
        model,
        _loader([points[i] for i in train], spec.batch_size, shuffle=True),
        _loader([points[i] for i in test], 256, shuffle=False),
        lambda model, batch: (model(batch.bmg).squeeze(-1), batch.Y.squeeze(-1)),
    )


def _loader(points: list, size: int, *, shuffle: bool):
    dataset = chem.MoleculeDataset(points)
    dataset.cache = True  # featurised once, as ours
    return chem.build_dataloader(dataset, batch_size=size, shuffle=shuffle, drop_last=False)
