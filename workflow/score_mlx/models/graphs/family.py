"""Graph networks as a family."""

from __future__ import annotations

from typing import TYPE_CHECKING

from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.models.network_family import NetworkFamily
from score_mlx.runs.family import Predictor

if TYPE_CHECKING:
    from score_mlx.models.graphs.data import GraphData
    from score_mlx.models.graphs.task import GraphTask


class GraphFamily(NetworkFamily):
    """Networks on molecules' graphs, whose architectures and integrators may be plugins'."""

    name, command, spec = "graphs", "graph", GraphSpec
    hub_task = "graph-ml"
    help = """Train a graph network on all folds and write its record (run.json, run.meta.json) and weights.

    A run that was interrupted goes on from its checkpoint. Without options it is the paper's Table 2.

    Example: score-mlx train graph --arch gat --config SCORE_skip05

    A quick look: score-mlx train graph --arch gcn --config SCORE --dataset nci --epochs 5
    """

    def parts(self) -> tuple[type[GraphTask], type[GraphData]]:
        """`GraphTask` and `GraphData`: folds of molecules with their graphs."""
        from score_mlx.models.graphs.data import GraphData
        from score_mlx.models.graphs.task import GraphTask

        return GraphTask, GraphData

    def predictor(self) -> Predictor:
        """How a graph network predicts from the graphs of new molecules."""
        from score_mlx.models.graphs.predict import PREDICTOR

        return PREDICTOR
