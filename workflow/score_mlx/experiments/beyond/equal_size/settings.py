"""Settings of a comparison at equal size, and the table made of its runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from score_mlx.experiments.beyond.base import Archs, Beyond, Repeats, Setting, common
from score_mlx.models.graphs.size import narrowed, parameters
from score_mlx.models.graphs.spec import CONFIGS, GraphSpec
from score_mlx.runs.run import FoldRun
from score_mlx.runs.spec import Spec
from score_mlx.system.choices import OneOf
from score_mlx.tables.table import Table

Stack = OneOf[str, CONFIGS[:3]]


class EqualSizeExperiment(Beyond):
    """SCORE beside stacks of as many parameters, and beside one block applied once."""

    code: ClassVar[tuple[str, ...]] = ("experiments/beyond/equal_size/table.py",)
    kind: Literal["equal_size"]
    archs: Archs
    setting: Setting = Setting()
    stacks: Annotated[list[Stack], Field(min_length=1)] = ["base", "skip05"]
    repeats: Repeats = [0]

    def specs(self, config: Any) -> list[Spec]:
        """Architecture by architecture: SCORE, the stacks narrowed to its size, K = 1."""
        fields = common(config) | self.setting.model_dump() | {"fidelity": config.fidelity}
        specs: list[Spec] = []
        for arch in self.archs:
            for repeat in self.repeats:
                score = GraphSpec(arch=arch, config="SCORE", repeat=repeat, **fields)
                stacks = [replace(score, config=stack) for stack in self.stacks]
                once = replace(score, config="base", steps=1)
                specs += [score, *(narrowed(stack, parameters(score)) for stack in stacks), once]
        return specs

    def tables(self, config: Any, there: Mapping[Spec, FoldRun], missing: Sequence[Spec]) -> dict[str, Table]:
        from score_mlx.experiments.beyond.equal_size import table

        runs = list(there.values())
        rows, notes = table.equal_size_table(runs), table.caption(runs, missing)
        return {"": Table(self.heading, table.COLUMNS, rows, notes, table.READABLE)}
