"""Live curves of a run: JSON lines in a file, TensorBoard, or Weights & Biases.

A reporter gets all points so far at each call and passes on the new ones. So a run that was killed and goes on
from its checkpoint gives the same curves as one that was not: files are written anew, and a server is sent no point
twice.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import shutil
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from score_mlx.runs.records import finite
from score_mlx.system.errors import UserError
from score_mlx.system.files import write_text

Point = Mapping[str, float | int | None]  # `epoch` or `step`, perhaps `fold`, and what was measured then
PLACES = ("epoch", "step")
PAUSE = 1.0  # seconds between two reports, so that epochs of a tenth of a second lose no time
FILE, FOLDER = "curves.jsonl", "tensorboard"


class Reporter(ABC):
    """Where points go.

    Args:
        folder: of the run.
        title: of the run, for people.
        settings: what is trained.
    """

    def __init__(self, folder: Path, title: str, settings: Mapping[str, Any]):
        self.folder, self.title, self.settings = folder, title, settings
        self.time = 0.0

    def update(self, points: Callable[[], Sequence[Point]], *, last: bool = False) -> None:
        """Report if it is time to.

        Args:
            points: makes all points so far, in the order in which they came; only asked when it is time.
            last: report now, since nothing follows.
        """
        now = time.monotonic()
        if last or now - self.time >= PAUSE:
            self.send(points())
            self.time = now

    @abstractmethod
    def send(self, points: Sequence[Point]) -> None:
        """Pass on the new ones of all `points` so far."""

    @abstractmethod
    def close(self) -> None:
        """End the report."""


class Silent(Reporter):
    """Reports nothing."""

    def send(self, points: Sequence[Point]) -> None:
        """Pass on nothing."""

    def close(self) -> None:
        """End nothing."""


class JsonLines(Reporter):
    """curves.jsonl beside the record: one object a line, replaced as a whole, so that no reader sees half a line."""

    def send(self, points: Sequence[Point]) -> None:
        """Write the file anew."""
        rows = [{name: _value(value) for name, value in point.items()} for point in points]
        write_text(self.folder / FILE, "".join(json.dumps(row) + "\n" for row in rows))

    def close(self) -> None:
        """Leave the file as it is."""


class TensorBoard(Reporter):
    """Event files below the run, written anew by each process: `tensorboard --logdir results/runs`."""

    def __init__(self, folder: Path, title: str, settings: Mapping[str, Any]):
        super().__init__(folder, title, settings)
        library = _library("tensorboard.summary", "tensorboard")
        shutil.rmtree(folder / FOLDER, ignore_errors=True)
        self.writer, self.sent = library.Writer(str(folder / FOLDER)), 0

    def send(self, points: Sequence[Point]) -> None:
        """Write the new points."""
        for point in points[self.sent :]:
            _, step, values = split(point)
            for name, value in values.items():
                self.writer.add_scalar(name, value, step)
        self.sent = len(points)
        self.writer.flush()

    def close(self) -> None:
        """Close the file."""
        self.writer.close()


class WeightsAndBiases(Reporter):
    """A run of the project `score-mlx` at wandb.ai, or on this machine with WANDB_MODE=offline.

    The points of one epoch are sent together. Folds may train one after the other, so the epoch is a value like the
    others and not the library's own step, which must not go back.
    """

    def __init__(self, folder: Path, title: str, settings: Mapping[str, Any]):
        super().__init__(folder, title, settings)
        identity = hashlib.sha256(folder.resolve().as_posix().encode()).hexdigest()[:16]
        self.run = _library("wandb", "wandb").init(
            project="score-mlx", name=title, id=identity, resume="allow", dir=str(folder), config=dict(settings)
        )
        self.sent = int(self.run.step)  # of an earlier process, where the server knows the run

    def send(self, points: Sequence[Point]) -> None:
        """Send the new points."""
        together = [list(group) for _, group in groupby(map(split, points), key=lambda point: point[:2])]
        for group in together[self.sent :]:
            place, step, _ = group[0]
            self.run.log({place: step} | {name: value for _, _, values in group for name, value in values.items()})
        self.sent = max(self.sent, len(together))

    def close(self) -> None:
        """End the run there too."""
        self.run.finish()


REPORTERS: dict[str, type[Reporter]] = {
    "none": Silent,
    "jsonl": JsonLines,
    "tensorboard": TensorBoard,
    "wandb": WeightsAndBiases,
}


def split(point: Point) -> tuple[str, int, dict[str, float]]:
    """Name of the axis, position of a point on it, and its finite values, those of a fold as `fold0/rmse`."""
    place = next(name for name in PLACES if name in point)
    prefix = f"fold{point['fold']}/" if "fold" in point else ""
    known = {name: _value(value) for name, value in point.items() if name not in (*PLACES, "fold")}
    finite_ones = {prefix + name: value for name, value in known.items() if value is not None}
    return place, int(point[place] or 0), finite_ones


def _value(value: float | int | None) -> float | int | None:
    return finite(value) if isinstance(value, float) else value


def _library(module: str, package: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as reason:
        raise UserError(f"--report-to {package}: {reason}; pip install {package}") from None
