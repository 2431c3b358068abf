"""Progress of training: a bar in a terminal, plain lines in a log."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Mapping, Sequence

from tqdm import tqdm

from score_mlx.system.digits import digits
from score_mlx.training.reporting import Point, Reporter

LINE_SECONDS = 20  # between two lines of a log


class Display:
    """A bar or lines, and a reporter of curves.

    Args:
        style: `bar`, `lines`, `none`, or `auto`: a bar where standard error is a terminal, lines elsewhere.
        title: what is trained.
        total: the bar's length, in `unit`.
        reporter: is given the curves as well.
    """

    def __init__(self, style: str, title: str, total: int, unit: str, reporter: Reporter | None):
        self.style = ("bar" if sys.stderr.isatty() else "lines") if style == "auto" else style
        self.title, self.total, self.reporter = title, total, reporter
        self.bar = tqdm(total=total, desc=title, unit=unit) if self.style == "bar" else None
        self.start, self.line = time.monotonic(), -math.inf

    def show(self, done: float, state: str, line: Callable[[], str], *, now: bool = False) -> None:
        """Move the bar to `done` with `state` beside it, or print `line()` every `LINE_SECONDS` or `now`."""
        if self.bar is not None:
            self.bar.set_postfix_str(state, refresh=False)
            self.bar.update(done - self.bar.n)
        elif self.style == "lines" and (now or time.monotonic() - self.line > LINE_SECONDS):
            self.line = time.monotonic()
            print(f"{self.title}: {line()}", flush=True)

    def close(self) -> None:
        """End the bar and the report."""
        if self.bar is not None:
            self.bar.close()
        if self.reporter is not None:
            self.reporter.close()


class Progress(Display):
    """Epochs done over all folds, the metric so far, the time left.

    Args:
        style, title, reporter: as of `Display`.
        total: epochs in all, those of folds side by side counted once.
        epochs: of each fold.
    """

    def __init__(self, style: str, title: str, total: int, epochs: int, reporter: Reporter | None = None):
        super().__init__(style, title, total, "epoch", reporter)
        self.points: list[Point] = []
        self.folds: list[int] = []
        self.epochs, self.name = epochs, ""
        self._group_start = self.done = 0

    def group(self, folds: list[int]) -> None:
        """The folds that train from now on."""
        self.folds = folds
        self.name = f"folds {folds[0]}-{folds[-1]}" if len(folds) > 1 else f"fold {folds[0]}"
        self._group_start = self.done

    def epoch(self, epoch: int, best: list[float], last: list[float], metric: str = "rmse") -> None:
        """Epoch `epoch` (from 1) of the present folds is done; the metric of each, at the best so far and the last."""
        self.done = self._group_start + epoch
        state = f"{metric} {digits(_mean(last))}, best {digits(_mean(best))}"

        def line() -> str:
            left = (self.line - self.start) / self.done * (self.total - self.done)
            return f"{self.name} epoch {epoch}/{self.epochs}, {state}, {clock(left)} left"

        self.show(self.done, f"{self.name} {state}", line, now=epoch == self.epochs)

    def curves(self, measured: Mapping[str, Sequence[Sequence[float]]], *, last: bool = False) -> None:
        """What was measured of the present folds, for the reporter.

        Args:
            measured: name -> for each fold one value an epoch.
            last: no more epoch of these folds follows.
        """
        if self.reporter is None:
            return
        self.reporter.update(lambda: [*self.points, *_points(self.folds, measured)], last=last)
        if last:
            self.points += _points(self.folds, measured)


def _points(folds: Sequence[int], measured: Mapping[str, Sequence[Sequence[float]]]) -> list[Point]:
    """Epoch by epoch (from 1), fold by fold."""
    epochs = min(len(values) for curves in measured.values() for values in curves)
    return [
        {"epoch": epoch + 1, "fold": fold} | {name: curves[r][epoch] for name, curves in measured.items()}
        for epoch in range(epochs)
        for r, fold in enumerate(folds)
    ]


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def clock(seconds: float) -> str:
    """H:MM:SS, or M:SS below an hour."""
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
