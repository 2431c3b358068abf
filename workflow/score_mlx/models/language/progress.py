"""Progress of a language model's training: a bar or lines, and its losses in a file that can be looked at meanwhile."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tqdm import tqdm

from score_mlx.models.language.training import History
from score_mlx.system.files import write_csv
from score_mlx.training.progress import LINE_SECONDS, clock
from score_mlx.training.reporting import Reporter

COLUMNS = ("step", "seconds", "train_loss", "val_loss", "part_bpb", "val_bpb")


class Lines:
    """Called after each step and each evaluation.

    Args:
        style: `bar`, `lines`, `none`, or `auto`: a bar where standard error is a terminal, lines elsewhere.
        title: what is trained.
        progress: from the history to how much is done, 0 to 1.
        losses: file that holds all evaluations so far.
        reporter: is given the evaluations as well.
    """

    def __init__(
        self,
        style: str,
        title: str,
        progress: Callable[[History], float],
        losses: Path,
        reporter: Reporter | None = None,
    ):
        self.reporter = reporter
        self.style = ("bar" if sys.stderr.isatty() else "lines") if style == "auto" else style
        self.title, self.progress, self.losses = title, progress, losses
        self.bar = tqdm(total=100, desc=title, unit="%") if self.style == "bar" else None
        self.start, self.line, self.first = time.monotonic(), -math.inf, None
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
        done = self.progress(history)
        self.first = done if self.first is None else self.first
        if self.bar is not None:
            self.bar.set_postfix_str(self._state(history), refresh=False)
            self.bar.update(100 * min(done, 1) - self.bar.n)
        elif self.style == "lines" and time.monotonic() - self.line > LINE_SECONDS:
            self.line = time.monotonic()
            gained = done - self.first
            left = clock((self.line - self.start) / gained * (1 - done)) if gained > 0 else "?"
            print(f"{self.title}: {100 * done:.1f} %, {self._state(history)}, {left} left", flush=True)

    def _state(self, history: History) -> str:
        last = history.evaluations[-1] if history.evaluations else {}
        name = "part_bpb" if "part_bpb" in last else "val_loss"
        known = f", {name} {_shown(last[name])}" if name in last else ""
        loss = "" if self.loss is None else f", loss {_shown(self.loss)}"
        return f"step {history.step}{loss}{known}"

    def close(self) -> None:
        """End the bar and the report."""
        if self.bar is not None:
            self.bar.close()
        if self.reporter is not None:
            self.reporter.close()


def _shown(loss: float) -> str:
    return f"{loss:.3f}" if math.isfinite(loss) else "not finite"
