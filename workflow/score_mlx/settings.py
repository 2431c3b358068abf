"""The parts of config.yaml, typed: settings of each family, presets, experiments."""

from __future__ import annotations

import difflib
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, ValidationInfo, create_model, field_validator

from score_mlx import plugins
from score_mlx.classical.spec import METHODS, CatBoost, ClassicalSpec, Lasso
from score_mlx.dense.spec import NETWORKS, DenseSpec
from score_mlx.graphs.spec import GraphSpec
from score_mlx.settings_base import BatchSize, Epochs, Experiment, FigureName, LearningRate, Typed
from score_mlx.settings_language import (
    ChallengeExperiment,
    CharactersExperiment,
    LanguageCuts,
    LossesExperiment,
)


def _one_of(field: str) -> Any:
    """A choice of GraphSpec or a plugin's name; another word is refused as one that is no Literal is."""

    def known(value: str) -> str:
        allowed = (*GraphSpec.CHOICES[field], *plugins.names(field))
        if value not in allowed:
            near = difflib.get_close_matches(value, allowed, n=1)
            hint = f"; did you mean '{near[0]}'?" if near else ""
            raise ValueError(f"expected {', '.join(map(repr, allowed[:-1]))} or {allowed[-1]!r}{hint}")
        return value

    return Annotated[str, AfterValidator(known), Field(json_schema_extra={"examples": [*GraphSpec.CHOICES[field]]})]


Arch, Integrator = _one_of("arch"), _one_of("integrator")


class GraphSettings(Typed):
    """Sizes and training protocol of graph networks; the defaults are the paper's."""

    steps: Annotated[int, Field(ge=1, le=1000)] = GraphSpec.steps
    hidden: Annotated[int, Field(ge=1, le=65536)] = GraphSpec.hidden
    heads: Annotated[int, Field(ge=1, le=1024)] = GraphSpec.heads
    epochs: Epochs = GraphSpec.epochs
    batch_size: BatchSize = GraphSpec.batch_size
    learning_rate: LearningRate = GraphSpec.learning_rate

    @field_validator("heads")
    @classmethod
    def _divides(cls, heads: int, info: ValidationInfo) -> int:
        if info.data.get("hidden", heads) % heads:
            raise ValueError(f"expected a divisor of hidden = {info.data['hidden']}")
        return heads


class DenseSettings(Typed):
    """Training protocol of the dense networks of Table 1."""

    epochs: Epochs = DenseSpec.epochs
    batch_size: BatchSize = DenseSpec.batch_size
    learning_rate: LearningRate = DenseSpec.learning_rate


def _settings_of(kind: type[ClassicalSpec]) -> type[Typed]:
    """A classical model's settings as its spec has them; `top` is not among them, since Table 1 lists two."""
    chosen = [f for f in kind.setting_fields() if f.name != "top"]
    types = {f.name: Literal[kind.CHOICES[f.name]] if f.name in kind.CHOICES else type(f.default) for f in chosen}
    return create_model(
        f"{kind.__name__}Settings", __base__=Typed, **{f.name: (types[f.name], f.default) for f in chosen}
    )


CLASSICAL = {method: _settings_of(kind) for method, (kind, _) in METHODS.items()}
ClassicalSettings = create_model(
    "ClassicalSettings", __base__=Typed, **{method: (kind, kind()) for method, kind in CLASSICAL.items()}
)


class GraphCuts(Typed):
    """What a preset may lower: how long a graph network trains. Never its width, depth or heads."""

    epochs: Annotated[int, Field(ge=1, le=GraphSpec.epochs)] | None = None
    batch_size: Annotated[int, Field(ge=1, le=GraphSpec.batch_size)] | None = None


class DenseCuts(Typed):
    epochs: Annotated[int, Field(ge=1, le=DenseSpec.epochs)] | None = None
    batch_size: Annotated[int, Field(ge=1, le=DenseSpec.batch_size)] | None = None


class CatBoostCuts(Typed):
    iterations: Annotated[int, Field(ge=1, le=CatBoost.iterations)] | None = None


class LassoCuts(Typed):
    shap_iterations: Annotated[int, Field(ge=1, le=Lasso.shap_iterations)] | None = None


class ClassicalCuts(Typed):
    """What costs most: CatBoost, and the one that ranks descriptors for Lasso."""

    catboost: CatBoostCuts = CatBoostCuts()
    lasso: LassoCuts = LassoCuts()


class Preset(Typed):
    graphs: GraphCuts = GraphCuts()
    dense: DenseCuts = DenseCuts()
    classical: ClassicalCuts = ClassicalCuts()
    language: LanguageCuts = LanguageCuts()


class Presets(Typed):
    paper: Preset = Preset()
    laptop: Preset = Preset()
    smoke: Preset = Preset()


class ModelsExperiment(Experiment):
    """Every architecture of graph networks in every configuration."""

    kind: Literal["models"]
    drawing: ClassVar[str] = "configurations"
    readout: Literal[GraphSpec.CHOICES["readout"]] = "molattfp"
    head: Literal[GraphSpec.CHOICES["head"]] = "score_mlp"
    descriptors: bool = False
    archs: Annotated[list[Arch], Field(min_length=1)]
    configs: Annotated[list[Literal[GraphSpec.CHOICES["config"]]], Field(min_length=1)]


class StepsExperiment(Experiment):
    """SCORE beside the native stack of one architecture at several depths."""

    kind: Literal["steps"]
    drawing: ClassVar[str] = "steps"
    arch: Arch
    steps: Annotated[list[Annotated[int, Field(ge=1, le=1000)]], Field(min_length=1)]
    readout: Literal[GraphSpec.CHOICES["readout"]] = "molattfp"
    head: Literal[GraphSpec.CHOICES["head"]] = "mlp"
    descriptors: bool = False


class BaselinesExperiment(Experiment):
    """Classical models and dense networks on the RDKit descriptors; one Lasso for each number of descriptors."""

    kind: Literal["baselines"]
    methods: list[Literal[tuple(METHODS)]] = []
    lasso_top: list[Annotated[int, Field(ge=1)]] = [Lasso.top]
    networks: list[Literal[tuple(NETWORKS)]] = []

    @property
    def drawings(self) -> dict[str, str]:
        """The whole, the schema of the update, the runs drawn."""
        parts = {"": "baselines_beside_schema", "a": "schema", "b": "baselines"}
        return {f"{self.figure}{part}": drawing for part, drawing in parts.items()} if self.figure else {}


class SpeedupExperiment(Experiment):
    """SCORE beside the native stack, with and without descriptors: how many times faster it learns."""

    kind: Literal["speedup"]
    molattfp: list[Arch] = []  # with this readout; all others pool by a sum
    head: Literal[GraphSpec.CHOICES["head"]] = "mlp"
    curves: Annotated[dict[FigureName, Arch], Field(min_length=1)]
    warp: dict[FigureName, Arch] = {}  # without descriptors

    @property
    def drawings(self) -> dict[str, str]:
        return dict.fromkeys(self.curves, "forms") | dict.fromkeys(self.warp, "warp")

    def shows(self, figure: str, spec: GraphSpec) -> bool:
        if figure in self.warp:
            return spec.arch == self.warp[figure] and not spec.descriptors
        return spec.arch == self.curves[figure]


class IntegratorsExperiment(Experiment):
    """SCORE with each scheme for dh/dt = F(h) - h."""

    kind: Literal["integrators"]
    drawing: ClassVar[str] = "integrators"
    archs: Annotated[list[Arch], Field(min_length=1)]
    integrators: Annotated[list[Integrator], Field(min_length=1)]
    readout: Literal[GraphSpec.CHOICES["readout"]] = "sum"
    head: Literal[GraphSpec.CHOICES["head"]] = "mlp"
    descriptors: bool = False


class LearnedDtExperiment(Experiment):
    """SCORE with learned step sizes beside the same with fixed ones."""

    kind: Literal["learned_dt"]
    archs: Annotated[list[Arch], Field(min_length=1)]
    readout: Literal[GraphSpec.CHOICES["readout"]] = "molattfp"
    head: Literal[GraphSpec.CHOICES["head"]] = "mlp"


AnyExperiment = Annotated[
    BaselinesExperiment
    | ChallengeExperiment
    | CharactersExperiment
    | IntegratorsExperiment
    | LearnedDtExperiment
    | LossesExperiment
    | ModelsExperiment
    | SpeedupExperiment
    | StepsExperiment,
    Field(discriminator="kind"),
]
KINDS = (
    "baselines", "challenge", "characters", "integrators", "learned_dt", "losses", "models", "speedup", "steps",
)  # fmt: skip
LANGUAGE = ("challenge", "characters", "losses")  # the kinds that are about text, not molecules
# the kinds that have a table
TABLES = ("baselines", "challenge", "characters", "learned_dt", "models", "speedup", "steps")
