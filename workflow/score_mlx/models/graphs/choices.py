"""Fields of `GraphSpec` that say one of several words, as types for settings and options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from score_mlx.models.graphs.spec import GraphSpec

# A type checker cannot read values: to it a choice is a text.
if TYPE_CHECKING:
    Readout = str
    Head = str
    Configuration = str
    Features = str
    Fidelity = str
else:
    Readout = Literal[GraphSpec.CHOICES["readout"]]
    Head = Literal[GraphSpec.CHOICES["head"]]
    Configuration = Literal[GraphSpec.CHOICES["config"]]
    Features = Literal[GraphSpec.CHOICES["features"]]
    Fidelity = Literal[GraphSpec.CHOICES["fidelity"]]
