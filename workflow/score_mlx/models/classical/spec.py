"""What a classical model's run is: its library's settings, one class a model.

The defaults of the settings are the libraries' own (a test holds them to it), since the paper names none; config.yaml
spells them out. Only Lasso's alpha is chosen by cross-validation inside the training fold: with the library's alpha = 1
almost every coefficient would be zero.
"""

from __future__ import annotations

from dataclasses import Field, dataclass
from typing import Any, ClassVar

from score_mlx.runs.objective import CLASSIFICATION, REGRESSION
from score_mlx.runs.spec import NOT_NEGATIVE, POSITIVE, RATE, FoldSpec, Range
from score_mlx.system.errors import UserError, unknown

SHARED = ("split", "repeat", "seed", "scale_targets", "task")  # fields of all methods
NAMES = ("catboost", "xgboost", "lightgbm", "random_forest", "svr", "lasso")


@dataclass(frozen=True)
class ClassicalSpec(FoldSpec):
    """One classical model on the 217 scaled descriptors, fitted on all folds of one data set.

    Attributes:
        dataset: name of a prepared data set, a folder of `results/data`.
        method: a key of `METHODS`.
        split, repeat: which folds.
        seed: of the models that draw at random: CatBoost, XGBoost, LightGBM, random forest.
        scale_targets: whether the model learns targets of mean 0 and standard deviation 1 over its training molecules.
        task: whether targets are numbers (`regression`) or the classes 0 and 1 (`classification`).
    """

    dataset: str
    method: str
    split: str = "kfold"
    repeat: int = 0
    seed: int = 42
    scale_targets: bool = False
    task: str = REGRESSION

    FAMILY: ClassVar[str] = "classical"
    NAMED: ClassVar[tuple[str, ...]] = ("method",)
    CHOICES: ClassVar[dict[str, tuple[str, ...]]] = {"method": NAMES, **FoldSpec.CHOICES}
    epochs: ClassVar[int] = 1  # fitted once: its curve is one number
    ITERATIVE: ClassVar[bool] = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if type(self) is not self.variant(self.method):
            raise UserError(f"method = {self.method}: its settings are those of {self.variant(self.method).__name__}")
        if self.task == CLASSIFICATION and self.method not in CLASSIFIERS:
            raise UserError(
                f"method = {self.method}: learns numbers, expected {', '.join(CLASSIFIERS)} with task = {self.task}"
            )

    @classmethod
    def variant(cls, *named: str) -> type[ClassicalSpec]:
        """The class of a method's settings.

        Raises:
            UserError: no such method; the nearest name is told.
        """
        (method,) = named
        if method not in METHODS:
            raise UserError(unknown("method =", method, METHODS))
        return METHODS[method][0]

    @property
    def model(self) -> str:
        """Name in the paper's Table 1."""
        return METHODS[self.method][1]

    @property
    def uses_descriptors(self) -> bool:
        """True: every classical model reads the descriptors."""
        return True

    def departures(self, but: tuple[str, ...] = ()) -> list[str]:
        """Settings that are not the library's defaults, as `depth 4`; those in `but` may differ."""
        named = [f for f in self.option_fields() if f.name not in ("top", "ranking", "repeat", "seed", *but)]
        return [f"{f.name} {getattr(self, f.name)}" for f in named if getattr(self, f.name) != f.default]

    @classmethod
    def setting_fields(cls) -> list[Field[Any]]:
        """The fields that are the library's."""
        return [f for f in cls.option_fields() if f.name not in SHARED]

    def settings(self) -> dict[str, Any]:
        """The model's own settings."""
        return {f.name: getattr(self, f.name) for f in self.setting_fields()}


@dataclass(frozen=True)
class CatBoost(ClassicalSpec):
    """Gradient boosting with symmetric trees (Prokhorenkova et al. 2018), settings of the catboost package.

    Attributes:
        iterations: number of trees; learning_rate: 0 lets CatBoost choose; depth: of each tree.
    """

    iterations: int = 1000
    learning_rate: float = 0.0  # 0: CatBoost chooses one, from the numbers of rows and iterations
    depth: int = 6
    # Not l2_leaf_reg: once it is set, even to its default, CatBoost chooses no learning rate any more.

    RANGES: ClassVar[dict[str, Range]] = {
        **FoldSpec.RANGES,
        "iterations": POSITIVE,
        "learning_rate": (0, 1),
        "depth": (1, 16),
    }
    CUTTABLE: ClassVar[tuple[str, ...]] = ("iterations",)


@dataclass(frozen=True)
class XGBoost(ClassicalSpec):
    """Gradient boosting (Chen and Guestrin 2016), settings of the xgboost package."""

    n_estimators: int = 100
    learning_rate: float = 0.3
    max_depth: int = 6
    min_child_weight: float = 1.0
    reg_lambda: float = 1.0

    RANGES: ClassVar[dict[str, Range]] = {
        **FoldSpec.RANGES,
        "n_estimators": POSITIVE,
        "learning_rate": RATE,
        "max_depth": POSITIVE,
        "min_child_weight": NOT_NEGATIVE,
        "reg_lambda": NOT_NEGATIVE,
    }


@dataclass(frozen=True)
class LightGBM(ClassicalSpec):
    """Gradient boosting with trees grown leaf by leaf (Ke et al. 2017), settings of the lightgbm package."""

    n_estimators: int = 100
    learning_rate: float = 0.1
    num_leaves: int = 31
    min_child_samples: int = 20

    RANGES: ClassVar[dict[str, Range]] = {
        **FoldSpec.RANGES,
        "n_estimators": POSITIVE,
        "learning_rate": RATE,
        "num_leaves": (2, 131072),
        "min_child_samples": NOT_NEGATIVE,
    }


@dataclass(frozen=True)
class RandomForest(ClassicalSpec):
    """Random forest (Breiman 2001), settings of scikit-learn."""

    n_estimators: int = 100
    max_features: float = 1.0
    min_samples_leaf: int = 1

    RANGES: ClassVar[dict[str, Range]] = {
        **FoldSpec.RANGES,
        "n_estimators": POSITIVE,
        "max_features": RATE,
        "min_samples_leaf": POSITIVE,
    }


@dataclass(frozen=True)
class SVR(ClassicalSpec):
    """Support vector regression, or classification where targets are classes; settings of scikit-learn."""

    kernel: str = "rbf"
    C: float = 1.0
    epsilon: float = 0.1
    gamma: str = "scale"

    CHOICES: ClassVar[dict[str, tuple[str, ...]]] = ClassicalSpec.CHOICES | {
        "kernel": ("rbf", "linear", "poly", "sigmoid"),
        "gamma": ("scale", "auto"),
    }
    RANGES: ClassVar[dict[str, Range]] = {
        **FoldSpec.RANGES,
        "C": (1e-9, 1e9),
        "epsilon": NOT_NEGATIVE,
    }

    @property
    def model(self) -> str:
        """Name in the paper's Table 1; `SVC` where targets are classes."""
        return "SVC" if self.task == CLASSIFICATION else super().model


@dataclass(frozen=True)
class Lasso(ClassicalSpec):
    """Lasso on the descriptors with the largest mean |SHAP| of a model fitted on the training fold.

    Attributes:
        top: how many of them it reads.
        ranking: whose SHAP values rank the descriptors: a CatBoost's, or those of a Lasso on all descriptors.
    """

    top: int = 10
    ranking: str = "catboost"
    alphas: int = 100  # values of alpha tried, from the smallest that zeroes all coefficients down to eps times it
    eps: float = 1e-3
    cv: int = 5  # folds inside the training fold that choose alpha
    max_iter: int = 1000
    shap_iterations: int = 1000  # of the CatBoost that ranks descriptors

    CHOICES: ClassVar[dict[str, tuple[str, ...]]] = FoldSpec.CHOICES | {"ranking": ("catboost", "lasso")}
    RANGES: ClassVar[dict[str, Range]] = {
        **FoldSpec.RANGES,
        "top": POSITIVE,
        "alphas": POSITIVE,
        "eps": RATE,
        "cv": (2, 1000),
        "max_iter": POSITIVE,
        "shap_iterations": POSITIVE,
    }
    CUTTABLE: ClassVar[tuple[str, ...]] = ("shap_iterations",)

    @property
    def model(self) -> str:
        """The paper's name where the Lasso ranks by its own SHAP values, which gives what is printed."""
        return f"Lasso (Top-{self.top} features{'' if self.ranking == 'lasso' else ', CatBoost SHAP'})"

    @property
    def ranked_by(self) -> CatBoost | None:
        """The CatBoost whose SHAP values rank the descriptors, on the same folds; None where a Lasso ranks."""
        if self.ranking == "lasso":
            return None
        folds = (self.split, self.repeat, self.seed, self.scale_targets)
        return CatBoost(self.dataset, "catboost", *folds, iterations=self.shap_iterations)


# key: class, name in the paper's Table 1 ("LightBoost" in its text is LightGBM)
METHODS: dict[str, tuple[type[ClassicalSpec], str]] = {
    "catboost": (CatBoost, "CatBoost"),
    "xgboost": (XGBoost, "XGBoost"),
    "lightgbm": (LightGBM, "LightGBM"),
    "random_forest": (RandomForest, "Random Forest"),
    "svr": (SVR, "SVR"),
    "lasso": (Lasso, "Lasso"),
}
CLASSIFIERS = tuple(name for name in METHODS if name != "lasso")  # whose libraries learn classes as well
