"""Tables 7a to 9: SCORE beside the native stack of the same depth."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from score_mlx.experiments.graph import Arch, GraphExperiment
from score_mlx.models.graphs.choices import Head, Readout
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.tables.table import Table


class StepsExperiment(GraphExperiment):
    """SCORE beside the native stack of one architecture at several depths."""

    kind: Literal["steps"]
    table_code: ClassVar[str | None] = "experiments/steps/table.py"
    draws: ClassVar[tuple[str, ...]] = ("steps",)
    drawing_code: ClassVar[tuple[str, ...]] = ("experiments/steps/drawing.py", "experiments/steps/table.py")
    arch: Arch
    steps: Annotated[list[Annotated[int, Field(ge=1, le=1000)]], Field(min_length=1)]
    readout: Readout = "molattfp"
    head: Head = "mlp"
    descriptors: bool = False

    def specs(self, config: Any, split: str) -> list[GraphSpec]:
        """Depth by depth, SCORE and native."""
        common = self.common(config, split)
        deep: list[dict[str, Any]] = [common | {"steps": steps} for steps in self.steps]
        return [GraphSpec(config.dataset_name, self.arch, c, **fields) for fields in deep for c in ("SCORE", "base")]

    @classmethod
    def table(cls, title: str, runs: Sequence[Any], paper: Path | None, top: int, not_run: Sequence[str]) -> Table:
        from score_mlx.experiments.steps import table

        printed = table.read_paper(paper) if paper else {}
        rows = table.steps_table(runs, printed)
        return Table(title, table.COLUMNS, rows, table.caption(runs), table.READABLE)

    @classmethod
    def draw(cls, drawing: str, runs: Sequence[Any], out: Path, title: str, paper: Path | None, line: Any) -> None:
        from score_mlx.experiments.steps import drawing as figure
        from score_mlx.experiments.steps import table

        figure.draw(runs, out, title=title, paper=table.read_paper(paper) if paper else {})
