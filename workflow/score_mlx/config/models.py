"""The parts of config.yaml, typed: settings of each family, and what presets may lower."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, create_model, field_validator

from score_mlx.config.language import LanguageCuts
from score_mlx.data import classes
from score_mlx.experiments.base import BatchSize, Epochs, LearningRate, Typed
from score_mlx.models.classical.spec import METHODS, CatBoost, ClassicalSpec, Lasso
from score_mlx.models.dense.spec import DenseSpec
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.runs.objective import TASKS, Task


def _learnt(value: Any) -> Any:
    """What is meant by some other words for a task is said with the error."""
    if meant := classes.meant(value):
        raise ValueError(f"{meant} is not supported, expected {' or '.join(map(repr, TASKS))}")
    return value


TaskName = Annotated[Task, BeforeValidator(_learnt)]


class Devices(Typed):
    """Where each family trains."""

    graphs: Literal["auto", "cpu", "gpu"] = "auto"
    dense: Literal["auto", "cpu", "gpu"] = "auto"
    language: Literal["auto", "cpu", "gpu"] = "auto"


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
    """A classical model's settings as its spec has them; what chooses descriptors is Table 1's."""
    chosen = [f for f in kind.setting_fields() if f.name not in ("top", "ranking")]
    types: dict[str, Any] = {
        f.name: Literal[kind.CHOICES[f.name]] if f.name in kind.CHOICES else type(f.default) for f in chosen
    }
    fields: dict[str, Any] = {f.name: (types[f.name], f.default) for f in chosen}
    return create_model(f"{kind.__name__}Settings", __base__=Typed, **fields)


CLASSICAL = {method: _settings_of(kind) for method, (kind, _) in METHODS.items()}
if TYPE_CHECKING:

    class ClassicalSettings(Typed):
        """Settings of each classical model, by its method."""
else:
    _FIELDS = {method: (kind, kind()) for method, kind in CLASSICAL.items()}
    ClassicalSettings = create_model("ClassicalSettings", __base__=Typed, **_FIELDS)


class GraphCuts(Typed):
    """What a preset may lower: how long a graph network trains. Never its width, depth or heads."""

    epochs: Annotated[int, Field(ge=1, le=GraphSpec.epochs)] | None = None
    batch_size: Annotated[int, Field(ge=1, le=GraphSpec.batch_size)] | None = None


class DenseCuts(Typed):
    """What a preset may lower for dense networks; None leaves a setting as it is."""

    epochs: Annotated[int, Field(ge=1, le=DenseSpec.epochs)] | None = None
    batch_size: Annotated[int, Field(ge=1, le=DenseSpec.batch_size)] | None = None


class CatBoostCuts(Typed):
    """What a preset may lower for CatBoost: its number of trees."""

    iterations: Annotated[int, Field(ge=1, le=CatBoost.iterations)] | None = None


class LassoCuts(Typed):
    """What a preset may lower for Lasso: the trees of the CatBoost that ranks its descriptors."""

    shap_iterations: Annotated[int, Field(ge=1, le=Lasso.shap_iterations)] | None = None


class ClassicalCuts(Typed):
    """What costs most: CatBoost, and the one that ranks descriptors for Lasso."""

    catboost: CatBoostCuts = CatBoostCuts()
    lasso: LassoCuts = LassoCuts()


class Preset(Typed):
    """The cuts of one preset, by family of models; the paper's own has none."""

    graphs: GraphCuts = GraphCuts()
    dense: DenseCuts = DenseCuts()
    classical: ClassicalCuts = ClassicalCuts()
    language: LanguageCuts = LanguageCuts()


class Presets(Typed):
    """Every preset by its name; `auto` chooses among them."""

    paper: Preset = Preset()
    laptop: Preset = Preset()
    smoke: Preset = Preset()
