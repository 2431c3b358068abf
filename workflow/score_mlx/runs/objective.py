"""What a run learns, numbers or classes: its loss, its metrics and their direction, its predictions.

The `task` of a run's spec gives the objective. Training, records, tables and predictions use its methods, so that no
other code depends on the task.
"""

# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false
# scikit-learn has no types

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np

from score_mlx.data.classes import require_binary, require_both
from score_mlx.runs.schema import AnyFold, Best, ClassBest, ClassFold, ClassLast, ClassRecord, Fold, Last, RunRecord
from score_mlx.system.choices import OneOf

if TYPE_CHECKING:
    import mlx.core as mx

    from score_mlx.data.fold_data import FoldedData

REGRESSION, CLASSIFICATION = "regression", "classification"
TASKS = (REGRESSION, CLASSIFICATION)
Task = OneOf[str, TASKS]
V = TypeVar("V", float, np.ndarray)
Batch = tuple[np.ndarray, np.ndarray, np.ndarray]  # predictions, labels, weights: (R, B) each


@dataclass(frozen=True)
class Metric:
    """A measure of how good predictions are.

    Attributes:
        key: its name in records and as a column.
        name: as shown in tables and figures.
        higher: whether more is better.
        in_unit: whether it has the target's unit.
        of: (predictions (n,), labels (n,)) -> its value.
    """

    key: str
    name: str
    higher: bool
    in_unit: bool
    of: Callable[[np.ndarray, np.ndarray], float]

    def error(self, value: V) -> V:
        """The value turned into an error, of which the smallest is the best."""
        return -value if self.higher else value

    def better(self, difference: float) -> bool:
        """Whether a difference, one model's value minus another's, favours the first."""
        return self.error(difference) < 0

    @property
    def best(self) -> str:
        """The word for the best value: `lowest` or `highest`."""
        return "highest" if self.higher else "lowest"

    def measure(self, batches: Sequence[Batch]) -> np.ndarray:
        """(R,) values of R models over batches; molecules of weight 0 are padding. NaN where predictions are."""
        prediction, label, weight = (np.concatenate(parts, axis=1) for parts in zip(*batches, strict=True))
        rows = zip(prediction, label, weight > 0, strict=True)
        return np.array([self.of(p[real], y[real]) for p, y, real in rows])


class RootMeanSquare(Metric):
    """RMSE, whose squares are summed batch by batch."""

    def measure(self, batches: Sequence[Batch]) -> np.ndarray:
        """(R,) as of `Metric`."""
        squares, count = 0.0, 0.0
        for prediction, label, weight in batches:
            squares = squares + (weight * (prediction - label) ** 2).sum(axis=1)
            count = count + weight.sum(axis=1)
        return np.sqrt(squares / count)


def _rmse(prediction: np.ndarray, target: np.ndarray) -> float:
    return float(np.mean((prediction - target) ** 2)) ** 0.5


def _of_scores(name: str) -> Callable[[np.ndarray, np.ndarray], float]:
    """A metric of scikit-learn on scores of class 1, by their order only; NaN if a score is not finite."""

    def of(score: np.ndarray, label: np.ndarray) -> float:
        from sklearn import metrics  # takes a second, too long for a dry-run

        return float(getattr(metrics, name)(label, score)) if np.isfinite(score).all() else float("nan")

    return of


class Objective(ABC):
    """What a run learns.

    Attributes:
        name: the spec's `task`.
        metrics: the first one ranks models and chooses the best epoch.
        fold, best, last, record: the parts of its records.
    """

    name: ClassVar[str]
    metrics: ClassVar[tuple[Metric, ...]]
    fold: ClassVar[type[AnyFold]]
    best: ClassVar[type[Best | ClassBest]]
    last: ClassVar[type[Last | ClassLast]]
    record: ClassVar[type[RunRecord | ClassRecord]]
    predicts: ClassVar[str] = ""  # what predictions are, where they are not in the target's unit

    @property
    def metric(self) -> Metric:
        """The metric that ranks models and chooses the best epoch."""
        return self.metrics[0]

    @abstractmethod
    def loss(self, prediction: mx.array, label: mx.array, weight: mx.array) -> mx.array:
        """What a network minimises: a mean over the molecules (B,) of weight 1; those of weight 0 are padding."""

    @abstractmethod
    def output(self, raw: np.ndarray, scale: tuple[float, float] = (0.0, 1.0)) -> np.ndarray:
        """What is predicted, of what a network gives.

        Args:
            raw: of any shape.
            scale: mean and standard deviation by which targets were scaled.
        """

    @abstractmethod
    def mean_loss(self, prediction: np.ndarray, target: np.ndarray) -> float:
        """The loss of what is predicted (n,)."""

    @abstractmethod
    def check(self, data: FoldedData) -> None:
        """Check that data suit this objective.

        Raises:
            UserError: these targets cannot be learnt so, or not in these folds.
        """

    def measured(self, prediction: np.ndarray, target: np.ndarray) -> dict[str, float]:
        """Every metric by its key, of what is predicted (n,)."""
        return {metric.key: metric.of(prediction, target) for metric in self.metrics}

    def curves(self, fold: AnyFold) -> dict[str, list[float | None]]:
        """A fold's values after each epoch, by metric."""
        return {metric.key: getattr(fold, metric.key) for metric in self.metrics}

    def val_curves(self, fold: AnyFold) -> dict[str, list[float | None]]:
        """The same of the molecules that choose the epoch of a hold-out; none of any other split."""
        found: dict[str, list[float | None] | None] = {m.key: getattr(fold, f"val_{m.key}") for m in self.metrics}
        return {key: curve for key, curve in found.items() if curve is not None}

    def best_epoch(self, fold: AnyFold) -> int | None:
        """The epoch (from 1) of a fold's best metric, the first of several; None without a finite one."""
        chosen = (self.val_curves(fold) or self.curves(fold))[self.metric.key]
        errors = [(self.metric.error(value), epoch) for epoch, value in enumerate(chosen, start=1) if value is not None]
        return min(errors)[1] if errors else None

    def best_of(self, folds: Sequence[AnyFold]) -> Best | ClassBest:
        """The metrics of each fold at its best epoch, and that epoch."""
        epochs = [self.best_epoch(fold) for fold in folds]
        values: dict[str, Any] = {
            m.key: [epoch and self.curves(fold)[m.key][epoch - 1] for fold, epoch in zip(folds, epochs, strict=True)]
            for m in self.metrics
        }
        return self.best(**values, epoch=epochs)

    def last_of(self, folds: Sequence[AnyFold]) -> Last | ClassLast:
        """The metrics of each fold after the last epoch."""
        values: dict[str, Any] = {m.key: [self.curves(fold)[m.key][-1] for fold in folds] for m in self.metrics}
        return self.last(**values)

    def make_record(self, **parts: Any) -> RunRecord | ClassRecord:
        """The record of a run whose parts these are."""
        return self.record(**parts)


class Regression(Objective):
    """A number: squared error, RMSE in the target's unit."""

    name = REGRESSION
    metrics = (RootMeanSquare("rmse", "RMSE", higher=False, in_unit=True, of=_rmse),)
    fold, best, last, record = Fold, Best, Last, RunRecord

    def loss(self, prediction: mx.array, label: mx.array, weight: mx.array) -> mx.array:
        """Mean squared error."""
        from score_mlx.nn.losses import mean_square

        return mean_square(prediction, label, weight)

    def output(self, raw: np.ndarray, scale: tuple[float, float] = (0.0, 1.0)) -> np.ndarray:
        """The number in the target's unit."""
        mean, deviation = scale
        return raw * deviation + mean

    def mean_loss(self, prediction: np.ndarray, target: np.ndarray) -> float:
        """Mean squared error."""
        return float(np.mean((prediction - target) ** 2))

    def check(self, data: FoldedData) -> None:
        """All finite numbers can be learnt, so nothing is refused."""


class Classification(Objective):
    """One of two classes: cross-entropy of a logit, ROC-AUC and PR-AUC of scikit-learn; predicted is P(class 1).

    The best epoch has the highest ROC-AUC, the reported value, just as the paper takes the epoch of the lowest RMSE.
    PR-AUC is the average precision, which interpolates nothing.
    """

    name = CLASSIFICATION
    predicts = "probabilities of class 1"
    metrics = (
        Metric("roc_auc", "ROC-AUC", higher=True, in_unit=False, of=_of_scores("roc_auc_score")),
        Metric("pr_auc", "PR-AUC", higher=True, in_unit=False, of=_of_scores("average_precision_score")),
    )
    fold, best, last, record = ClassFold, ClassBest, ClassLast, ClassRecord

    def loss(self, prediction: mx.array, label: mx.array, weight: mx.array) -> mx.array:
        """Mean cross-entropy, log(1 + e^z) - y z of logit z and class y, in the form that no large z overflows."""
        from score_mlx.nn.losses import mean_entropy

        return mean_entropy(prediction, label, weight)

    def output(self, raw: np.ndarray, scale: tuple[float, float] = (0.0, 1.0)) -> np.ndarray:
        """P(class 1) of a logit, without overflow."""
        return 0.5 * (1 + np.tanh(0.5 * raw))

    def mean_loss(self, prediction: np.ndarray, target: np.ndarray) -> float:
        """Mean cross-entropy of P(class 1); probabilities of 0 and 1 are clipped as in scikit-learn."""
        from sklearn.metrics import log_loss

        return float(log_loss(target, prediction, labels=[0, 1]))

    def check(self, data: FoldedData) -> None:
        """Two classes, both of them in each part of each fold."""
        name = data.info["name"]
        require_binary(data.targets, name)
        for fold in data.fold_numbers:
            parts = (("training", data.train(fold)), ("val", data.val(fold)), ("test", data.test(fold)))
            require_both(data.targets, name, ((fold, use, rows) for use, rows in parts))


OBJECTIVES: dict[str, Objective] = {objective.name: objective for objective in (Regression(), Classification())}


def objective_of(values: Mapping[str, Any]) -> Objective:
    """The objective of a run with these spec fields; regression where `task` is absent, as in earlier records."""
    return OBJECTIVES.get(str(values.get("task", REGRESSION)), OBJECTIVES[REGRESSION])


def of_folds(folds: Sequence[AnyFold]) -> Objective:
    """The objective whose records have folds of this type."""
    return next(each for each in OBJECTIVES.values() if isinstance(folds[0], each.fold))
