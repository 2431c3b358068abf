"""A classical model from its spec. Each library is imported by the job that uses it: some take seconds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from score_mlx.models.classical.spec import ClassicalSpec, Lasso
from score_mlx.runs.objective import CLASSIFICATION
from score_mlx.system.errors import UserError

T = TypeVar("T")

# One thread everywhere: sums in another order would give other last bits, and so other trees.


def make(spec: ClassicalSpec) -> Any:
    """An unfitted estimator with `fit(x, y)` and `predict(x)`, or `predict_proba(x)` where classes are learnt."""
    return MAKERS[spec.method](spec, spec.settings())


def predicted(spec: ClassicalSpec, model: Any, x: np.ndarray) -> np.ndarray:
    """(n,) numbers, as scaled as they were learnt, or probabilities of class 1, of descriptors x (n, D)."""
    return model.predict_proba(x)[:, 1] if spec.task == CLASSIFICATION else model.predict(x)


def fitted(spec: ClassicalSpec, fold: int, x: np.ndarray, y: np.ndarray) -> Any:
    """An estimator fitted on the training molecules of a fold.

    Args:
        x: (n, D) scaled descriptors.
        y: (n,) targets, or classes 0 and 1.

    Raises:
        UserError: the library cannot learn from these, or refuses for a reason of its own.
    """
    if isinstance(spec, Lasso) and len(y) < spec.cv:
        few = f"{len(y)} training molecules, expected at least cv = {spec.cv} for the folds that choose alpha"
        raise UserError(f"{_place(spec, fold)}: {few}")
    learnt = y.astype(np.int64) if spec.task == CLASSIFICATION else y
    return asked(lambda: make(spec).fit(x, learnt), spec, fold, x, y)


def asked(work: Callable[[], T], spec: ClassicalSpec, fold: int, x: np.ndarray, y: np.ndarray) -> T:
    """What `work`, a call of the model's library, returns.

    Raises:
        UserError: the library raised whatever it raises; one line names model, fold and, where it is plain, the cause.
    """
    try:
        return work()
    except Exception as reason:
        cause = f"the library refuses: {type(reason).__name__}: {reason}"
        if len(y) and (y == y[0]).all():
            cause = (
                f"its {len(y)} training targets are all the same, so there is nothing to learn; leave this method out"
            )
        elif len(x) and (x == x[0]).all():
            cause = f"no descriptor varies over its {len(y)} training molecules, so there is nothing to learn from"
        raise UserError(f"{_place(spec, fold)}: {cause}") from reason


def _place(spec: ClassicalSpec, fold: int) -> str:
    return f"{spec.dataset}: {spec.model}, fold {fold}"


def _catboost(spec: ClassicalSpec, settings: dict[str, Any]) -> Any:
    from catboost import CatBoostClassifier, CatBoostRegressor

    settings["learning_rate"] = settings["learning_rate"] or None
    kind = CatBoostClassifier if spec.task == CLASSIFICATION else CatBoostRegressor
    return kind(**settings, random_seed=spec.seed, thread_count=1, verbose=False, allow_writing_files=False)


def _xgboost(spec: ClassicalSpec, settings: dict[str, Any]) -> Any:
    from xgboost import XGBClassifier, XGBRegressor

    kind = XGBClassifier if spec.task == CLASSIFICATION else XGBRegressor
    return kind(**settings, random_state=spec.seed, n_jobs=1)


def _lightgbm(spec: ClassicalSpec, settings: dict[str, Any]) -> Any:
    from lightgbm import LGBMClassifier, LGBMRegressor

    # Without the last two it measures at run time which layout is faster, and the layout decides the order of sums.
    fixed: dict[str, Any] = {"deterministic": True, "force_col_wise": True}
    kind = LGBMClassifier if spec.task == CLASSIFICATION else LGBMRegressor
    return kind(**settings, random_state=spec.seed, n_jobs=1, verbose=-1, **fixed)


def _random_forest(spec: ClassicalSpec, settings: dict[str, Any]) -> Any:
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    kind = RandomForestClassifier if spec.task == CLASSIFICATION else RandomForestRegressor
    return kind(**settings, random_state=spec.seed, n_jobs=1)


def _svr(spec: ClassicalSpec, settings: dict[str, Any]) -> Any:
    from sklearn.svm import SVC, SVR

    if spec.task != CLASSIFICATION:
        return SVR(**settings)
    from sklearn.calibration import CalibratedClassifierCV

    del settings["epsilon"]  # of regression only
    # Platt's probabilities from five folds of the training molecules; the order that ROC-AUC counts is the margin's
    margin: dict[str, Any] = {"method": "sigmoid", "ensemble": False}  # scikit-learn's stubs say the default's type
    return CalibratedClassifierCV(SVC(**settings), **margin)


def _lasso(spec: ClassicalSpec, settings: dict[str, Any]) -> Any:
    from sklearn.linear_model import LassoCV

    del settings["top"], settings["ranking"], settings["shap_iterations"]  # they chose the descriptors
    return LassoCV(**settings)


MAKERS = {
    "catboost": _catboost,
    "xgboost": _xgboost,
    "lightgbm": _lightgbm,
    "random_forest": _random_forest,
    "svr": _svr,
    "lasso": _lasso,
}
