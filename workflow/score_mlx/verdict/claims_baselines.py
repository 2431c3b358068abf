"""Claims on models that read descriptors: Table 1."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from score_mlx.models.classical.spec import METHODS
from score_mlx.models.dense.spec import NETWORKS
from score_mlx.stats import statistics
from score_mlx.verdict.comparisons import equal, lower, scores
from score_mlx.verdict.evidence import Evidence
from score_mlx.verdict.finding import NO, SOME, YES, Finding, Test

CATBOOST = METHODS["catboost"][1]
MLP, SCORE_MLP = NETWORKS["mlp"], NETWORKS["score_mlp"]
PAPER_LASSO = (10, 100)  # the numbers of descriptors that the paper's Lasso reads


def catboost_best(evidence: Evidence) -> Finding:
    specs = {name: spec for name, spec in evidence.by_model("table1").items() if spec.FAMILY == "classical"}
    models = [name for name, spec in specs.items() if getattr(spec, "top", PAPER_LASSO[0]) in PAPER_LASSO]
    table = scores(evidence, specs, models)
    others = [model for model in models if model != CATBOOST]
    leads = {f"CatBoost - {model}": table.of[CATBOOST] - table.of[model] for model in others}
    found = lower(leads, table.folds, "difference")
    return replace(found, says=NO) if found.says == SOME else found  # one better model, and it is not the best


def score_mlp_equal(evidence: Evidence) -> Finding:
    table = scores(evidence, evidence.by_model("table1"), [MLP, SCORE_MLP])
    return equal({"SCORE-MLP - MLP": table.of[SCORE_MLP] - table.of[MLP]}, table.folds, "difference")


def score_mlp_variance(evidence: Evidence) -> Finding:
    table = scores(evidence, evidence.by_model("table1"), [MLP, SCORE_MLP])
    ours, theirs = (float(np.std(table.of[model])) for model in (SCORE_MLP, MLP))
    reason = f"standard deviation over folds {ours:.3f} of SCORE-MLP, {theirs:.3f} of the MLP"
    p = statistics.smaller_spread(table.of[SCORE_MLP], table.of[MLP])
    return Finding(ours / theirs, YES if ours < theirs else NO, reason, p=p)


def score_mlp_parameters(evidence: Evidence) -> Finding:
    specs = evidence.by_model("table1")
    mlp, score = (run.parameters for run in evidence.runs([specs[MLP], specs[SCORE_MLP]]))
    reason = f"{score:,} parameters of SCORE-MLP, {mlp:,} of the MLP"
    return Finding(score - mlp, YES if score < mlp else NO, reason)


def shap_helps_lasso(evidence: Evidence) -> Finding:
    """Against all descriptors, which the paper's table does not show."""
    specs = evidence.by_model("table1")
    lasso = {spec.top: name for name, spec in specs.items() if getattr(spec, "method", "") == "lasso"}
    every = max(lasso)
    table = scores(evidence, specs, list(lasso.values()))
    best = min((lasso[top] for top in PAPER_LASSO), key=table.mean)
    lead = {f"{best} - all {every}": table.of[best] - table.of[lasso[every]]}
    return lower(lead, table.folds, "difference", tries=len(PAPER_LASSO))


TESTS: dict[str, Test] = {
    "catboost_best": catboost_best,
    "score_mlp_equal": score_mlp_equal,
    "score_mlp_variance": score_mlp_variance,
    "score_mlp_parameters": score_mlp_parameters,
    "shap_helps_lasso": shap_helps_lasso,
}
