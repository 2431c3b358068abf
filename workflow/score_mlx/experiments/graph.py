"""What kinds of experiments with graph networks share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, Field

from score_mlx.experiments.base import Experiment
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.runs import plugins
from score_mlx.system.errors import did_you_mean


def one_of(field: str) -> Any:
    """A choice of GraphSpec or a plugin's name; another word is refused as one that is no Literal is."""

    def known(value: str) -> str:
        allowed = (*GraphSpec.CHOICES[field], *plugins.names(field))
        if value not in allowed:
            hint = did_you_mean(value, allowed)
            raise ValueError(f"expected {', '.join(map(repr, allowed[:-1]))} or {allowed[-1]!r}{hint}")
        return value

    return Annotated[str, AfterValidator(known), Field(json_schema_extra={"examples": [*GraphSpec.CHOICES[field]]})]


# A type checker cannot read values: to it a choice is a text.
if TYPE_CHECKING:
    Arch = str
    Integrator = str
else:
    Arch = one_of("arch")
    Integrator = one_of("integrator")


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
