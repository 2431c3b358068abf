"""A classical model from its spec. Each library is imported by the job that uses it: some take seconds."""

from __future__ import annotations

from typing import Any

from score_mlx.classical.spec import ClassicalSpec

# One thread everywhere: sums in another order would give other last bits, and so other trees.


def make(spec: ClassicalSpec) -> Any:
    """An unfitted estimator with `fit(x, y)` and `predict(x)`."""
    return MAKERS[spec.method](spec, spec.settings())


def _catboost(spec: ClassicalSpec, settings: dict[str, Any]) -> Any:
    from catboost import CatBoostRegressor

    settings["learning_rate"] = settings["learning_rate"] or None
    return CatBoostRegressor(
        **settings, random_seed=spec.seed, thread_count=1, verbose=False, allow_writing_files=False
    )


def _xgboost(spec: ClassicalSpec, settings: dict[str, Any]) -> Any:
    from xgboost import XGBRegressor

    return XGBRegressor(**settings, random_state=spec.seed, n_jobs=1)


def _lightgbm(spec: ClassicalSpec, settings: dict[str, Any]) -> Any:
    from lightgbm import LGBMRegressor

    # Without the last two it measures at run time which layout is faster, and the layout decides the order of sums.
    fixed = {"deterministic": True, "force_col_wise": True}
    return LGBMRegressor(**settings, random_state=spec.seed, n_jobs=1, verbose=-1, **fixed)


def _random_forest(spec: ClassicalSpec, settings: dict[str, Any]) -> Any:
    from sklearn.ensemble import RandomForestRegressor

    return RandomForestRegressor(**settings, random_state=spec.seed, n_jobs=1)


def _svr(spec: ClassicalSpec, settings: dict[str, Any]) -> Any:
    from sklearn.svm import SVR

    return SVR(**settings)


def _lasso(spec: ClassicalSpec, settings: dict[str, Any]) -> Any:
    from sklearn.linear_model import LassoCV

    del settings["top"], settings["shap_iterations"]  # they chose the descriptors
    return LassoCV(**settings)


MAKERS = {
    "catboost": _catboost,
    "xgboost": _xgboost,
    "lightgbm": _lightgbm,
    "random_forest": _random_forest,
    "svr": _svr,
    "lasso": _lasso,
}
