"""Tables 2 to 5: every architecture in every configuration."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from score_mlx.experiments.graph import Arch, GraphExperiment
from score_mlx.models.graphs.choices import Configuration, Head, Readout
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.tables.table import Table


class ModelsExperiment(GraphExperiment):
    """Every architecture of graph networks in every configuration."""

    kind: Literal["models"]
    table_code: ClassVar[str | None] = "experiments/models/table.py"
    draws: ClassVar[tuple[str, ...]] = ("configurations",)
    drawing_code: ClassVar[tuple[str, ...]] = ("experiments/models/drawing.py", "experiments/models/table.py")
    readout: Readout = "molattfp"
    head: Head = "score_mlp"
    descriptors: bool = False
    archs: Annotated[list[Arch], Field(min_length=1)]
    configs: Annotated[list[Configuration], Field(min_length=1)]

    def specs(self, config: Any, split: str) -> list[GraphSpec]:
        """Architecture by architecture."""
        common = self.common(config, split)
        return [GraphSpec(config.dataset_name, a, c, **common) for a in self.archs for c in self.configs]

    @classmethod
    def table(cls, title: str, runs: Sequence[Any], paper: Path | None, top: int, not_run: Sequence[str]) -> Table:
        from score_mlx.experiments.models import table

        printed = table.read_paper(paper) if paper else {}
        rows = table.model_table(runs, printed, top=top, not_run=not_run)
        return Table(title, table.columns(runs), rows, table.caption(runs, top), table.readable(runs))

    @classmethod
    def draw(cls, drawing: str, runs: Sequence[Any], out: Path, title: str, paper: Path | None, line: Any) -> None:
        from score_mlx.experiments.models import drawing as figure
        from score_mlx.experiments.models import table

        figure.draw(runs, out, title=title, paper=table.read_paper(paper) if paper else {}, baseline=line)
