"""Fields of `GraphSpec` that say one of several words, as types for settings and options."""

from __future__ import annotations

from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.system.choices import OneOf

Readout = OneOf[str, GraphSpec.CHOICES["readout"]]
Head = OneOf[str, GraphSpec.CHOICES["head"]]
Configuration = OneOf[str, GraphSpec.CHOICES["config"]]
Features = OneOf[str, GraphSpec.CHOICES["features"]]
Fidelity = OneOf[str, GraphSpec.CHOICES["fidelity"]]
