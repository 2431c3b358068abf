"""What the claims share: RMSE by model and fold, and findings of one, all, or the worst of several comparisons."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from score_mlx.runs.spec import Spec
from score_mlx.stats import statistics
from score_mlx.verdict.evidence import Evidence
from score_mlx.verdict.finding import NO, SOME, YES, Finding
from score_mlx.verdict.pool import NotRunError
from score_mlx.verdict.rules import EQUAL

DRAWS = 1000  # bootstraps over folds


@dataclass(frozen=True)
class Scores:
    """RMSE of models on the same folds.

    Attributes:
        of: model -> (repeats * folds,).
        folds: of one cross-validation.
    """

    of: Mapping[str, np.ndarray]
    folds: int

    def mean(self, model: str) -> float:
        return float(np.mean(self.of[model]))

    def ranking(self) -> list[str]:
        """Models, best first."""
        return sorted(self.of, key=lambda model: (self.mean(model), model))


def scores(evidence: Evidence, specs: Mapping[str, Spec], models: Sequence[str] | None = None) -> Scores:
    """RMSE of the named of `specs`, all of them by default.

    Raises:
        UndecidedError: the experiment lists no such model, or as `Evidence.scores`.
    """
    models = list(models or specs)
    unlisted = [model for model in models if model not in specs]
    if unlisted:
        raise NotRunError(f"config.yaml lists no model {', '.join(unlisted)} among those compared")
    chosen = [specs[model] for model in models]
    return Scores(dict(zip(models, evidence.scores(chosen), strict=True)), evidence.folds(chosen[0]))


def table_difference(
    evidence: Evidence, a: str, b: str, of: Callable[[list[Spec]], np.ndarray] | None = None
) -> tuple[np.ndarray, int, list[Spec]]:
    """Mean over the models that both tables list of table a's value - table b's, fold by fold.

    Args:
        of: from runs to a row of folds each; by default their RMSE.

    Returns:
        (repeats * folds,) differences, the number of folds, and the runs that they are of.
    """
    first, second = evidence.by_model(a), evidence.by_model(b)
    models = [model for model in first if model in second]
    specs = [*(first[model] for model in models), *(second[model] for model in models)]
    values = (of or evidence.scores)(specs)
    return (values[: len(models)] - values[len(models) :]).mean(axis=0), evidence.folds(specs[0]), specs


def lower(differences: Mapping[str, np.ndarray], folds: int, what: str, tries: int = 1) -> Finding:
    """Whether every difference is below 0: the least favourable is the statistic, and every test must hold (largest p).

    Args:
        differences: by what is compared, each (repeats * folds,).
        what: what a difference is, for the reason.
        tries: of how many a comparison was picked as the best, by which its p is multiplied.
    """
    means = {name: statistics.corrected(values, folds) for name, values in differences.items()}
    worst = max(means, key=lambda name: means[name].value)
    p = max(statistics.below(values, folds) for values in differences.values())
    failing = [name for name, mean in means.items() if mean.value >= 0]
    says = YES if not failing else NO if len(failing) == len(means) else SOME
    reason = f"{what}{' of' if len(means) == 1 else ', least favourable'} {worst}: {means[worst].value:+.3f}"
    if len(means) > 1:
        reason += f"; below 0 in {len(means) - len(failing)} of {len(means)}"
        reason += f", not of {', '.join(failing)}" if says == SOME else ""
    return Finding(means[worst].value, says, reason, means[worst].low, means[worst].high, min(1.0, tries * p))


def equal(differences: Mapping[str, np.ndarray], folds: int, what: str, margin: float = EQUAL) -> Finding:
    """Whether every difference is within +-margin; the largest in size is the statistic, largest p counts."""
    means = {name: statistics.corrected(values, folds) for name, values in differences.items()}
    worst = max(means, key=lambda name: abs(means[name].value))
    p = max(statistics.tost(values, folds, margin) for values in differences.values())
    mean = means[worst]
    says = YES if abs(mean.value) <= margin else NO
    largest = "largest " if len(means) > 1 else ""
    reason = f"{largest}{what} of {worst}: {mean.value:+.3f}, {'within' if says == YES else 'beyond'} {margin}"
    return Finding(mean.value, says, reason, mean.low, mean.high, p, f"equality within {margin} not shown")


def no_worse(differences: np.ndarray, folds: int, what: str, margin: float = EQUAL) -> Finding:
    """Whether a mean difference is below `margin`."""
    mean = statistics.corrected(differences, folds)
    p = statistics.below(differences, folds, margin)
    says = YES if mean.value < margin else NO
    reason = f"{what}: {mean.value:+.3f}, {'below' if says == YES else 'not below'} {margin}"
    return Finding(mean.value, says, reason, mean.low, mean.high, p, f"not shown to be below {margin}")


def sized(points: np.ndarray, folds: int, what: str, sizes: Sequence[float], margin: float, unit: str = "") -> Finding:
    """Whether a mean is above 0 and within `margin` of a printed size; above 0 alone, beyond chance, is a part."""
    mean = statistics.corrected(points, folds)
    near = any(abs(mean.value - size) <= margin for size in sizes)
    says = NO if mean.value <= 0 else YES if near else SOME
    printed = " or ".join(f"{size:g}" for size in sizes)
    off = f"{'no more' if near else 'more'} than {margin:g} from the paper's {printed}{unit}"
    p = statistics.below(-points, folds)
    return Finding(
        mean.value, says, f"{what}: {mean.value:.3g}{unit}, {off}", mean.low, mean.high, p, part_needs_p=True
    )


def sign_test(hits: int, tries: int, reason: str) -> Finding:
    """Whether more than half of `tries` are hits; the interval is Clopper and Pearson's."""
    low, high = (tries * bound for bound in stats.binomtest(hits, tries).proportion_ci(statistics.LEVEL))
    p = float(stats.binomtest(hits, tries, alternative="greater").pvalue)
    return Finding(hits, YES if 2 * hits > tries else NO, reason, low, high, p)


def over_folds(table: Scores, statistic: Callable[[list[str]], float]) -> tuple[float, float]:
    """Percentile bootstrap over folds of what is read from a ranking, best first; with five folds it is rough."""
    models, values = list(table.of), np.array(list(table.of.values()))
    folds = np.random.default_rng(0).integers(values.shape[1], size=(DRAWS, values.shape[1]))
    orders = np.argsort(values[:, folds].mean(axis=-1), axis=0, kind="stable")  # (models, draws)
    drawn = [statistic([models[place] for place in order]) for order in orders.T]
    low, high = np.quantile(drawn, [(1 - statistics.LEVEL) / 2, (1 + statistics.LEVEL) / 2])
    return float(low), float(high)
