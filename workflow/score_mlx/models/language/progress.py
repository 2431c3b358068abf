"""Progress of a language model's training: a bar or lines, and its losses in a file that can be looked at meanwhile."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

from score_mlx.models.language.training import History
from score_mlx.system.files import write_csv
from score_mlx.training.progress import Display, clock
from score_mlx.training.reporting import Reporter

COLUMNS = ("step", "seconds", "train_loss", "val_loss", "part_bpb", "val_bpb")


class Lines(Display):
    """Called after each step and each evaluation.

    Args:
        style, title, reporter: as of `Display`.
        progress: from the history to how much is done, 0 to 1.
        losses: file that holds all evaluations so far.
    """

    def __init__(
        self,
        style: str,
        title: str,
        progress: Callable[[History], float],
        losses: Path,
        reporter: Reporter | None = None,
    ):
        super().__init__(style, title, 100, "%", reporter)
        self.progress, self.losses = progress, losses
        self.first: float | None = None  # how much a resumed run had done at its start
        self.loss: float | None = None  # of no step yet

    def __call__(self, history: History, loss: float) -> None:
        """Tell of a step's loss (nats a token); NaN after an evaluation, which goes to the CSV and the reporter."""
        if math.isnan(loss) and history.evaluations and history.evaluations[-1]["step"] == history.step:
            write_csv(self.losses, COLUMNS, [[e.get(name) for name in COLUMNS] for e in history.evaluations])
            if self.reporter is not None:
                self.reporter.update(lambda: history.evaluations, last=self.progress(history) >= 1)
        else:
            before = self.loss
            self.loss = loss if before is None or not math.isfinite(before) else 0.95 * before + 0.05 * loss
        done, state = self.progress(history), self._state(history)
        self.first = done if self.first is None else self.first
        gained = done - self.first

        def line() -> str:
            left = clock((self.line - self.start) / gained * (1 - done)) if gained > 0 else "?"
            return f"{100 * done:.1f} %, {state}, {left} left"

        self.show(100 * min(done, 1), state, line)

    def _state(self, history: History) -> str:
        last = history.evaluations[-1] if history.evaluations else {}
        name = "part_bpb" if "part_bpb" in last else "val_loss"
        known = f", {name} {_shown(last[name])}" if name in last else ""
        loss = "" if self.loss is None else f", loss {_shown(self.loss)}"
        return f"step {history.step}{loss}{known}"


def _shown(loss: float) -> str:
    return f"{loss:.3f}" if math.isfinite(loss) else "not finite"
