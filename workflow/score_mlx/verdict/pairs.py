"""results/pairs.csv: every pair of models that the paper compares, by tests that hold for folds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from score_mlx.models.graphs.spec import ARCHS, GraphSpec
from score_mlx.runs.spec import Spec, of_type
from score_mlx.stats import statistics
from score_mlx.tables.formats import number
from score_mlx.tables.table import Readable
from score_mlx.verdict.claims.baselines import CATBOOST, MLP, SCORE_MLP
from score_mlx.verdict.evidence import Evidence
from score_mlx.verdict.pool import NotRunError, UndecidedError, record_name
from score_mlx.verdict.rules import EQUAL

ROPE = EQUAL  # RMSE: region of practical equivalence
COLUMNS = (
    "comparison", "target", "a", "b", "steps", "mean_a", "mean_b", "difference", "low", "high", "t", "p", "p_holm",
    "effect", "left", "equivalent", "right", "rope", "n", "says", "reason", "record_a", "record_b",
)  # fmt: skip
BETTER, WORSE, EQUIVALENT, OPEN = "a better", "a worse", "equivalent", "undecided"
SURE = 0.95  # a probability from which a pair counts as decided


@dataclass(frozen=True)
class Pair:
    """Two models that the paper compares.

    Attributes:
        comparison: of its kind; p values of one comparison in one target are adjusted together.
        target: the table whose protocol both follow.
        a, b: what was trained.
    """

    comparison: str
    target: str
    a: Spec
    b: Spec


def all_pairs(evidence: Evidence) -> list[Pair]:
    """Every pair, table by table."""
    return [*_baselines(evidence), *_configurations(evidence), *_depths(evidence)]


def pairs_table(evidence: Evidence, pairs: Sequence[Pair]) -> list[dict[str, Any]]:
    """One row a pair with the keys `COLUMNS`; None where there is no value.

    difference = a - b, of RMSE, with the corrected interval and test; effect: mean / standard deviation of the
    differences; left, equivalent, right: probabilities that a is better by more than the ROPE, equal within it, worse.
    """
    rows = [_row(evidence, pair) for pair in pairs]
    for family in dict.fromkeys((row["comparison"], row["target"]) for row in rows):
        members = [row for row in rows if (row["comparison"], row["target"]) == family]
        for row, p in zip(members, statistics.holm([row["p"] for row in members]), strict=True):
            row["p_holm"] = p
    return rows


def caption() -> list[str]:
    """What a reader of the table must know, a sentence an item."""
    return [
        "Difference a - b of RMSE at the best epoch, fold by fold: below 0, a is better. Interval and p by Nadeau and "
        "Bengio's corrected t test, p after Holm over the pairs of one comparison in one table. Effect: mean / "
        "standard deviation of the differences. The last columns: probability that a is better by more than "
        f"{ROPE} (the ROPE), that the two are equal within it, that a is worse, from the Bayesian correlated t test. "
        f"Says: the one of the three above {SURE:.0%}, of this pair by itself; p after Holm is stricter.",
    ]


def _baselines(evidence: Evidence) -> Iterator[Pair]:
    table = _by_model(evidence, "table1")
    if {MLP, SCORE_MLP} <= set(table):
        yield Pair("SCORE-MLP against MLP", "table1", table[SCORE_MLP], table[MLP])


def _configurations(evidence: Evidence) -> Iterator[Pair]:
    catboost = _by_model(evidence, "table1").get(CATBOOST)
    kinds = (
        ("SCORE against base", "SCORE_{0}", "{0}"),
        ("SCORE_skip05 against base", "SCORE_{0}_skip05", "{0}"),
        ("skip05 against base", "{0}_skip05", "{0}"),
        ("classic against base", "{0}_classic", "{0}"),
        ("SCORE against skip05", "SCORE_{0}", "{0}_skip05"),
        ("dt 0.5 against 1/K", "SCORE_{0}_skip05", "SCORE_{0}"),
    )
    for target in ("table2", "table3", "table4", "table5"):
        table = _by_model(evidence, target)
        for comparison, a, b in kinds:
            named = ((a.format(arch), b.format(arch)) for arch in ARCHS)
            yield from (Pair(comparison, target, table[x], table[y]) for x, y in named if x in table and y in table)
        for comparison, model in (
            ("SCORE against CatBoost", "SCORE_{0}"),
            ("SCORE_skip05 against CatBoost", "SCORE_{0}_skip05"),
            ("skip05 against CatBoost", "{0}_skip05"),
        ):
            if catboost is not None:
                models = [model.format(arch) for arch in ARCHS]
                yield from (Pair(comparison, target, table[name], catboost) for name in models if name in table)


def _depths(evidence: Evidence) -> Iterator[Pair]:
    for target in ("table7a", "table7b", "table8", "table9"):
        specs = of_type(_listed(evidence, target), GraphSpec)
        for score in (spec for spec in specs if spec.recurrent):
            native = next((s for s in specs if not s.recurrent and s.steps == score.steps), None)
            if native:
                yield Pair("SCORE against the stack, by depth", target, score, native)


def _listed(evidence: Evidence, target: str) -> list[Spec]:
    try:
        return evidence.specs(target)
    except NotRunError:  # config.yaml does not list it
        return []


def _by_model(evidence: Evidence, target: str) -> dict[str, Spec]:
    return {spec.model: spec for spec in _listed(evidence, target)}


def _row(evidence: Evidence, pair: Pair) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(COLUMNS) | {
        "comparison": pair.comparison, "target": pair.target, "a": pair.a.model, "b": pair.b.model, "rope": ROPE,
        "steps": pair.a.as_dict().get("steps"), "record_a": record_name(pair.a), "record_b": record_name(pair.b),
    }  # fmt: skip
    try:
        a, b = evidence.scores([pair.a, pair.b])
        folds = evidence.folds(pair.a)
    except UndecidedError as why:
        return row | {"says": "not run" if isinstance(why, NotRunError) else "not comparable", "reason": str(why)}
    mean = statistics.corrected(a - b, folds)
    left, equivalent, right = statistics.bayesian(a - b, folds, ROPE)
    says = BETTER if left > SURE else WORSE if right > SURE else EQUIVALENT if equivalent > SURE else OPEN
    return row | {
        "mean_a": float(a.mean()), "mean_b": float(b.mean()), "difference": mean.value, "low": mean.low,
        "high": mean.high, "t": mean.t, "p": mean.p, "effect": mean.effect, "left": left, "equivalent": equivalent,
        "right": right, "n": mean.n, "says": says,
    }  # fmt: skip


def _when_run(show):
    return lambda row: "" if row["difference"] is None else show(row)


def _percent(name: str):
    return _when_run(lambda row: f"{100 * row[name]:.0f} %")


READABLE: Readable = (
    ("comparison", lambda row: row["comparison"]),
    ("target", lambda row: row["target"]),
    ("steps", lambda row: "" if row["steps"] is None else str(row["steps"])),
    ("a", lambda row: row["a"]),
    ("b", lambda row: row["b"]),
    ("RMSE a", _when_run(lambda row: number(row["mean_a"]))),
    ("RMSE b", _when_run(lambda row: number(row["mean_b"]))),
    ("a - b", _when_run(lambda row: f"{row['difference']:+.3f} [{row['low']:+.3f}, {row['high']:+.3f}]")),
    ("p, Holm", _when_run(lambda row: f"{row['p_holm']:.2g}")),
    ("effect", _when_run(lambda row: f"{row['effect']:+.1f}")),
    ("a better", _percent("left")),
    ("equal", _percent("equivalent")),
    ("a worse", _percent("right")),
    ("says", lambda row: row["says"]),
)
