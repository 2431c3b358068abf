"""Tables 10 and 11: character models."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

from score_mlx.experiments.losses.settings import LossesExperiment
from score_mlx.experiments.text import TextExperiment
from score_mlx.tables.table import Table


class CharactersExperiment(TextExperiment):
    """Losses and generated text of character models (Tables 10 and 11)."""

    kind: Literal["characters"]
    table_code: ClassVar[str | None] = "experiments/characters/table.py"
    draws: ClassVar[tuple[str, ...]] = ("losses",)
    drawing_code: ClassVar[tuple[str, ...]] = ("experiments/losses/drawing.py",)

    @classmethod
    def table(cls, title: str, runs: Sequence[Any], paper: Path | None, top: int, not_run: Sequence[str]) -> Table:
        from score_mlx.experiments.characters import table

        printed = table.read_paper(paper) if paper else {}
        rows = table.characters_table(runs, printed)
        texts = table.written(rows)
        return Table(title, table.COLUMNS, rows, table.caption(runs), table.READABLE, texts=texts)

    @classmethod
    def draw(cls, drawing: str, runs: Sequence[Any], out: Path, title: str, paper: Path | None, line: Any) -> None:
        LossesExperiment.draw(drawing, runs, out, title, paper, line)
