"""One training loop: epochs over replicas, with progress, checkpoint and resume to the same bytes."""

# pyright: reportUnknownMemberType=false
# MLX's stubs leave arguments of some functions untyped.
from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self

import mlx.core as mx
import numpy as np

from score_mlx.system import stopping
from score_mlx.training import checkpoints
from score_mlx.training.progress import Progress
from score_mlx.training.replicas import Arrays, Loss, Replicas

CHECKPOINT_SECONDS = 30  # at most so much work is lost to a kill; the environment may say otherwise


class Task(Protocol):
    """What a family of models must say for `fit` to train it."""

    epochs: int

    def replicas(self) -> Replicas:
        """Freshly initialised models."""
        ...

    def batches(self, epoch: int) -> Iterator[tuple[Arrays, mx.array, Loss]]:
        """(arrays, keys, loss) of each step of an epoch (from 0); arrays and keys with a leading replica axis."""
        ...

    def rmse(self, replicas: Replicas) -> np.ndarray:
        """(R,) root mean squared error on each replica's test molecules."""
        ...

    def val_rmse(self, replicas: Replicas) -> np.ndarray | None:
        """(R,) the same on the molecules that choose the epoch, None where the test molecules do."""
        ...


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

    @classmethod
    def fresh(cls, count: int) -> Self:
        """Before the first epoch of `count` replicas."""
        return cls([[] for _ in range(count)], [[] for _ in range(count)], best=[{}] * count)

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


@dataclass(frozen=True)
class Share:
    """Replicas of one run among those that train side by side.

    Attributes:
        checkpoint: file written every `CHECKPOINT_SECONDS`, or as often as the environment's SCORE_CHECKPOINT_SECONDS
            says, whole or not at all; the same as if the run trained alone.
        signature: names the run; a checkpoint of another signature is not taken up.
        count: of its replicas.
    """

    checkpoint: Path
    signature: str
    count: int


def fit(task: Task, shares: list[Share], progress: Progress) -> tuple[Replicas, list[Curves]]:
    """Train `task` to its last epoch, from its checkpoints if there are any.

    Args:
        shares: the runs that train side by side, in the order of their replicas. Their checkpoints are taken up only
            if all of them are of the same epoch.
        progress: told of every epoch.

    Returns:
        The trained replicas and the curves of each share.

    Raises:
        UserError: SCORE_CHECKPOINT_SECONDS is no number.
        Stopped: SIGTERM came; the epoch that it came in is in the checkpoint.
    """
    pause = checkpoints.pause(CHECKPOINT_SECONDS)
    replicas = task.replicas()
    each = _restore(shares, replicas) or [Curves.fresh(share.count) for share in shares]
    clock = saved = time.monotonic()
    with stopping.orderly():
        for epoch in range(each[0].epochs, task.epochs):
            losses = run_epoch(task, replicas, epoch)
            _note(each, losses.mean(axis=0), task.rmse(replicas), task.val_rmse(replicas), replicas)
            best = [curves.at_best(r) for curves in each for r in range(len(curves.rmse))]
            progress.epoch(epoch + 1, best, [values[-1] for curves in each for values in curves.rmse])
            progress.curves(_measured(each))
            now = time.monotonic()
            for curves, share in zip(each, shares, strict=True):
                curves.seconds += (now - clock) * share.count / replicas.count
            clock = now
            if now - saved > pause or epoch + 1 == task.epochs or stopping.asked():
                _save(shares, replicas, each)
                saved = now
            stopping.point()
    progress.curves(_measured(each), last=True)
    return replicas, each


def _measured(each: list[Curves]) -> dict[str, list[list[float]]]:
    """What was measured of the replicas of all shares."""
    return {name: [curve for curves in each for curve in curves.measured[name]] for name in each[0].measured}


def run_epoch(task: Task, replicas: Replicas, epoch: int) -> np.ndarray:
    """All steps of an epoch: (steps, R) losses, each before its step."""
    losses: list[mx.array] = []
    for arrays, keys, loss in task.batches(epoch):
        losses.append(replicas.step(loss, arrays, keys))
        # A step is put together while the one before it computes; no more than that, for the memory.
        mx.async_eval(replicas.flat, losses[-1])
        mx.eval(losses[-2:-1])
    return np.array(mx.stack(losses), np.float32)


def _note(each: list[Curves], losses: np.ndarray, rmse: np.ndarray, val: np.ndarray | None, replicas: Replicas) -> None:
    places = [(curves, r) for curves in each for r in range(len(curves.rmse))]
    for place, (curves, r) in enumerate(places):
        if val is not None and not curves.val_rmse:
            curves.val_rmse = [[] for _ in curves.rmse]
        deciding = rmse[place] if val is None else val[place]
        # a comparison with NaN is false, so a first epoch without a finite error counts as the best until one has it
        if not curves.choosing[r] or deciding < np.nanmin([*curves.choosing[r], np.inf]):
            curves.best[r] = replicas.weights(place)
            mx.eval(curves.best[r])
        curves.train_loss[r].append(float(losses[place]))
        curves.rmse[r].append(float(rmse[place]))
        if val is not None:
            curves.val_rmse[r].append(float(val[place]))


def _save(shares: list[Share], replicas: Replicas, each: list[Curves]) -> None:
    first = 0
    for share, curves in zip(shares, each, strict=True):
        best = {f"best.{r}.{name}": w for r, weights in enumerate(curves.best) for name, w in weights.items()}
        seen = [curves.train_loss, curves.rmse, curves.val_rmse, curves.seconds, curves.resumed]
        checkpoints.save(share.checkpoint, share.signature, replicas.state(first, share.count) | best, seen)
        first += share.count


def epochs_done(share: Share) -> int:
    """How many epochs a share's checkpoint has seen; 0 where there is none that is whole and its own."""
    found = checkpoints.load(share.checkpoint, share.signature)
    try:
        return len(found[1][1][0]) if found else 0
    except (IndexError, TypeError):
        return 0


def _restore(shares: list[Share], replicas: Replicas) -> list[Curves] | None:
    """Take up the checkpoints, if every one of them is whole, its share's, and of the same epoch."""
    found = [checkpoints.load(share.checkpoint, share.signature) for share in shares]
    whole = [checkpoint for checkpoint in found if checkpoint is not None]
    if len(whole) < len(found):
        return None
    try:
        each = [_curves(seen, arrays, replicas.names, s.count) for (arrays, seen), s in zip(whole, shares, strict=True)]
        if len({curves.epochs for curves in each}) > 1:
            return None
        replicas.restore(*(arrays for arrays, _ in whole))
    except (ValueError, KeyError, TypeError, IndexError):
        return None
    return each


def _curves(seen: list[Any], arrays: dict[str, mx.array], names: list[str], count: int) -> Curves:
    train_loss, rmse, *val_rmse, seconds, resumed = seen  # earlier versions had no val_rmse
    val: list[list[float]] = val_rmse[0] if val_rmse else []
    best = [{name: arrays[f"best.{r}.{name}"] for name in names} for r in range(count)]
    return Curves(train_loss, rmse, val, best, seconds, resumed + 1)
