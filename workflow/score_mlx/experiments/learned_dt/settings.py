"""Learned step sizes beside fixed ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from score_mlx.experiments.graph import Arch, GraphExperiment
from score_mlx.models.graphs.choices import Head, Readout
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.tables.table import Table


class LearnedDtExperiment(GraphExperiment):
    """SCORE with learned step sizes beside the same with fixed ones."""

    kind: Literal["learned_dt"]
    table_code: ClassVar[str | None] = "experiments/learned_dt/table.py"
    archs: Annotated[list[Arch], Field(min_length=1)]
    readout: Readout = "molattfp"
    head: Head = "mlp"

    def specs(self, config: Any, split: str) -> list[GraphSpec]:
        """Architecture by architecture, learned and fixed."""
        common = self.common(config, split)
        pairs = [(arch, learn) for arch in self.archs for learn in (True, False)]
        return [GraphSpec(config.dataset_name, a, "SCORE", **common, learn_dt=learn) for a, learn in pairs]

    @classmethod
    def table(cls, title: str, runs: Sequence[Any], paper: Path | None, top: int, not_run: Sequence[str]) -> Table:
        from score_mlx.experiments.learned_dt import table

        rows = table.learned_table(runs)
        return Table(title, table.columns(runs), rows, table.caption(runs), table.READABLE)
