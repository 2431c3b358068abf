"""Settings of a variant, and the table made of its runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from score_mlx.experiments.base import Name
from score_mlx.experiments.beyond.base import Beyond, Repeats
from score_mlx.models.graphs.choices import Configuration
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.runs.run import FoldRun
from score_mlx.runs.spec import Spec, of_type
from score_mlx.system import project
from score_mlx.system.errors import UserError
from score_mlx.tables.table import Table


class VariantExperiment(Beyond):
    """Runs of the paper's experiments once more with one setting changed."""

    code: ClassVar[tuple[str, ...]] = ("experiments/beyond/variant/table.py",)
    kind: Literal["variant"]
    experiments: Annotated[list[Name], Field(min_length=1)]
    change: dict[Literal["bias_correction", "head", "fidelity"], bool | str]
    configs: list[Configuration] = []  # of graph networks; none means all
    repeats: Repeats = [0]

    def pairs(self, config: Any) -> list[tuple[GraphSpec, GraphSpec]]:
        """Each run as the paper has it and as changed.

        Raises:
            UserError: an experiment has runs that are no graph networks.
        """
        return [
            (spec, replace(spec, **self.change))
            for experiment in self.experiments
            for repeat in self.repeats
            for listed in _graph_networks(config, experiment)
            if not self.configs or listed.config in self.configs
            for spec in [replace(listed, repeat=repeat)]
        ]

    def specs(self, config: Any) -> list[Spec]:
        return [spec for pair in self.pairs(config) for spec in pair]

    def tables(self, config: Any, there: Mapping[Spec, FoldRun], missing: Sequence[Spec]) -> dict[str, Table]:
        from score_mlx.experiments.beyond.variant import table

        rows = table.variant_table(self.pairs(config), there, self.printed(config))
        changed = ", ".join(f"{key} {str(value).lower()}" for key, value in self.change.items())
        notes = table.caption(list(there.values()), changed, missing)
        return {"": Table(self.heading, table.COLUMNS, rows, notes, table.READABLE)}

    def printed(self, config: Any) -> dict[Spec, float]:
        """What the paper prints for the runs of its experiments, of graph networks."""
        from score_mlx.experiments.models import table as models
        from score_mlx.experiments.steps import table as steps

        found: dict[Spec, float] = {}
        for name in self.experiments:
            experiment = config.experiments[name]
            file = project.root() / "data" / "paper" / (experiment.paper or "")
            if experiment.kind == "models" and experiment.paper:
                printed = models.read_paper(file)
                found |= {s: printed[s.model]["rmse_mean"] for s in config.specs(name) if s.model in printed}
            if experiment.kind == "steps" and experiment.paper:
                depths, sides = steps.read_paper(file), {True: "score", False: "native"}
                specs = [spec for spec in of_type(config.specs(name), GraphSpec) if str(spec.steps) in depths]
                found |= {spec: depths[str(spec.steps)][sides[spec.recurrent]] for spec in specs}
        return found


def _graph_networks(config: Any, experiment: str) -> list[GraphSpec]:
    listed = config.specs(experiment)
    networks = list(of_type(listed, GraphSpec))
    if len(networks) < len(listed):
        raise UserError(f"{experiment} has other runs than graph networks, expected an experiment of these alone")
    return networks
