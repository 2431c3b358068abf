"""What kinds of experiments with graph networks share."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field

from score_mlx.experiments.base import Experiment
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.runs import plugins
from score_mlx.system.errors import did_you_mean


def _one_of(field: str) -> AfterValidator:
    """Refuses a text that is neither a choice of this field of GraphSpec nor a plugin's name."""

    def known(value: str) -> str:
        allowed = (*GraphSpec.CHOICES[field], *plugins.names(field))
        if value not in allowed:
            hint = did_you_mean(value, allowed)
            raise ValueError(f"expected {', '.join(map(repr, allowed[:-1]))} or {allowed[-1]!r}{hint}")
        return value

    return AfterValidator(known)


def _examples(field: str) -> Any:
    return Field(json_schema_extra={"examples": [*GraphSpec.CHOICES[field]]})


Arch = Annotated[str, _one_of("arch"), _examples("arch")]
Integrator = Annotated[str, _one_of("integrator"), _examples("integrator")]


class GraphExperiment(Experiment):
    """Graph networks; a subclass says which."""

    def common(self, config: Any, split: str) -> dict[str, Any]:
        """Fields of their specs that this experiment and the whole config say."""
        named = [name for name in ("readout", "head", "descriptors") if name in type(self).model_fields]
        here = {name: getattr(self, name) for name in named}
        whole = {"features": config.features, "fidelity": config.fidelity} | folds(config, split)
        return config.graphs.model_dump() | whole | here


def folds(config: Any, split: str) -> dict[str, Any]:
    """Fields of specs that say how molecules are divided and what is learnt of them."""
    scaled = {"scale_targets": config.scaled, "task": config.task}
    return {"split": split, "repeat": config.repeat, "seed": config.seed, **scaled}
