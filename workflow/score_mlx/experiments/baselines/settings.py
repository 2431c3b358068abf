"""Table 1: classical models and dense networks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from score_mlx.experiments.base import Experiment
from score_mlx.experiments.graph import folds
from score_mlx.experiments.models.settings import ModelsExperiment
from score_mlx.models.classical.spec import CLASSIFIERS, METHODS, Lasso
from score_mlx.models.dense.spec import NETWORKS, DenseSpec
from score_mlx.runs.objective import CLASSIFICATION
from score_mlx.runs.spec import Spec
from score_mlx.system.choices import OneOf
from score_mlx.tables.table import Table

Method = OneOf[str, METHODS]
Network = OneOf[str, NETWORKS]


class BaselinesExperiment(Experiment):
    """Classical models and dense networks on the RDKit descriptors.

    `lasso_top`: one Lasso for each number of descriptors, ranked by a Lasso's own SHAP values; `lasso_top_catboost`:
    the same, ranked by those of a CatBoost.
    """

    kind: Literal["baselines"]
    table_code: ClassVar[str | None] = "experiments/models/table.py"
    draws: ClassVar[tuple[str, ...]] = ("baselines_beside_schema", "schema", "baselines")
    drawing_code: ClassVar[tuple[str, ...]] = ("experiments/baselines/drawing.py", "experiments/models/table.py")
    methods: list[Method] = []
    lasso_top: list[Annotated[int, Field(ge=1)]] = [Lasso.top]
    lasso_top_catboost: list[Annotated[int, Field(ge=1)]] = []
    networks: list[Network] = []

    def specs(self, config: Any, split: str) -> list[Spec]:
        """Trees and kernels, Lasso, dense networks; without methods that learn no classes where these are asked for."""
        divided = folds(config, split)
        specs: list[Spec] = []
        known = CLASSIFIERS if config.task == CLASSIFICATION else self.methods
        for method in (method for method in self.methods if method in known):
            settings = getattr(config.classical, method).model_dump() | divided
            chosen = self._chosen if METHODS[method][0] is Lasso else [{}]
            specs += [METHODS[method][0](config.dataset_name, method, **settings, **choice) for choice in chosen]
        dense = config.dense.model_dump() | divided
        return specs + [DenseSpec(config.dataset_name, network, **dense) for network in self.networks]

    @property
    def _chosen(self) -> list[dict[str, Any]]:
        """How each Lasso's descriptors are chosen."""
        rankings = {"lasso": self.lasso_top, "catboost": self.lasso_top_catboost}
        return [{"top": top, "ranking": ranking} for ranking, tops in rankings.items() for top in tops]

    @property
    def drawings(self) -> dict[str, str]:
        """The whole, the schema of the update, the runs drawn."""
        parts = {"": "baselines_beside_schema", "a": "schema", "b": "baselines"}
        return {f"{self.figure}{part}": drawing for part, drawing in parts.items()} if self.figure else {}

    @classmethod
    def table(cls, title: str, runs: Sequence[Any], paper: Path | None, top: int, not_run: Sequence[str]) -> Table:
        return ModelsExperiment.table(title, runs, paper, top, not_run)

    @classmethod
    def draw(cls, drawing: str, runs: Sequence[Any], out: Path, title: str, paper: Path | None, line: Any) -> None:
        from score_mlx.experiments.baselines import drawing as figure
        from score_mlx.experiments.models import table
        from score_mlx.plots import schema

        if drawing == "schema":
            schema.draw(out, title=f"{title}. Depth as a stack and as a recurrence")
            return
        draw = figure.draw if drawing == "baselines" else figure.draw_beside_schema
        draw(runs, out, title=title, paper=table.read_paper(paper) if paper else {})
