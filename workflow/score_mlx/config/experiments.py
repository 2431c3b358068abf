"""The experiments of config.yaml, a class a kind: what may stand there, which runs it lists, what its figures show."""

from __future__ import annotations

import difflib
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field

from score_mlx.config.base import Experiment, FigureName
from score_mlx.config.language import ChallengeExperiment, CharactersExperiment, LossesExperiment
from score_mlx.models.classical.spec import METHODS, Lasso
from score_mlx.models.dense.spec import NETWORKS, DenseSpec
from score_mlx.models.graphs.spec import INTEGRATOR_EPOCHS, GraphSpec
from score_mlx.runs import plugins
from score_mlx.runs.spec import Spec


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


class GraphExperiment(Experiment):
    """Graph networks; a subclass says which."""

    def common(self, config: Any, split: str) -> dict[str, Any]:
        """Fields of their specs that this experiment and the whole config say."""
        named = [name for name in ("readout", "head", "descriptors") if name in type(self).model_fields]
        here = {name: getattr(self, name) for name in named}
        whole = {"features": config.features, "fidelity": config.fidelity} | _folds(config, split)
        return config.graphs.model_dump() | whole | here


def _folds(config: Any, split: str) -> dict[str, Any]:
    return {"split": split, "repeat": config.repeat, "seed": config.seed, "scale_targets": config.scaled}


class ModelsExperiment(GraphExperiment):
    """Every architecture of graph networks in every configuration."""

    kind: Literal["models"]
    drawing: ClassVar[str] = "configurations"
    readout: Literal[GraphSpec.CHOICES["readout"]] = "molattfp"
    head: Literal[GraphSpec.CHOICES["head"]] = "score_mlp"
    descriptors: bool = False
    archs: Annotated[list[Arch], Field(min_length=1)]
    configs: Annotated[list[Literal[GraphSpec.CHOICES["config"]]], Field(min_length=1)]

    def specs(self, config: Any, split: str) -> list[Spec]:
        """Architecture by architecture."""
        common = self.common(config, split)
        return [GraphSpec(config.dataset_name, a, c, **common) for a in self.archs for c in self.configs]


class StepsExperiment(GraphExperiment):
    """SCORE beside the native stack of one architecture at several depths."""

    kind: Literal["steps"]
    drawing: ClassVar[str] = "steps"
    arch: Arch
    steps: Annotated[list[Annotated[int, Field(ge=1, le=1000)]], Field(min_length=1)]
    readout: Literal[GraphSpec.CHOICES["readout"]] = "molattfp"
    head: Literal[GraphSpec.CHOICES["head"]] = "mlp"
    descriptors: bool = False

    def specs(self, config: Any, split: str) -> list[Spec]:
        """Depth by depth, SCORE and native."""
        common = self.common(config, split)
        pairs = [(steps, c) for steps in self.steps for c in ("SCORE", "base")]
        return [GraphSpec(config.dataset_name, self.arch, c, **common | {"steps": steps}) for steps, c in pairs]


class BaselinesExperiment(Experiment):
    """Classical models and dense networks on the RDKit descriptors.

    `lasso_top`: one Lasso for each number of descriptors, ranked by a Lasso's own SHAP values; `lasso_top_catboost`:
    the same, ranked by those of a CatBoost.
    """

    kind: Literal["baselines"]
    methods: list[Literal[tuple(METHODS)]] = []
    lasso_top: list[Annotated[int, Field(ge=1)]] = [Lasso.top]
    lasso_top_catboost: list[Annotated[int, Field(ge=1)]] = []
    networks: list[Literal[tuple(NETWORKS)]] = []

    def specs(self, config: Any, split: str) -> list[Spec]:
        """Trees and kernels, Lasso, dense networks."""
        folds, specs = _folds(config, split), []
        for method in self.methods:
            settings = getattr(config.classical, method).model_dump() | folds
            chosen = self._chosen if METHODS[method][0] is Lasso else [{}]
            specs += [METHODS[method][0](config.dataset_name, method, **settings, **choice) for choice in chosen]
        dense = config.dense.model_dump() | folds
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


class SpeedupExperiment(GraphExperiment):
    """SCORE beside the native stack, with and without descriptors: how many times faster it learns."""

    kind: Literal["speedup"]
    molattfp: list[Arch] = []  # with this readout; all others pool by a sum
    head: Literal[GraphSpec.CHOICES["head"]] = "mlp"
    curves: Annotated[dict[FigureName, Arch], Field(min_length=1)]
    warp: dict[FigureName, Arch] = {}  # without descriptors

    def specs(self, config: Any, split: str) -> list[Spec]:
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

    def shows(self, figure: str, spec: GraphSpec) -> bool:
        if figure in self.warp:
            return spec.arch == self.warp[figure] and not spec.descriptors
        return spec.arch == self.curves[figure]


class IntegratorsExperiment(GraphExperiment):
    """SCORE with each scheme for dh/dt = F(h) - h.

    Euler's runs are other experiments' and as long as theirs. The rest, which nothing else wants, train for `epochs`,
    all that is drawn.
    """

    kind: Literal["integrators"]
    drawing: ClassVar[str] = "integrators"
    archs: Annotated[list[Arch], Field(min_length=1)]
    integrators: Annotated[list[Integrator], Field(min_length=1)]
    epochs: Annotated[int, Field(ge=1)] = INTEGRATOR_EPOCHS
    readout: Literal[GraphSpec.CHOICES["readout"]] = "sum"
    head: Literal[GraphSpec.CHOICES["head"]] = "mlp"
    descriptors: bool = False

    def specs(self, config: Any, split: str) -> list[Spec]:
        """Architecture by architecture, scheme by scheme."""
        common = self.common(config, split)
        shorter = common | {"epochs": min(self.epochs, common["epochs"])}
        return [
            GraphSpec(
                config.dataset_name, arch, "SCORE", integrator=i, **(common if i == GraphSpec.integrator else shorter)
            )
            for arch in self.archs
            for i in self.integrators
        ]


class LearnedDtExperiment(GraphExperiment):
    """SCORE with learned step sizes beside the same with fixed ones."""

    kind: Literal["learned_dt"]
    archs: Annotated[list[Arch], Field(min_length=1)]
    readout: Literal[GraphSpec.CHOICES["readout"]] = "molattfp"
    head: Literal[GraphSpec.CHOICES["head"]] = "mlp"

    def specs(self, config: Any, split: str) -> list[Spec]:
        """Architecture by architecture, learned and fixed."""
        common = self.common(config, split)
        pairs = [(arch, learn) for arch in self.archs for learn in (True, False)]
        return [GraphSpec(config.dataset_name, a, "SCORE", **common, learn_dt=learn) for a, learn in pairs]


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


def table_stem(name: str, experiment: Experiment, *, beside_figures: bool) -> str:
    """What an experiment's table is called: as the experiment, but for one that is named after its figure.

    Where tables and figures share a folder, the figure's caption, an .md as well, has that name.
    """
    return f"{name}_values" if beside_figures and name in experiment.drawings else name
