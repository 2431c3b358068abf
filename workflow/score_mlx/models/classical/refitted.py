"""Classical models asked about new molecules: fitted once more, since the same fit gives the same model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from score_mlx.data.chem import descriptors as chem
from score_mlx.data.fold_data import FoldedData
from score_mlx.models.classical.models import fitted, predicted
from score_mlx.models.classical.selection import Selection
from score_mlx.models.classical.spec import ClassicalSpec, Lasso
from score_mlx.models.families import inputs_of
from score_mlx.runs.schema import ClassRecord, RunRecord
from score_mlx.runs.spec import results_of
from score_mlx.system.errors import UserError

CLOSE = 1e-6  # relative: a record's RMSE has seven digits


class Refitted:
    """The models of a classical run's folds; arguments and attributes as of `models.prediction.Ensemble`.

    No file of a fitted model is kept: those of these libraries are programs to whoever opens them. Fits take seconds
    (CatBoost's a minute) and are seeded, on one thread.

    Raises:
        UserError: the data that it was fitted on are not there, or the fit gives other errors than the record has.
    """

    def __init__(
        self, spec: ClassicalSpec, content: RunRecord | ClassRecord, record: Path, results: Path | None = None
    ):
        self.spec, self.dataset, self.folds = spec, content.dataset, [fold.fold for fold in content.folds]
        files = inputs_of(spec, results or results_of(spec, record.resolve()))
        data = FoldedData.load(files)
        if not data.record().same(content.dataset):
            raise UserError(f"{record}: fitted on other data than {files['molecules'].parent} holds, see --results")
        selection = Selection.load(files["shap"]) if spec.ranked_by else None
        self._models, objective = [], spec.objective
        for part in content.folds:
            fold, x = part.fold, data.scaled(part.fold).astype(np.float64)
            columns = np.arange(x.shape[1])
            if selection and isinstance(spec, Lasso):
                columns = selection.top(fold, spec.top)
            mean, deviation = getattr(part, "target_scale", None) or (0.0, 1.0)
            train, test = data.train(fold), data.test(fold)
            model = fitted(spec, fold, x[train][:, columns], (data.targets[train] - mean) / deviation)
            found = predicted(spec, model, x[test][:, columns]) * deviation + mean
            ours, metric = objective.metric.of(found, data.targets[test]), objective.metric
            recorded = getattr(part, metric.key)[0]
            if recorded is None or abs(ours - recorded) > CLOSE * max(abs(recorded), ours):
                raise UserError(
                    f"{record}: fold {fold} has {metric.name} {recorded}, fitted here {ours:.7g}: other versions of "
                    "the libraries made it; fit it again with score-mlx train classical"
                )
            self._models.append((model, data.scaler(fold), columns, mean, deviation))

    def __call__(self, smiles: Sequence[str]) -> np.ndarray:
        """Predictions (n, folds) for n SMILES that RDKit reads, in the unit of the target, or P(class 1)."""
        if not smiles:
            return np.empty((0, len(self.folds)))
        raw = chem.compute(smiles, processes=1)[0]
        return np.stack(
            [
                predicted(self.spec, model, scaler.transform(raw)[:, columns].astype(np.float64)) * deviation + mean
                for model, scaler, columns, mean, deviation in self._models
            ],
            axis=1,
        )
