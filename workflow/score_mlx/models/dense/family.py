"""Dense networks as a family."""

from __future__ import annotations

from pathlib import Path

from score_mlx import runtime
from score_mlx.models.dense.spec import DenseSpec
from score_mlx.runs.family import Files, FoldFamily, Predictor
from score_mlx.runs.records import BY_HAND


class DenseFamily(FoldFamily):
    """The MLP and SCORE-MLP of Table 1."""

    name, command, spec, side_by_side = "dense", "dense", DenseSpec, True
    help = """Train a dense network on the RDKit descriptors on all folds and write its record and weights.

    Example: score-mlx train dense --network score_mlp
    """

    def train(
        self,
        spec: DenseSpec,
        files: Files,
        folder: Path,
        *,
        preset: str = BY_HAND,
        replicas: int | None = None,
        report_to: str = "none",
    ) -> None:
        runtime.start()  # before anything imports mlx
        from score_mlx.data.fold_data import FoldedData
        from score_mlx.models.dense.task import DenseTask
        from score_mlx.training.trainer import train

        train(DenseTask, spec, FoldedData.load(files), folder, replicas=replicas, preset=preset, report_to=report_to)

    def predictor(self) -> Predictor:
        from score_mlx.models.dense.predict import PREDICTOR

        return PREDICTOR
