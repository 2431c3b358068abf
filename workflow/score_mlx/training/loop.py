"""One training loop: epochs over replicas, with progress, checkpoint and resume to the same bytes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import mlx.core as mx
import numpy as np

from score_mlx.system import stopping
from score_mlx.training import checkpoints
from score_mlx.training.progress import Progress
from score_mlx.training.replicas import Replicas

CHECKPOINT_SECONDS = 30  # at most so much work is lost to a kill; the environment may say otherwise


class Task(Protocol):
    """What a family of models must say for `fit` to train it."""

    epochs: int

    def replicas(self) -> Replicas:
        """Freshly initialised models."""

    def batches(self, epoch: int) -> Iterator[tuple[dict[str, mx.array], mx.array, Callable]]:
        """(arrays, keys, loss) of each step of an epoch (from 0); arrays and keys with a leading replica axis."""

    def rmse(self, replicas: Replicas) -> np.ndarray:
        """(R,) root mean squared error on each replica's test molecules."""

    def val_rmse(self, replicas: Replicas) -> np.ndarray | None:
        """(R,) the same on the molecules that choose the epoch, None where the test molecules do."""


@dataclass
class Curves:
    """What training has seen so far, and each replica's weights at its best epoch.

    Attributes:
        train_loss, rmse: for each replica one value an epoch.
        val_rmse: the same on the molecules that choose the best epoch; empty where the test molecules do.
        best: for each replica its parameters by name.
        seconds: spent so far, all sessions together.
        resumed: how often a checkpoint was taken up.
    """

    train_loss: list[list[float]]
    rmse: list[list[float]]
    val_rmse: list[list[float]] = field(default_factory=list)
    best: list[dict[str, mx.array]] = field(default_factory=list)
    seconds: float = 0.0
    resumed: int = 0

    @property
    def epochs(self) -> int:
        """How many epochs are done."""
        return len(self.rmse[0])

    @property
    def measured(self) -> dict[str, list[list[float]]]:
        """Name -> for each replica one value an epoch."""
        return {"train_loss": self.train_loss, "rmse": self.rmse} | (
            {"val_rmse": self.val_rmse} if self.val_rmse else {}
        )

    @property
    def choosing(self) -> list[list[float]]:
        """The RMSE that choose the best epoch."""
        return self.val_rmse or self.rmse

    def at_best(self, r: int) -> float:
        """The test RMSE of a replica at its best epoch, by the rule of `_note`."""
        chosen = self.choosing[r]
        known = [epoch for epoch, value in enumerate(chosen) if not np.isnan(value)]
        return self.rmse[r][min(known, key=chosen.__getitem__, default=0)]


def fit(task: Task, checkpoint: Path, signature: str, progress: Progress) -> tuple[Replicas, Curves]:
    """Train `task` to its last epoch, from its checkpoint if there is one.

    Args:
        checkpoint: file written every `CHECKPOINT_SECONDS`, or as often as the environment's SCORE_CHECKPOINT_SECONDS
            says, whole or not at all.
        signature: names the run; a checkpoint of another signature is not taken up.
        progress: told of every epoch.

    Returns:
        The trained replicas and their curves.

    Raises:
        UserError: SCORE_CHECKPOINT_SECONDS is no number.
        Stopped: SIGTERM came; the epoch that it came in is in the checkpoint.
    """
    pause = checkpoints.pause(CHECKPOINT_SECONDS)
    replicas = task.replicas()
    curves = Curves(*([[] for _ in range(replicas.count)] for _ in range(2)), best=[{}] * replicas.count)
    _restore(checkpoint, signature, replicas, curves)
    clock = saved = time.monotonic()
    with stopping.orderly():
        for epoch in range(curves.epochs, task.epochs):
            losses = run_epoch(task, replicas, epoch)
            _note(curves, losses.mean(axis=0), task.rmse(replicas), task.val_rmse(replicas), replicas)
            best = [curves.at_best(r) for r in range(replicas.count)]
            progress.epoch(curves.epochs, best, [values[-1] for values in curves.rmse])
            progress.curves(curves.measured)
            now = time.monotonic()
            curves.seconds, clock = curves.seconds + now - clock, now
            if now - saved > pause or curves.epochs == task.epochs or stopping.asked():
                _save(checkpoint, signature, replicas, curves)
                saved = now
            stopping.point()
    progress.curves(curves.measured, last=True)
    return replicas, curves


def run_epoch(task: Task, replicas: Replicas, epoch: int) -> np.ndarray:
    """All steps of an epoch: (steps, R) losses, each before its step."""
    losses: list[mx.array] = []
    for arrays, keys, loss in task.batches(epoch):
        losses.append(replicas.step(loss, arrays, keys))
        # A step is put together while the one before it computes; no more than that, for the memory.
        mx.async_eval(replicas.flat, losses[-1])
        mx.eval(losses[-2:-1])
    return np.array(mx.stack(losses))


def _note(curves: Curves, losses: np.ndarray, rmse: np.ndarray, val: np.ndarray | None, replicas: Replicas) -> None:
    if val is not None and not curves.val_rmse:
        curves.val_rmse = [[] for _ in range(replicas.count)]
    deciding = rmse if val is None else val
    for r in range(replicas.count):
        # a comparison with NaN is false, so a first epoch without a finite error counts as the best until one has it
        if not curves.choosing[r] or deciding[r] < np.nanmin([*curves.choosing[r], np.inf]):
            curves.best[r] = replicas.weights(r)
            mx.eval(curves.best[r])
        curves.train_loss[r].append(float(losses[r]))
        curves.rmse[r].append(float(rmse[r]))
        if val is not None:
            curves.val_rmse[r].append(float(val[r]))


def _save(path: Path, signature: str, replicas: Replicas, curves: Curves) -> None:
    best = {f"best.{r}.{name}": w for r, weights in enumerate(curves.best) for name, w in weights.items()}
    seen = [curves.train_loss, curves.rmse, curves.val_rmse, curves.seconds, curves.resumed]
    checkpoints.save(path, signature, replicas.state() | best, seen)


def _restore(path: Path, signature: str, replicas: Replicas, curves: Curves) -> None:
    """Take up a checkpoint that is whole and this run's."""
    found = checkpoints.load(path, signature)
    if found is None:
        return
    arrays, seen = found
    try:
        train_loss, rmse, *val_rmse, seconds, resumed = seen  # earlier versions had no val_rmse
        best = [{name: arrays[f"best.{r}.{name}"] for name in replicas.names} for r in range(replicas.count)]
        replicas.restore(arrays)
    except (ValueError, KeyError, TypeError):
        return
    curves.train_loss, curves.rmse, curves.val_rmse, curves.best = train_loss, rmse, next(iter(val_rmse), []), best
    curves.seconds, curves.resumed = seconds, resumed + 1
