"""The training loop of language models: so many iterations, or so many seconds; evaluation, checkpoint, resume.

Graph networks train in epochs over replicas (`score_mlx.training.loop`); a language model is one model whose steps take
from a tenth of a second to many, so that checkpoints are taken between steps.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import mlx.core as mx
import mlx.nn as nn
from mlx.utils import tree_unflatten

from score_mlx.models.language.gpt import by_name
from score_mlx.models.language.optimizers.groups import Groups
from score_mlx.system import stopping
from score_mlx.training import checkpoints

CHECKPOINT_SECONDS = 60  # at most so much work, and a step, is lost to a kill; the environment may say otherwise


@dataclass
class History:
    """What has happened so far.

    Attributes:
        step: updates done.
        trained: seconds of training that count (the challenge's clock); its first step and evaluations do not.
        seconds: spent in all, all sessions together.
        resumed: how often a checkpoint was taken up.
        evaluations: one dictionary each, as `Task.evaluate` gives it, with `step` and `seconds` (trained).
        best: parameters at the lowest value so far of the task's measure.
    """

    step: int = 0
    trained: float = 0.0
    seconds: float = 0.0
    resumed: int = 0
    evaluations: list[dict[str, Any]] = field(default_factory=list)
    best: dict[str, mx.array] = field(default_factory=dict)


class Task(Protocol):
    """What a kind of run says for `fit` to train it."""

    groups: Groups
    measure: str  # what of an evaluation chooses the best weights

    @property
    def model(self) -> nn.Module:
        """What is trained."""
        ...

    def progress(self, history: History) -> float:
        """How much of the training is done, 0 to 1; it ends at 1."""
        ...

    def due(self, history: History) -> bool:
        """Whether to evaluate before the next step, or at the end."""
        ...

    def prepare_step(self, history: History) -> None:
        """Set learning rates."""

    def advance(self, step: int) -> mx.array:
        """Take step `step` (from 0), without computing it yet; its loss."""
        ...

    def evaluate(self, history: History) -> dict[str, Any]:
        """Losses now, the measure among them."""
        ...


def fit(task: Task, checkpoint: Path, signature: str, report: Callable[[History, float], None]) -> History:
    """Train to the end, from the checkpoint if there is one.

    Args:
        checkpoint: file written every `CHECKPOINT_SECONDS`, whole or not at all.
        signature: names the run; a checkpoint of another signature is not taken up.
        report: is told the history and the loss after each step, and after each evaluation.

    Raises:
        Stopped: SIGTERM came; the checkpoint holds the last whole step.
    """
    pause = checkpoints.pause(CHECKPOINT_SECONDS)
    history = History()
    _restore(checkpoint, signature, task, history)
    save = partial(_save, checkpoint, signature, task, history)
    try:
        with stopping.orderly():
            _to_the_end(task, history, report, save, pause)
    except stopping.Stopped:
        save()
        raise
    save()
    return history


def _to_the_end(
    task: Task, history: History, report: Callable[[History, float], None], save: Callable[[], None], pause: float
) -> None:
    """All steps and evaluations that are left; `save` is called whenever `pause` seconds have passed."""
    clock = saved = time.monotonic()
    while True:
        if task.due(history):
            _evaluate(task, history)
            report(history, float("nan"))
            stopping.point()
        if task.progress(history) >= 1:
            break
        task.prepare_step(history)
        start = time.monotonic()
        loss = _step(task, history.step)
        now = time.monotonic()
        if history.step:  # the first one compiles
            history.trained += now - start
        history.step += 1
        report(history, loss)
        history.seconds, clock = history.seconds + now - clock, now
        stopping.point()
        if now - saved > pause:
            save()
            saved = time.monotonic()
    history.seconds += time.monotonic() - clock


def stepper(task: Task) -> Callable[[], object]:
    """What takes one step after the other of a fresh task, each to its end; for measurements."""
    history = History()

    def take() -> None:
        task.prepare_step(history)
        _step(task, history.step)
        history.step += 1

    return take


def _step(task: Task, step: int) -> float:
    loss = task.advance(step)
    mx.eval(task.model.parameters(), task.groups.arrays(), loss)
    return float(loss)


def _evaluate(task: Task, history: History) -> None:
    found = task.evaluate(history)
    known = [e[task.measure] for e in history.evaluations if not math.isnan(e[task.measure])]
    if not history.best or found[task.measure] <= min(known, default=math.inf):  # NaN never is
        history.best = by_name(task.model)
        mx.eval(history.best)
    history.evaluations.append({"step": history.step, "seconds": history.trained} | found)


def _save(path: Path, signature: str, task: Task, history: History) -> None:
    arrays = {f"best.{name}": value for name, value in history.best.items()}
    arrays |= {f"model.{name}": value for name, value in by_name(task.model).items()}
    arrays |= {f"optimizer.{name}": value for name, value in task.groups.arrays().items()}
    seen = [history.step, history.trained, history.seconds, history.resumed, history.evaluations]
    checkpoints.save(path, signature, arrays, seen)


def _restore(path: Path, signature: str, task: Task, history: History) -> None:
    found = checkpoints.load(path, signature)
    if found is None:
        return
    arrays, (history.step, history.trained, history.seconds, resumed, history.evaluations) = found
    history.resumed = resumed + 1
    history.best = _part(arrays, "best.")
    task.model.update(tree_unflatten(list(_part(arrays, "model.").items())))
    task.groups.restore(_part(arrays, "optimizer."))


def _part(arrays: dict[str, mx.array], prefix: str) -> dict[str, mx.array]:
    return {name.removeprefix(prefix): value for name, value in arrays.items() if name.startswith(prefix)}
