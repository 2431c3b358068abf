"""Figures 3 and 4: losses of GPTs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

from score_mlx.experiments.base import FigureName
from score_mlx.experiments.text import TextExperiment


class LossesExperiment(TextExperiment):
    """Curves of training and validation loss (Figures 3 and 4)."""

    kind: Literal["losses"]
    draws: ClassVar[tuple[str, ...]] = ("losses",)
    drawing_code: ClassVar[tuple[str, ...]] = ("experiments/losses/drawing.py",)
    figure: FigureName  # pyright: ignore[reportGeneralTypeIssues]  # must be given here

    @classmethod
    def draw(cls, drawing: str, runs: Sequence[Any], out: Path, title: str, paper: Path | None, line: Any) -> None:
        from score_mlx.experiments.losses import drawing as figure

        figure.draw(runs, out, title=title)
