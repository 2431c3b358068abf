"""Table 6: how many times faster SCORE learns."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from score_mlx.experiments.base import FigureName
from score_mlx.experiments.graph import Arch, GraphExperiment
from score_mlx.models.graphs.choices import Head
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.runs.spec import Spec
from score_mlx.tables.table import Table


class SpeedupExperiment(GraphExperiment):
    """SCORE beside the native stack, with and without descriptors: how many times faster it learns."""

    kind: Literal["speedup"]
    of_classes: ClassVar[bool] = False  # its factors are read from curves of errors
    table_code: ClassVar[str | None] = "experiments/speedup/table.py"
    draws: ClassVar[tuple[str, ...]] = ("forms", "warp")
    drawing_code: ClassVar[tuple[str, ...]] = ("experiments/speedup/drawing.py",)
    molattfp: list[Arch] = []  # with this readout; all others pool by a sum
    head: Head = "mlp"
    curves: Annotated[dict[FigureName, Arch], Field(min_length=1)]
    warp: dict[FigureName, Arch] = {}  # without descriptors

    def specs(self, config: Any, split: str) -> list[GraphSpec]:
        """Architecture by architecture, with and without descriptors, native and SCORE."""
        common = self.common(config, split)
        readouts = {arch: "molattfp" if arch in self.molattfp else "sum" for arch in self.curves.values()}
        return [
            GraphSpec(config.dataset_name, arch, c, **common, readout=readout, descriptors=descriptors)
            for arch, readout in readouts.items()
            for descriptors in (True, False)
            for c in ("base", "SCORE")
        ]

    @property
    def drawings(self) -> dict[str, str]:
        return dict.fromkeys(self.curves, "forms") | dict.fromkeys(self.warp, "warp")

    def shows(self, figure: str, spec: Spec) -> bool:
        shown = spec.as_dict()
        if figure in self.warp:
            return shown["arch"] == self.warp[figure] and not shown["descriptors"]
        return shown["arch"] == self.curves[figure]

    @classmethod
    def table(cls, title: str, runs: Sequence[Any], paper: Path | None, top: int, not_run: Sequence[str]) -> Table:
        from score_mlx.experiments.speedup import table

        printed = table.read_paper(paper) if paper else {}
        rows = table.speedup_table(runs, printed)
        return Table(title, table.COLUMNS, rows, table.caption(runs), table.READABLE)

    @classmethod
    def draw(cls, drawing: str, runs: Sequence[Any], out: Path, title: str, paper: Path | None, line: Any) -> None:
        from score_mlx.experiments.speedup import drawing as figure

        draw = figure.draw_forms if drawing == "forms" else figure.draw_warp
        draw(runs, out, title=title.split(". ")[0])  # one architecture of several: the experiment's title is another
