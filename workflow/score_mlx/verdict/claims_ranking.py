"""Claims on which graph networks are the best: Tables 2 and 3, beside CatBoost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import stats

from score_mlx.models.graphs.spec import ARCHS
from score_mlx.stats import statistics
from score_mlx.verdict.claims_baselines import CATBOOST
from score_mlx.verdict.comparisons import lower, over_folds, scores
from score_mlx.verdict.evidence import Evidence
from score_mlx.verdict.finding import NO, SOME, YES, Finding, Test

BEST, CLAIMED = 13, 10  # so many the paper lists, so many of them are SCORE
FIRST = "dmpnn_skip05"
NAMED = ("dmpnn", "attfp", "gine", "gcn", "gat", "gatv2")  # that beat CatBoost, in the text's order
AGREE = 0.5  # a tau from which orders are called the same: three of four pairs of models stand in the printed one
LIKE_CATBOOST = 0.01  # RMSE: the paper's second best without MolAttFP is 0.011 above CatBoost and not called equal


def top13_score(evidence: Evidence) -> Finding:
    specs = evidence.by_model("table2")
    recurrent = {model for model, spec in specs.items() if spec.recurrent}

    def count(ranking: list[str]) -> float:
        return len(recurrent.intersection(ranking[:BEST]))

    table = scores(evidence, specs)
    found = count(table.ranking())
    says = YES if found >= CLAIMED else SOME if 2 * found > BEST else NO
    p = float(stats.hypergeom.sf(found - 1, len(specs), len(recurrent), BEST))
    reason = f"{found} of our best {BEST} of {len(specs)} are SCORE variants"
    return Finding(found, says, reason, *over_folds(table, count), p)


def dmpnn_skip05_first(evidence: Evidence) -> Finding:
    table = scores(evidence, evidence.by_model("table2"))

    def rank(ranking: list[str]) -> float:
        return 1 + ranking.index(FIRST)

    found, best = rank(table.ranking()), table.ranking()[0]
    others = [model for model in table.of if model != FIRST]
    p = max(statistics.below(table.of[FIRST] - table.of[model], table.folds) for model in others)
    reason = f"{FIRST} is number {found} of {len(table.of)}" + ("" if found == 1 else f", {best} is first")
    return Finding(found, YES if found == 1 else NO, reason, *over_folds(table, rank), p)


def second_is_skip05(evidence: Evidence) -> Finding:
    specs = evidence.by_model("table2")
    ranking = scores(evidence, specs).ranking()
    places = [place for place, model in enumerate(ranking, start=1) if specs[model].config == "skip05"]
    nearest = min(places, key=lambda place: (abs(place - 2), place))
    reason = f"{ranking[nearest - 1]} is number {nearest}" + ("" if nearest == 2 else f", {ranking[1]} is second")
    return Finding(nearest, YES if nearest == 2 else NO, reason)


def score_beats_stack(evidence: Evidence) -> Finding:
    """Mean over architectures; better on average, though not in most of them, is a part of it."""
    table = scores(evidence, evidence.by_model("table2"), [name for a in ARCHS for name in (a, f"SCORE_{a}")])
    differences = [table.of[f"SCORE_{arch}"] - table.of[arch] for arch in ARCHS]
    better = sum(values.mean() < 0 for values in differences)
    found = lower({f"{len(ARCHS)} architectures": np.mean(differences, axis=0)}, table.folds, "SCORE - stack, mean")
    reason = f"{found.reason}; lower in {better} of {len(ARCHS)}"
    return replace(found, reason=reason, says=SOME if found.says == YES and 2 * better <= len(ARCHS) else found.says)


def beat_catboost(evidence: Evidence) -> Finding:
    specs = evidence.by_model("table2") | {CATBOOST: evidence.by_model("table1")[CATBOOST]}
    variants = {arch: [f"SCORE_{arch}", f"SCORE_{arch}_skip05"] for arch in NAMED}
    table = scores(evidence, specs, [CATBOOST, *(model for both in variants.values() for model in both)])
    better = [min(both, key=table.mean) for both in variants.values()]
    differences = {model: table.of[model] - table.of[CATBOOST] for model in better}
    return lower(differences, table.folds, "difference from CatBoost", tries=2)


def one_equals_catboost(evidence: Evidence) -> Finding:
    specs = evidence.by_model("table3") | {CATBOOST: evidence.by_model("table1")[CATBOOST]}
    table = scores(evidence, specs)
    bound = table.mean(CATBOOST) + LIKE_CATBOOST
    near = [model for model in table.ranking() if model != CATBOOST and table.mean(model) <= bound]
    reason = f"{len(near)} models come up to CatBoost's {table.mean(CATBOOST):.3f}: {', '.join(near) or 'none'}"
    return Finding(len(near), YES if len(near) == 1 else NO, reason)


def rank_agreement(evidence: Evidence) -> Finding:
    paper = {n.row: n.value for n in evidence.printed if (n.target, n.column) == ("table2", "rmse_mean")}
    table = scores(evidence, evidence.by_model("table2"), list(paper))
    ours, theirs = [table.mean(model) for model in paper], list(paper.values())
    tau, low, high, p = statistics.kendall(ours, theirs)
    reason = f"tau {tau:.2f} over the {len(paper)} models that the paper prints"
    return Finding(tau, YES if tau >= AGREE else SOME if tau > 0 else NO, reason, low, high, p, part_needs_p=True)


TESTS: dict[str, Test] = {
    "top13_score": top13_score,
    "dmpnn_skip05_first": dmpnn_skip05_first,
    "second_is_skip05": second_is_skip05,
    "beat_catboost": beat_catboost,
    "one_equals_catboost": one_equals_catboost,
    "rank_agreement": rank_agreement,
    "score_beats_stack": score_beats_stack,
}
