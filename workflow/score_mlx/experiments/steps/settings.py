"""Tables 7a to 9: SCORE beside the native stack of the same depth."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from score_mlx.experiments.graph import Arch, GraphExperiment
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.runs.spec import Spec
from score_mlx.tables.table import Table


class StepsExperiment(GraphExperiment):
    """SCORE beside the native stack of one architecture at several depths."""

    kind: Literal["steps"]
    table_code: ClassVar[str | None] = "experiments/steps/table.py"
    draws: ClassVar[tuple[str, ...]] = ("steps",)
    drawing_code: ClassVar[tuple[str, ...]] = ("experiments/steps/drawing.py", "experiments/steps/table.py")
    arch: Arch
    steps: Annotated[list[Annotated[int, Field(ge=1, le=1000)]], Field(min_length=1)]
    readout: Literal[GraphSpec.CHOICES["readout"]] = "molattfp"
    head: Literal[GraphSpec.CHOICES["head"]] = "mlp"
    descriptors: bool = False

    def specs(self, config: Any, split: str) -> list[Spec]:
        """Depth by depth, SCORE and native."""
        common = self.common(config, split)
        pairs = [(steps, c) for steps in self.steps for c in ("SCORE", "base")]
        return [GraphSpec(config.dataset_name, self.arch, c, **common | {"steps": steps}) for steps, c in pairs]

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
