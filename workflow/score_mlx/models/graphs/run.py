"""A finished run of a graph network."""

from __future__ import annotations

from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.runs.run import FoldRun

GraphRun = FoldRun[GraphSpec]
