"""Settings of runs in several repeats, and the table made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from score_mlx.experiments.base import Name
from score_mlx.experiments.beyond.base import Beyond, Repeats
from score_mlx.runs.run import FoldRun
from score_mlx.runs.spec import Spec
from score_mlx.tables.table import Table


class RepeatsExperiment(Beyond):
    """Runs of the paper's experiments in several repeats: other folds and other weights."""

    code: ClassVar[tuple[str, ...]] = ("experiments/beyond/repeats/table.py",)
    kind: Literal["repeats"]
    experiments: Annotated[list[Name], Field(min_length=1)]
    repeats: Repeats

    def specs(self, config: Any) -> list[Spec]:
        listed = [spec for experiment in self.experiments for spec in config.specs(experiment)]
        return [replace(spec, repeat=repeat) for spec in dict.fromkeys(listed) for repeat in self.repeats]

    def tables(self, config: Any, there: Mapping[Spec, FoldRun], missing: Sequence[Spec]) -> dict[str, Table]:
        from score_mlx.experiments.beyond.repeats import table

        runs = list(there.values())
        rows = table.repeat_table(runs)
        notes = table.caption(runs, rows, missing)
        return {"": Table(self.heading, table.columns(runs), rows, notes, table.readable(runs))}
