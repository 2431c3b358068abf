"""Settings of a factorial, and what is made of its runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from score_mlx.experiments.beyond.base import Archs, Beyond, Data, Repeats, Setting, common
from score_mlx.models.classical.spec import METHODS
from score_mlx.models.graphs.choices import Fidelity
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.runs.run import FoldRun
from score_mlx.runs.spec import Spec
from score_mlx.tables.table import Table

# The six corners of {stack, one shared block} x {dt = 1, 0.5, 1/K}.
CORNERS = ("base", "skip05", "averaged", "shared", "SCORE_skip05", "SCORE")


class FactorialExperiment(Beyond):
    """{stack, one shared block} x {dt = 1, 0.5, 1/K}: what of SCORE is the step, what is sharing?"""

    code: ClassVar[tuple[str, ...]] = (
        "experiments/beyond/factorial/table.py",
        "experiments/beyond/factorial/summary.py",
        "experiments/beyond/factorial/drawing.py",
    )
    drawn: ClassVar[bool] = True
    kind: Literal["factorial"]
    archs: Archs
    settings: Annotated[list[Setting], Field(min_length=1)] = [Setting()]
    # as_code: the paper's models, whose stacks and SCORE differ in more than sharing; as_text: one form for all corners
    fidelities: Annotated[list[Fidelity], Field(min_length=1)]
    data: Annotated[list[Data], Field(min_length=1)] = [Data()]
    repeats: Repeats = [0]
    catboost: bool = False  # beside the networks, on the 217 descriptors

    @property
    def own_data(self) -> bool:
        return all(data.dataset is None for data in self.data)

    def specs(self, config: Any) -> list[Spec]:
        """Data set by data set, reading by reading, setting by setting."""
        specs: list[Spec] = []
        for data in self.data:
            for fidelity in self.fidelities:
                for setting in self.settings:
                    specs += self._corners(common(config, data) | setting.model_dump() | {"fidelity": fidelity})
            specs += self._baselines(config, data) if self.catboost else []
        return specs

    def _corners(self, fields: dict[str, Any]) -> Iterator[GraphSpec]:
        for arch in self.archs:
            for repeat in self.repeats:
                for corner in CORNERS:
                    spec = GraphSpec(arch=arch, config=corner, repeat=repeat, **fields)
                    yield spec.unified() if spec.fidelity == "as_text" else spec

    def _baselines(self, config: Any, data: Data) -> list[Spec]:
        fields = common(config, data)
        kept = {name: fields[name] for name in ("dataset", "split", "seed")}
        settings = config.classical.catboost.model_dump() | kept
        return [METHODS["catboost"][0](method="catboost", repeat=repeat, **settings) for repeat in self.repeats]

    def tables(self, config: Any, there: Mapping[Spec, FoldRun], missing: Sequence[Spec]) -> dict[str, Table]:
        from score_mlx.experiments.beyond.factorial import summary, table

        corners = table.Corners(there.values())
        notes, rows = table.caption(corners, missing), table.effects(corners)
        together = [row for row in rows if row["architecture"].startswith(table.ALL)] or rows
        corner_rows = table.corner_table(corners, self.specs(config))
        title = f"{self.heading}: RMSE of the corners"
        main = f"{self.heading}: main effects"
        return {
            "": Table(self.heading, table.COLUMNS, rows, notes, table.READABLE, together),
            "_corners": Table(title, table.CORNER_COLUMNS, corner_rows, notes, table.CORNER_READABLE),
            "_summary": Table(
                main, summary.COLUMNS, summary.summary(rows), summary.caption(corners, missing), summary.READABLE
            ),
        }

    def draw(self, there: Mapping[Spec, FoldRun], missing: Sequence[Spec], out: Path) -> None:
        from score_mlx.experiments.beyond.factorial import drawing, table

        make = drawing.draw_effects if len(self.data) > 1 else drawing.draw_interactions
        make(table.Corners(there.values()), out, title=self.heading, missing=missing)
