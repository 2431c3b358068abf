"""One training loop: epochs over replicas, with progress, checkpoint and resume to the same bytes."""

# pyright: reportUnknownMemberType=false
# MLX's stubs leave arguments of some functions untyped.
from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self

import mlx.core as mx
import numpy as np

from score_mlx.runs.objective import Metric
from score_mlx.system import stopping
from score_mlx.training import checkpoints
from score_mlx.training.progress import Progress
from score_mlx.training.replicas import Arrays, Loss, Replicas

PLAIN = "rmse"  # the metric whose name checkpoints leave out
CHECKPOINT_SECONDS = 30  # at most so much work is lost to a kill; the environment may say otherwise


class Task(Protocol):
    """The methods that `fit` needs to train a family of models."""

    epochs: int

    @property
    def metric(self) -> Metric:
        """What chooses the best epoch: one of those that are measured."""
        ...

    def replicas(self) -> Replicas:
        """Freshly initialised models."""
        ...

    def batches(self, epoch: int) -> Iterator[tuple[Arrays | list[Arrays], mx.array, Loss]]:
        """(arrays, keys, loss) of each step of an epoch (from 0); arrays and keys with a leading replica axis."""
        ...

    def measure(self, replicas: Replicas) -> Mapping[str, np.ndarray]:
        """(R,) values of each metric on each replica's test molecules."""
        ...

    def measure_val(self, replicas: Replicas) -> Mapping[str, np.ndarray] | None:
        """The same on the molecules that choose the epoch, None where the test molecules do."""
        ...


Series = list[list[float]]  # for each replica one value an epoch


@dataclass
class Curves:
    """The curves so far, and each replica's weights at its best epoch.

    Attributes:
        metric: what chooses the best epoch.
        train_loss: for each replica one value an epoch.
        test: the same of each metric, by its key.
        val: the same on the molecules that choose the best epoch; empty where the test molecules do.
        best: for each replica its parameters by name.
        seconds: spent so far, all sessions together.
        resumed: how often a checkpoint was taken up.
    """

    metric: Metric
    train_loss: Series
    test: dict[str, Series] = field(default_factory=dict)
    val: dict[str, Series] = field(default_factory=dict)
    best: list[dict[str, mx.array]] = field(default_factory=list)
    seconds: float = 0.0
    resumed: int = 0

    @classmethod
    def fresh(cls, metric: Metric, count: int) -> Self:
        """Before the first epoch of `count` replicas."""
        return cls(metric, [[] for _ in range(count)], best=[{} for _ in range(count)])

    @property
    def epochs(self) -> int:
        """How many epochs are done."""
        return len(self.train_loss[0])

    @property
    def measured(self) -> dict[str, Series]:
        """Name -> for each replica one value an epoch."""
        return {"train_loss": self.train_loss, **self.test} | {f"val_{key}": series for key, series in self.val.items()}

    def chosen_by(self, r: int) -> list[float]:
        """A replica's values of what chooses its best epoch, as errors: the least is the best."""
        series = (self.val or self.test).get(self.metric.key)
        return [self.metric.error(value) for value in series[r]] if series else []

    def last(self, r: int) -> float:
        """A replica's metric after the last epoch."""
        return self.test[self.metric.key][r][-1]

    def at_best(self, r: int) -> float:
        """The metric of a replica's test molecules at its best epoch, by the rule of `_note`."""
        chosen = self.chosen_by(r)
        known = [epoch for epoch, value in enumerate(chosen) if not np.isnan(value)]
        return self.test[self.metric.key][r][min(known, key=chosen.__getitem__, default=0)]

    def add(self, r: int, loss: float, test: Mapping[str, float], val: Mapping[str, float] | None) -> bool:
        """Note an epoch of a replica; whether it is the best so far."""
        before = self.chosen_by(r)
        self.train_loss[r].append(loss)
        for series, values in ((self.test, test), (self.val, val or {})):
            for key, value in values.items():
                series.setdefault(key, [[] for _ in self.train_loss])[r].append(value)
        # a comparison with NaN is false, so a first epoch without a finite value counts as the best until one has it
        return not before or self.chosen_by(r)[-1] < np.nanmin([*before, np.inf])


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
        progress: called after every epoch.

    Returns:
        The trained replicas and the curves of each share.

    Raises:
        UserError: SCORE_CHECKPOINT_SECONDS is no number.
        Stopped: SIGTERM came; the epoch that it came in is in the checkpoint.
    """
    pause = checkpoints.pause(CHECKPOINT_SECONDS)
    replicas = task.replicas()
    each = _restore(shares, replicas, task.metric) or [Curves.fresh(task.metric, share.count) for share in shares]
    clock = saved = time.monotonic()
    with stopping.orderly():
        for epoch in range(each[0].epochs, task.epochs):
            losses = run_epoch(task, replicas, epoch)
            _note(each, losses.mean(axis=0), task.measure(replicas), task.measure_val(replicas), replicas)
            places = [(curves, r) for curves in each for r in range(len(curves.train_loss))]
            best, last = [curves.at_best(r) for curves, r in places], [curves.last(r) for curves, r in places]
            progress.epoch(epoch + 1, best, last, task.metric.key)
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


def _measured(each: list[Curves]) -> dict[str, Series]:
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


def _note(
    each: list[Curves],
    losses: np.ndarray,
    test: Mapping[str, np.ndarray],
    val: Mapping[str, np.ndarray] | None,
    replicas: Replicas,
) -> None:
    places = [(curves, r) for curves in each for r in range(len(curves.train_loss))]
    for place, (curves, r) in enumerate(places):
        ours, chosen_by = (
            {key: float(values[place]) for key, values in (found or {}).items()} for found in (test, val)
        )
        if curves.add(r, float(losses[place]), ours, chosen_by):
            curves.best[r] = replicas.weights(place)
            mx.eval(curves.best[r])


def _save(shares: list[Share], replicas: Replicas, each: list[Curves]) -> None:
    first = 0
    for share, curves in zip(shares, each, strict=True):
        best = {f"best.{r}.{name}": w for r, weights in enumerate(curves.best) for name, w in weights.items()}
        seen = [curves.train_loss, _plain(curves.test), _plain(curves.val), curves.seconds, curves.resumed]
        checkpoints.save(share.checkpoint, share.signature, replicas.state(first, share.count) | best, seen)
        first += share.count


def _plain(series: dict[str, Series]) -> dict[str, Series] | Series:
    """The form in checkpoints: RMSE, once the only metric, is stored without its name."""
    return series[PLAIN] if list(series) == [PLAIN] else series


def _named(series: dict[str, Series] | Series) -> dict[str, Series]:
    """The reverse of `_plain`."""
    return series if isinstance(series, dict) else {PLAIN: series} if series else {}


def epochs_done(share: Share) -> int:
    """How many epochs a share's checkpoint has seen; 0 where there is none that is whole and its own."""
    found = checkpoints.load(share.checkpoint, share.signature)
    try:
        return len(found[1][0][0]) if found else 0
    except (IndexError, TypeError):
        return 0


def _restore(shares: list[Share], replicas: Replicas, metric: Metric) -> list[Curves] | None:
    """Take up the checkpoints, if every one of them is whole, its share's, and of the same epoch."""
    found = [checkpoints.load(share.checkpoint, share.signature) for share in shares]
    whole = [checkpoint for checkpoint in found if checkpoint is not None]
    if len(whole) < len(found):
        return None
    try:
        pairs = zip(whole, shares, strict=True)
        each = [_curves(metric, seen, arrays, replicas.names, s.count) for (arrays, seen), s in pairs]
        if len({curves.epochs for curves in each}) > 1:
            return None
        replicas.restore(*(arrays for arrays, _ in whole))
    except (ValueError, KeyError, TypeError, IndexError):
        return None
    return each


def _curves(metric: Metric, seen: list[Any], arrays: dict[str, mx.array], names: list[str], count: int) -> Curves:
    train_loss, test, *val, seconds, resumed = seen  # earlier versions had nothing of val
    best = [{name: arrays[f"best.{r}.{name}"] for name in names} for r in range(count)]
    return Curves(metric, train_loss, _named(test), _named(val[0] if val else []), best, seconds, resumed + 1)
