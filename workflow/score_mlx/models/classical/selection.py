"""Which descriptors matter: ranked by mean |SHAP| of a model that saw the training fold only."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from score_mlx.data.described import DataSet
from score_mlx.data.fold_data import FoldedData
from score_mlx.models.classical.models import asked, fitted
from score_mlx.models.classical.spec import CatBoost
from score_mlx.runs.objective import REGRESSION
from score_mlx.runs.records import environment
from score_mlx.runs.run import show_cuts
from score_mlx.runs.schema import Cut
from score_mlx.system.errors import UserError
from score_mlx.system.files import read_arrays, replacing


@dataclass(frozen=True)
class Selection:
    """SHAP values of CatBoost models, one a fold.

    Attributes:
        names: (D,) descriptors.
        importance: (folds, D) mean |SHAP| over the molecules that trained the fold's model, in the target's unit.
        values: (N, D) SHAP values of each molecule under the model that did not see it; for plots, never for choosing.
        inputs: (N, D) the scaled descriptors that these values explain.
        about: data set, split, cuts, seed, device, versions, commit.
    """

    names: np.ndarray
    importance: np.ndarray
    values: np.ndarray
    inputs: np.ndarray
    about: dict[str, Any]

    def top(self, fold: int, count: int) -> np.ndarray:
        """Columns of the `count` most important descriptors of a fold, the most important first.

        Raises:
            UserError: there are fewer descriptors.
        """
        return ranked(self.importance[fold], count)

    @property
    def dataset(self) -> DataSet:
        """The molecules."""
        return DataSet(**{name: self.about[name] for name in DataSet.model_fields if name in self.about})

    @property
    def cuts(self) -> str:
        """Settings below the paper's, as `iterations 50/1000`; "" for none."""
        return show_cuts(Cut(**cut) for cut in self.about["cuts"])

    def save(self, path: Path) -> None:
        """Write an .npz file, whole or not at all; the folder must exist."""
        with replacing(path) as temporary:
            np.savez_compressed(
                temporary,
                names=self.names,
                importance=self.importance,
                values=self.values,
                inputs=self.inputs,
                about=np.array(json.dumps(self.about, sort_keys=True)),
            )

    @classmethod
    def load(cls, path: Path) -> Selection:
        """Reads what `save` wrote.

        Raises:
            UserError: the file is missing or is not such a file.
        """
        parts = read_arrays(path, cls.__annotations__, "SHAP values")
        try:
            about = json.loads(str(parts["about"]))
        except ValueError as reason:
            raise UserError(f"{path}: not a SHAP values file ({reason})") from None
        arrays = (parts[name] for name in ("names", "importance", "values", "inputs"))
        return cls(*arrays, about={"split": "unknown"} | about)


def ranked(importance: np.ndarray, count: int) -> np.ndarray:
    """Columns of the `count` largest of (D,) importances, the largest first, ties in RDKit's order.

    Raises:
        UserError: there are fewer descriptors.
    """
    if not 1 <= count <= len(importance):
        raise UserError(f"top = {count}: expected 1 to {len(importance)}, the number of descriptors")
    return np.argsort(-importance, kind="stable")[:count]


def linear_importance(coefficients: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Mean |SHAP| of a linear model, |coefficient| times mean |x - mean|: (D,), (n, D) -> (D,).

    Lundberg and Lee (2017), Corollary 1.
    """
    return np.abs(coefficients) * np.abs(x - x.mean(axis=0)).mean(axis=0)


def select(spec: CatBoost, data: FoldedData) -> Selection:
    """Explain the model of `spec`, fitted on each training fold.

    Raises:
        UserError: it learns classes.
    """
    if spec.task != REGRESSION:
        raise UserError(
            f"{spec.path('')}: SHAP ranks descriptors for Lasso, which learns numbers; expected no task={spec.task}"
        )
    names = data.columns
    importance = np.zeros((len(data.fold_numbers), len(names)))
    values, inputs = (np.zeros((len(data.targets), len(names)), np.float32) for _ in range(2))
    for fold in data.fold_numbers:
        x, train, test = data.scaled(fold), data.train(fold), data.test(fold)
        mean, deviation = data.target_scale(fold) if spec.scale_targets else (0.0, 1.0)
        y = (data.targets[train] - mean) / deviation
        model = fitted(spec, fold, x[train], y)
        ranked = asked(partial(_explain, model, x[train]), spec, fold, x[train], y)
        importance[fold] = np.abs(ranked).mean(axis=0) * deviation
        values[test], inputs[test] = _explain(model, x[test]) * deviation, x[test]
    chosen = {"cuts": spec.cuts(), "seed": spec.seed, "split": spec.split}
    about = data.record().model_dump() | chosen | environment("shap")
    return Selection(names, importance, values, inputs, about)


def _explain(model, x: np.ndarray) -> np.ndarray:
    """(n, D) SHAP values: what each descriptor adds to a prediction."""
    import shap

    return shap.TreeExplainer(model).shap_values(x)
