"""Dense networks as a family."""

from __future__ import annotations

from typing import TYPE_CHECKING

from score_mlx.models.dense.spec import DenseSpec
from score_mlx.models.network_family import NetworkFamily
from score_mlx.runs.family import Predictor

if TYPE_CHECKING:
    from score_mlx.data.fold_data import FoldedData
    from score_mlx.models.dense.task import DenseTask


class DenseFamily(NetworkFamily):
    """The MLP and SCORE-MLP of Table 1."""

    name, command, spec = "dense", "dense", DenseSpec
    help = """Train a dense network on the RDKit descriptors on all folds and write its record and weights.

    Example: score-mlx train dense --network score_mlp
    """

    def parts(self) -> tuple[type[DenseTask], type[FoldedData]]:
        """`DenseTask`, and folds of molecules with their descriptors."""
        from score_mlx.data.fold_data import FoldedData
        from score_mlx.models.dense.task import DenseTask

        return DenseTask, FoldedData

    def predictor(self) -> Predictor:
        """How a dense network predicts from the descriptors of new molecules."""
        from score_mlx.models.dense.predict import PREDICTOR

        return PREDICTOR
