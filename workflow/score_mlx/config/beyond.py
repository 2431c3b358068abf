"""The part of config.yaml that says which experiments are made beyond the paper's, typed; a class a kind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import Field

from score_mlx.data.dataset_names import BUILT_IN
from score_mlx.data.splits import DRAWN
from score_mlx.experiments.base import Name, Typed
from score_mlx.models.classical.spec import METHODS
from score_mlx.models.graphs.size import BLOCKS, narrowed, parameters
from score_mlx.models.graphs.spec import CONFIGS, GraphSpec
from score_mlx.runs.spec import Spec

# The six corners of {stack, one shared block} x {dt = 1, 0.5, 1/K}.
CORNERS = ("base", "skip05", "averaged", "shared", "SCORE_skip05", "SCORE")
Repeats = Annotated[list[Annotated[int, Field(ge=0, le=100)]], Field(min_length=1)]
Archs = Annotated[list[Literal[tuple(BLOCKS)]], Field(min_length=1)]


class Setting(Typed):
    """Readout and head, as the paper's tables vary them."""

    readout: Literal[GraphSpec.CHOICES["readout"]] = GraphSpec.readout
    head: Literal[GraphSpec.CHOICES["head"]] = GraphSpec.head


class Data(Typed):
    """A data set and how it is divided; by default config.yaml's."""

    dataset: Literal[BUILT_IN] | None = None
    split: Literal[DRAWN] | None = None


class Beyond(Typed):
    """An experiment that the paper lacks: `results/{name}.csv`."""

    title: Name

    @property
    def own_data(self) -> bool:
        """Whether it can be made on any data set, rather than on those that it names."""
        return True

    def specs(self, config: Any) -> list[Spec]:
        """Its runs, in the order of config.yaml; `config` is the whole `Config`."""
        raise NotImplementedError


def _common(config: Any, data: Data | None = None) -> dict[str, Any]:
    """Fields of graph networks that the whole config says."""
    data = data or Data()
    chosen = {"split": data.split or config.split, "seed": config.seed, "features": config.features}
    return config.graphs.model_dump() | chosen | {"dataset": data.dataset or config.dataset_name}


class FactorialExperiment(Beyond):
    """{stack, one shared block} x {dt = 1, 0.5, 1/K}: what of SCORE is the step, what is sharing?"""

    kind: Literal["factorial"]
    archs: Archs
    settings: Annotated[list[Setting], Field(min_length=1)] = [Setting()]
    # as_code: the paper's models, whose stacks and SCORE differ in more than sharing; as_text: one form for all corners
    fidelities: Annotated[list[Literal[GraphSpec.CHOICES["fidelity"]]], Field(min_length=1)]
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
                    specs += self._corners(_common(config, data) | setting.model_dump() | {"fidelity": fidelity})
            specs += self._baselines(config, data) if self.catboost else []
        return specs

    def _corners(self, common: dict[str, Any]) -> Iterator[GraphSpec]:
        for arch in self.archs:
            for repeat in self.repeats:
                for corner in CORNERS:
                    spec = GraphSpec(arch=arch, config=corner, repeat=repeat, **common)
                    yield spec.unified() if spec.fidelity == "as_text" else spec

    def _baselines(self, config: Any, data: Data) -> list[Spec]:
        fields = _common(config, data)
        kept = {name: fields[name] for name in ("dataset", "split", "seed")}
        settings = config.classical.catboost.model_dump() | kept
        return [METHODS["catboost"][0](method="catboost", repeat=repeat, **settings) for repeat in self.repeats]


class EqualSizeExperiment(Beyond):
    """SCORE beside stacks of as many parameters, and beside one block applied once."""

    kind: Literal["equal_size"]
    archs: Archs
    setting: Setting = Setting()
    stacks: Annotated[list[Literal[CONFIGS[:3]]], Field(min_length=1)] = ["base", "skip05"]
    repeats: Repeats = [0]

    def specs(self, config: Any) -> list[Spec]:
        """Architecture by architecture: SCORE, the stacks narrowed to its size, K = 1."""
        common = _common(config) | self.setting.model_dump() | {"fidelity": config.fidelity}
        specs: list[Spec] = []
        for arch in self.archs:
            for repeat in self.repeats:
                score = GraphSpec(arch=arch, config="SCORE", repeat=repeat, **common)
                stacks = [replace(score, config=stack) for stack in self.stacks]
                once = replace(score, config="base", steps=1)
                specs += [score, *(narrowed(stack, parameters(score)) for stack in stacks), once]
        return specs


class VariantExperiment(Beyond):
    """Runs of the paper's experiments once more with one setting changed."""

    kind: Literal["variant"]
    experiments: Annotated[list[Name], Field(min_length=1)]
    change: dict[Literal["bias_correction", "head", "fidelity"], bool | str]
    configs: list[Literal[CONFIGS]] = []  # of graph networks; none means all
    repeats: Repeats = [0]

    def pairs(self, config: Any) -> list[tuple[GraphSpec, GraphSpec]]:
        """Each run as the paper has it and as changed."""
        return [
            (spec, replace(spec, **self.change))
            for experiment in self.experiments
            for repeat in self.repeats
            for listed in config.specs(experiment)
            if not self.configs or listed.config in self.configs
            for spec in [replace(listed, repeat=repeat)]
        ]

    def specs(self, config: Any) -> list[Spec]:
        return [spec for pair in self.pairs(config) for spec in pair]


class RepeatsExperiment(Beyond):
    """Runs of the paper's experiments in several repeats: other folds and other weights."""

    kind: Literal["repeats"]
    experiments: Annotated[list[Name], Field(min_length=1)]
    repeats: Repeats

    def specs(self, config: Any) -> list[Spec]:
        listed = [spec for experiment in self.experiments for spec in config.specs(experiment)]
        return [replace(spec, repeat=repeat) for spec in dict.fromkeys(listed) for repeat in self.repeats]


AnyBeyond = Annotated[
    EqualSizeExperiment | FactorialExperiment | RepeatsExperiment | VariantExperiment, Field(discriminator="kind")
]
