"""Graph networks as a family."""

from __future__ import annotations

from pathlib import Path

from score_mlx import runtime
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.runs.family import Files, FoldFamily, Predictor
from score_mlx.runs.records import BY_HAND


class GraphFamily(FoldFamily):
    """Networks on molecules' graphs, whose architectures and integrators may be plugins'."""

    name, command, spec, side_by_side = "graphs", "graph", GraphSpec, True
    hub_task = "graph-ml"
    help = """Train a graph network on all folds and write its record (run.json, run.meta.json) and weights.

    A run that was interrupted goes on from its checkpoint. Without options it is the paper's Table 2.

    Example: score-mlx train graph --arch gat --config SCORE_skip05

    A quick look: score-mlx train graph --arch gcn --config SCORE --dataset nci --epochs 5
    """

    def train(
        self,
        spec: GraphSpec,
        files: Files,
        folder: Path,
        *,
        preset: str = BY_HAND,
        replicas: int | None = None,
        report_to: str = "none",
    ) -> None:
        runtime.start()  # before anything imports mlx
        from score_mlx.models.graphs.data import GraphData
        from score_mlx.models.graphs.task import GraphTask
        from score_mlx.training.trainer import train

        train(GraphTask, spec, GraphData.load(files), folder, replicas=replicas, preset=preset, report_to=report_to)

    def predictor(self) -> Predictor:
        from score_mlx.models.graphs.predict import PREDICTOR

        return PREDICTOR
