"""Helpers of the claims: RMSE by model and fold, and findings from one or several comparisons."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from score_mlx.runs.spec import Spec
from score_mlx.stats import statistics
from score_mlx.verdict.evidence import Evidence
from score_mlx.verdict.finding import BELOW, Finding, Part, Region, tested
from score_mlx.verdict.pool import NotRunError
from score_mlx.verdict.published import Published
from score_mlx.verdict.rerun import UNTRAINED
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
        """A model's RMSE, averaged over folds and repeats."""
        return float(np.mean(self.of[model]))

    def ranking(self) -> list[str]:
        """Models, best first."""
        return sorted(self.of, key=lambda model: (self.mean(model), model))

    def untrained(self) -> set[str]:
        """Models that did not learn, whose differences from others are of another size."""
        return {model for model in self.of if self.mean(model) >= UNTRAINED}


def scores(evidence: Evidence, specs: Mapping[str, Spec], models: Iterable[str] | None = None) -> Scores:
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


def printed(evidence: Evidence, target: str, row: str, column: str) -> Published:
    """The paper's number at a place, so that no claim holds one of its own.

    Raises:
        KeyError: nothing is printed there.
    """
    place = (target, row, column)
    found = next((number for number in evidence.printed if number.place == place), None)
    if found is None:
        raise KeyError(f"data/paper prints nothing at {':'.join(place)}")
    return found


def printed_models(evidence: Evidence, target: str) -> list[str]:
    """The models of a table in the paper's order."""
    return [number.row for number in evidence.printed if (number.target, number.column) == (target, "rmse_mean")]


@dataclass(frozen=True)
class Differences:
    """Differences of two tables' models, fold by fold.

    Attributes:
        of: model -> (repeats * folds,) of one table - the other.
        folds: of one cross-validation.
        untrained: models that did not learn in one of them.
        specs: the runs they are of.
    """

    of: Mapping[str, np.ndarray]
    folds: int
    untrained: set[str]
    specs: Sequence[Spec]

    def mean(self, models: Iterable[str] | None = None) -> np.ndarray:
        """Averaged over models: (repeats * folds,)."""
        return np.mean([self.of[model] for model in models or self.of], axis=0)

    @property
    def trained(self) -> list[str]:
        """Models that learned in both tables."""
        return [model for model in self.of if model not in self.untrained]


def table_difference(
    evidence: Evidence, a: str, b: str, of: Callable[[list[Spec]], np.ndarray] | None = None
) -> Differences:
    """Table a's value - table b's of the models that both list.

    Args:
        of: from runs to a row of folds each; by default their RMSE.
    """
    first, second = evidence.by_model(a), evidence.by_model(b)
    models = [model for model in first if model in second]
    specs = [*(first[model] for model in models), *(second[model] for model in models)]
    errors = evidence.scores(specs)
    values = of(specs) if of else errors
    lost = (errors.mean(axis=1) >= UNTRAINED).reshape(2, -1).any(axis=0)
    differences = dict(zip(models, values[: len(models)] - values[len(models) :], strict=True))
    untrained = {model for model, there in zip(models, lost, strict=True) if there}
    return Differences(differences, evidence.folds(specs[0]), untrained, specs)


def over_models(found: Differences, region: Region, what: str) -> Finding:
    """Whether the mean over models lies in a region, of all and of those that learned."""
    parts = [tested(f"{len(found.of)} models", found.mean(), found.folds, region)]
    if found.untrained and found.trained:
        name = f"{len(found.trained)} models without {', '.join(sorted(found.untrained))}, which did not learn"
        parts.append(tested(name, found.mean(found.trained), found.folds, region))
    return Finding(parts, f"{what}, mean of {'; of '.join(map(interval_of, parts))}")


def interval_of(part: Part, digits: int = 3) -> str:
    """`8 models: -0.037 [-0.078, +0.004]`."""
    return f"{part.name}: {part.value:+.{digits}f} [{part.low:+.{digits}f}, {part.high:+.{digits}f}]"


def lower(
    differences: Mapping[str, np.ndarray], folds: int, what: str, tries: int = 1, *, whole: bool = False
) -> Finding:
    """Whether every difference is below 0.

    Args:
        differences: by what is compared, each (repeats * folds,).
        what: what a difference is, for the reason.
        tries: of how many a comparison was picked as the best, by which its p is multiplied.
        whole: whether one that is above 0 refutes the claim.
    """
    return every([tested(name, values, folds, BELOW, tries) for name, values in differences.items()], what, whole=whole)


def equal(differences: Mapping[str, np.ndarray], folds: int, what: str, margin: float = EQUAL) -> Finding:
    """Whether every difference is within +-margin, by two one-sided tests; one beyond it refutes the claim."""
    parts = [tested(name, values, folds, (-margin, margin)) for name, values in differences.items()]
    found = every(parts, what)
    beyond = "within" if found.worst.inside else "beyond"
    return Finding(parts, f"{found.reason}; {beyond} {margin:g}", whole=True)


def no_worse(name: str, differences: np.ndarray, folds: int, margin: float = EQUAL) -> Finding:
    """Whether a mean difference is below `margin`."""
    part = tested(name, differences, folds, (-np.inf, margin))
    return Finding([part], f"{interval_of(part)}, {'below' if part.inside else 'not below'} {margin:g}")


def sized(points: np.ndarray, folds: int, what: str, sizes: Sequence[Published], margin: float, unit: str) -> Finding:
    """Whether a mean is above 0, and within `margin` of a printed size."""
    region = min(size.value for size in sizes) - margin, max(size.value for size in sizes) + margin
    parts = [tested("a gain", points, folds, (0.0, np.inf)), tested("of the printed size", points, folds, region)]
    sizes_shown = " or ".join(size.printed for size in sizes)
    near = "within" if parts[1].inside else "more than"
    away = f"{near} {margin:g} {'of' if parts[1].inside else 'from'} the paper's {sizes_shown}{unit}"
    mean = parts[0]
    return Finding(parts, f"{what}: {mean.value:.3g}{unit} [{mean.low:.3g}, {mean.high:.3g}], {away}")


def every(parts: Sequence[Part], what: str, *, whole: bool = False) -> Finding:
    """A finding over several comparisons; its reason gives the least favourable one."""
    found = Finding(parts, "", whole)
    reason = f"{what}{', least favourable' if len(parts) > 1 else ''} {interval_of(found.worst)}"
    if len(parts) > 1:
        failing = [part.name for part in parts if not part.inside]
        reason += f"; as claimed in {len(parts) - len(failing)} of {len(parts)}"
        reason += f", not in {', '.join(failing)}" if 0 < len(failing) < len(parts) else ""
    return Finding(parts, reason, whole)


def sign_test(hits: int, tries: int, name: str, reason: str) -> Finding:
    """Whether more than half of `tries` are hits; the interval is Clopper and Pearson's.

    Args:
        name: what is counted, `reason` what a hit is.
    """
    low, high = (tries * bound for bound in stats.binomtest(hits, tries).proportion_ci(statistics.LEVEL))
    more, fewer = (float(stats.binomtest(hits, tries, alternative=side).pvalue) for side in ("greater", "less"))
    part = Part(name, hits, low, high, (tries / 2, np.inf), more, min(1.0, 2 * fewer))
    return Finding([part], f"{hits} [{low:.1f}, {high:.1f}] of {tries} {name} {reason}")


def over_folds(table: Scores, statistic: Callable[[Mapping[str, float]], float]) -> tuple[float, float]:
    """Percentile bootstrap over folds of what is read from the models' means; with five folds it is rough."""
    values = np.array(list(table.of.values()))
    folds = np.random.default_rng(0).integers(values.shape[1], size=(DRAWS, values.shape[1]))
    means = values[:, folds].mean(axis=-1)  # (models, draws)
    drawn = [statistic(dict(zip(table.of, column, strict=True))) for column in means.T.tolist()]
    low, high = np.quantile(drawn, [(1 - statistics.LEVEL) / 2, (1 + statistics.LEVEL) / 2])
    return float(low), float(high)


def ranked(means: Mapping[str, float]) -> list[str]:
    """Models by their means, best first."""
    return sorted(means, key=lambda model: (means[model], model))
