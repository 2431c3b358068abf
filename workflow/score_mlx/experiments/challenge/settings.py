"""Table 12, Figure 5: the five-minute challenge."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

from score_mlx.experiments.text import TextExperiment
from score_mlx.tables.table import Table


class ChallengeExperiment(TextExperiment):
    """Bits a byte that so many seconds give (Table 12, Figure 5)."""

    kind: Literal["challenge"]
    table_code: ClassVar[str | None] = "experiments/challenge/table.py"
    draws: ClassVar[tuple[str, ...]] = ("challenge",)
    drawing_code: ClassVar[tuple[str, ...]] = ("experiments/challenge/drawing.py",)

    @classmethod
    def table(cls, title: str, runs: Sequence[Any], paper: Path | None, top: int, not_run: Sequence[str]) -> Table:
        from score_mlx.experiments.challenge import table

        printed = table.read_paper(paper) if paper else {}
        rows = table.challenge_table(runs, printed)
        return Table(title, table.COLUMNS, rows, table.caption(runs), table.READABLE)

    @classmethod
    def draw(cls, drawing: str, runs: Sequence[Any], out: Path, title: str, paper: Path | None, line: Any) -> None:
        from score_mlx.experiments.challenge import drawing as figure

        figure.draw(runs, out, title=title)
