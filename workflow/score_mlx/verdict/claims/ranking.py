"""Claims on which graph networks are the best: Tables 2 and 3, beside CatBoost."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy import stats

from score_mlx.models.graphs.spec import ARCHS
from score_mlx.runs.spec import Spec
from score_mlx.stats import statistics
from score_mlx.verdict.claims.baselines import CATBOOST
from score_mlx.verdict.claims.registry import claim
from score_mlx.verdict.comparisons import (
    Differences,
    every,
    over_folds,
    over_models,
    printed_models,
    ranked,
    scores,
)
from score_mlx.verdict.evidence import Evidence
from score_mlx.verdict.finding import BELOW, Finding, Part, by_interval, tested
from score_mlx.verdict.rules import AGREE, LIKE_CATBOOST

TABLE = "table2"
FIRST = "dmpnn_skip05"
NAMED = ("dmpnn", "attfp", "gine", "gcn", "gat", "gatv2")  # that beat CatBoost, in the text's order
STACKS = ("base", "classic")  # forms without the averaging update


@claim("top13_score")
def top13_score(evidence: Evidence) -> Finding:
    """All of the best models use the averaging update, so the significance test compares only models that use it."""
    specs, listed = evidence.graphs_by_model(TABLE), printed_models(evidence, TABLE)
    recurrent = {model for model, spec in specs.items() if spec.recurrent}
    claimed = len(recurrent.intersection(listed))

    def count(means: Mapping[str, float]) -> float:
        return len(recurrent.intersection(ranked(means)[: len(listed)]))

    table = scores(evidence, specs)
    best = table.ranking()[: len(listed)]
    found, (low, high) = count({model: table.mean(model) for model in table.of}), over_folds(table, count)
    averaging = [model for model, spec in specs.items() if spec.config not in STACKS]
    among = averaging if all(model in averaging for model in best) else list(specs)
    p = float(stats.hypergeom.sf(found - 1, len(among), len(recurrent), len(listed))) if found >= claimed else 1.0
    reason = f"{found:.0f} of our best {len(listed)} of {len(specs)} are SCORE variants [{low:.0f}, {high:.0f}]"
    kind = "models with the averaging update, from which all of these come" if among is averaging else "models"
    reason += f"; so are {len(recurrent)} of the {len(among)} {kind}"
    part = Part("SCORE among the best", found, low, high, (claimed - 0.5, np.inf), p, float(high >= claimed))
    return Finding([part], reason)


@claim("dmpnn_skip05_first")
def dmpnn_skip05_first(evidence: Evidence) -> Finding:
    """Whether `dmpnn_skip05` has the lowest RMSE of all models in Table 2; its rank by a bootstrap over folds."""
    table = scores(evidence, evidence.by_model(TABLE))

    def rank(means: Mapping[str, float]) -> float:
        return 1 + ranked(means).index(FIRST)

    found, (low, high), best = 1 + table.ranking().index(FIRST), over_folds(table, rank), table.ranking()[0]
    others = [model for model in table.of if model != FIRST]
    p = max(statistics.below(table.of[FIRST] - table.of[model], table.folds) for model in others)
    reason = f"{FIRST} is number {found} of {len(table.of)} [{low:.0f}, {high:.0f}]"
    reason += "" if found == 1 else f", {best} is first"
    return Finding([Part("rank", found, low, high, (0.5, 1.5), p, float(low < 1.5))], reason)


@claim("second_is_skip05")
def second_is_skip05(evidence: Evidence) -> Finding:
    """Whether a stack with the averaging skip comes second; its rank by a bootstrap over folds (Table 2)."""
    specs = evidence.graphs_by_model(TABLE)
    table = scores(evidence, specs)

    def nearest(means: Mapping[str, float]) -> float:
        order = ranked(means)
        places = [place for place, model in enumerate(order, start=1) if specs[model].config == "skip05"]
        return min(places, key=lambda place: (abs(place - 2), place))

    ranking, (low, high) = table.ranking(), over_folds(table, nearest)
    place = int(nearest({model: table.mean(model) for model in table.of}))
    reason = f"{ranking[place - 1]} is number {place} [{low:.0f}, {high:.0f}]"
    reason += "" if place == 2 else f", {ranking[1]} is second"
    return Finding([by_interval("rank", place, low, high, (1.5, 2.5))], reason, exact=True)


@claim("beat_catboost")
def beat_catboost(evidence: Evidence) -> Finding:
    """Whether each named architecture's better SCORE variant has a lower RMSE than CatBoost (Tables 1 and 2)."""
    specs = _with_catboost(evidence, TABLE)
    variants = {arch: [f"SCORE_{arch}", f"SCORE_{arch}_skip05"] for arch in NAMED}
    table = scores(evidence, specs, [CATBOOST, *(model for both in variants.values() for model in both)])
    better = [min(both, key=table.mean) for both in variants.values()]
    parts = [tested(model, table.of[model] - table.of[CATBOOST], table.folds, BELOW, tries=2) for model in better]
    return every(parts, "difference from CatBoost")


@claim("one_equals_catboost")
def one_equals_catboost(evidence: Evidence) -> Finding:
    """Whether exactly one graph network with sum pooling comes within `LIKE_CATBOOST` of CatBoost (Table 3)."""
    table = scores(evidence, _with_catboost(evidence, "table3"))

    def near(means: Mapping[str, float]) -> list[str]:
        bound = means[CATBOOST] + LIKE_CATBOOST
        return [model for model in ranked(means) if model != CATBOOST and means[model] <= bound]

    found = near({model: table.mean(model) for model in table.of})
    low, high = over_folds(table, lambda means: len(near(means)))
    reason = f"{len(found)} models [{low:.0f}, {high:.0f}] reach CatBoost's {table.mean(CATBOOST):.3f}"
    reason += f": {', '.join(found) or 'none'}"
    return Finding([by_interval("models like CatBoost", len(found), low, high, (0.5, 1.5))], reason, exact=True)


@claim("rank_agreement")
def rank_agreement(evidence: Evidence) -> Finding:
    """Beside the agreement of our own repeats, which no reproduction can be expected to exceed."""
    paper = {n.row: n.value for n in evidence.printed if (n.target, n.column) == (TABLE, "rmse_mean")}
    table = scores(evidence, evidence.by_model(TABLE), list(paper))
    ours, theirs = [table.mean(model) for model in paper], list(paper.values())
    tau, low, high, two_sided = statistics.kendall(ours, theirs)
    p = two_sided / 2 if tau > 0 else 1 - two_sided / 2
    reason = f"tau {tau:.2f} [{low:.2f}, {high:.2f}] over the {len(paper)} models that the paper prints"
    between = _between_repeats(table.of, table.folds)
    reason += f"; between our own repeats {min(between):.2f} to {max(between):.2f}" if between else ""
    order = Part("an order beyond chance", tau, low, high, (0.0, np.inf), p, min(1.0, 2 * (1 - p)))
    return Finding([by_interval("three of four pairs", tau, low, high, (AGREE, np.inf)), order], reason)


@claim("score_beats_stack")
def score_beats_stack(evidence: Evidence) -> Finding:
    """Mean over architectures, of all and of those whose stack learns."""
    names = [name for arch in ARCHS for name in (arch, f"SCORE_{arch}")]
    table = scores(evidence, evidence.by_model(TABLE), names)
    differences = {arch: table.of[f"SCORE_{arch}"] - table.of[arch] for arch in ARCHS}
    lost = {arch for arch in ARCHS if {arch, f"SCORE_{arch}"} & table.untrained()}
    found = over_models(Differences(differences, table.folds, lost, ()), BELOW, "SCORE - stack")
    better = sum(values.mean() < 0 for values in differences.values())
    return Finding(found.parts, f"{found.reason}; lower in {better} of {len(ARCHS)} architectures")


def _between_repeats(of: Mapping[str, np.ndarray], folds: int) -> list[float]:
    """Kendall's tau of each two repeats."""
    means = np.array([values.reshape(-1, folds).mean(axis=1) for values in of.values()])
    repeats = range(means.shape[1])
    return [float(statistics.tau_b(means[:, i], means[:, j])) for i in repeats for j in repeats if i < j]


def _with_catboost(evidence: Evidence, table: str) -> dict[str, Spec]:
    return evidence.by_model(table) | {CATBOOST: evidence.by_model("table1")[CATBOOST]}
