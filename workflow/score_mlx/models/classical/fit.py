"""One classical model fitted on all folds: from a spec and its data to a run record."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from score_mlx.data.fold_data import FoldedData
from score_mlx.models.classical.models import fitted, predicted
from score_mlx.models.classical.selection import Selection, linear_importance, ranked
from score_mlx.models.classical.spec import ClassicalSpec, Lasso
from score_mlx.runs.objective import REGRESSION
from score_mlx.runs.records import BY_HAND, finite, make_fold_of, make_meta, make_record, write_record
from score_mlx.runs.schema import ClassFold, ClassRecord, Fold, RunRecord
from score_mlx.training.exclusive import once
from score_mlx.training.progress import Progress


def fit_all(
    spec: ClassicalSpec,
    data: FoldedData,
    folder: Path,
    *,
    selection: Selection | None = None,
    progress: str = "auto",
    preset: str = BY_HAND,
) -> RunRecord | ClassRecord:
    """Fit on all folds and write `run.json` and `run.meta.json` into `folder`.

    Args:
        spec, data: which model, on what.
        selection: the descriptors that SHAP ranks highest, where the model reads only those.
        progress, preset: as in `trainer.train`.

    Returns:
        The record. Each fold's curves hold one value: a classical model is fitted once.
    """
    compute = partial(_fit_all, spec, data, folder, selection, progress, preset)
    return once(spec, data.record(), spec.objective.record, folder, compute)


def _fit_all(
    spec: ClassicalSpec,
    data: FoldedData,
    folder: Path,
    selection: Selection | None,
    progress: str,
    preset: str,
) -> RunRecord | ClassRecord:
    spec.objective.check(data)
    started, clock = datetime.now(UTC).isoformat(timespec="seconds"), time.monotonic()
    bar = Progress(progress, f"{spec.model} ({data.info['label']})", len(data.fold_numbers), epochs=1)
    parts: list[Fold | ClassFold] = []
    for fold in data.fold_numbers:
        bar.group([fold])
        parts.append(_fit_fold(spec, data, fold, _columns(spec, data, fold, selection)))
        metric = spec.objective.metric.key
        values = [math.nan if value is None else value for value in getattr(parts[-1], metric)]
        bar.epoch(1, values, values, metric)
    bar.close()
    record = make_record(spec, data.record(), None, parts)
    seconds = time.monotonic() - clock
    write_record(folder, record, make_meta(spec.FAMILY, started=started, seconds=seconds, preset=preset))
    return record


def _columns(spec: ClassicalSpec, data: FoldedData, fold: int, selection: Selection | None) -> np.ndarray:
    """Which descriptors a fold's model reads, the most important first where they are ranked."""
    if not isinstance(spec, Lasso):
        return np.arange(data.raw.shape[1])
    if selection:
        return selection.top(fold, spec.top)
    x, train = data.scaled(fold).astype(np.float64), data.train(fold)
    model = fitted(spec, fold, x[train], data.targets[train])
    return ranked(linear_importance(model.coef_, x[train]), spec.top)


def _fit_fold(spec: ClassicalSpec, data: FoldedData, fold: int, columns: np.ndarray) -> Fold | ClassFold:
    train, test = data.train(fold), data.test(fold)
    # Lasso's sums of squares need double precision; the others round to single themselves.
    x, y = data.scaled(fold)[:, columns].astype(np.float64), data.targets
    mean, deviation = scale = data.target_scale(fold) if spec.scale_targets else (0.0, 1.0)
    model, objective = fitted(spec, fold, x[train], (y[train] - mean) / deviation), spec.objective

    def asked(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What is predicted of molecules, and their targets."""
        return predicted(spec, model, x[rows]) * deviation + mean, y[rows]

    more: dict[str, Any] = {"target_scale": list(scale)} if spec.scale_targets else {}
    if data.holdout:
        found = objective.measured(*asked(data.val(fold)))
        more |= {"val": len(data.val(fold))} | {f"val_{key}": [finite(value)] for key, value in found.items()}
    measured = {key: [value] for key, value in objective.measured(*asked(test)).items()}
    chosen, loss = _chosen(spec, model, data.columns[columns]), objective.mean_loss(*asked(train))
    return make_fold_of(objective, fold, len(train), len(test), [loss], measured, fitted=chosen, **more)


def _chosen(spec: ClassicalSpec, model: Any, names: np.ndarray) -> dict[str, Any]:
    """What the fit itself decided, so that a reader need not fit again to know."""
    if spec.method == "lasso":
        used = np.flatnonzero(model.coef_)
        return {"alpha": finite(model.alpha_), "nonzero": len(used), "descriptors": names.tolist()}
    if spec.method == "catboost":
        return {"learning_rate": finite(model.learning_rate_)}
    if spec.method == "svr":
        machine = model if spec.task == REGRESSION else model.calibrated_classifiers_[0].estimator
        return {"support_vectors": len(machine.support_)}
    return {}
