"""Classical models as a family."""

from __future__ import annotations

from pathlib import Path

from score_mlx.models.classical.spec import ClassicalSpec
from score_mlx.runs.family import USUAL, Execution, Files, FoldFamily


class ClassicalFamily(FoldFamily):
    """Trees, kernels and Lasso on the RDKit descriptors; fitted once, so without weights to keep."""

    reports = False
    name, command, spec = "classical", "classical", ClassicalSpec
    variants = True
    help = """Fit a tree ensemble, SVR or Lasso on the RDKit descriptors on all folds and write its record.

    Example: score-mlx train classical --method lasso --options top=100
    """

    def train(self, spec: ClassicalSpec, files: Files, folder: Path, how: Execution = USUAL) -> None:
        """Fit the model on every fold and write the record; of `how` only `preset` is used."""
        from score_mlx.data.fold_data import FoldedData
        from score_mlx.models.classical.fit import fit_all
        from score_mlx.models.classical.selection import Selection

        selection = Selection.load(files["shap"]) if spec.ranked_by else None
        fit_all(spec, FoldedData.load(files), folder, selection=selection, preset=how.preset)
