"""A training epoch and a validation pass in PyTorch, the plain loop: one thread, fold after fold."""

# pyright: reportMissingImports=false
# What this file compares with is installed for benchmarks only.
from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import nn


@dataclass
class Run:
    """One fold: a model, its loaders, and `predict(model, batch) -> (predictions (B,), targets (B,))`."""

    model: nn.Module
    train: Iterable
    test: Iterable
    predict: Callable

    def __post_init__(self) -> None:
        self.optimiser = torch.optim.Adam(self.model.parameters(), 1e-3)


def timed(runs: list[Run]) -> tuple[Callable[[], None], Callable[[], None], Callable[[], None]]:
    """(train, validate, assemble) over all folds; `assemble` makes an epoch's batches and computes nothing."""
    torch.set_num_threads(1)

    def train() -> None:
        for run in runs:
            run.model.train()
            for batch in run.train:
                run.optimiser.zero_grad()
                prediction, target = run.predict(run.model, batch)
                ((prediction - target) ** 2).mean().backward()
                run.optimiser.step()

    def validate() -> None:
        with torch.no_grad():
            for run in runs:
                run.model.eval()
                for batch in run.test:
                    run.predict(run.model, batch)

    def assemble() -> None:
        for run in runs:
            for _ in run.train:
                pass

    return train, validate, assemble
