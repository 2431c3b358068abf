"""Claims on models that read descriptors: Table 1."""

from __future__ import annotations

import numpy as np

from score_mlx.models.classical.spec import METHODS, Lasso
from score_mlx.models.dense.spec import NETWORKS
from score_mlx.runs.spec import of_type
from score_mlx.stats import statistics
from score_mlx.verdict.claims.registry import claim
from score_mlx.verdict.comparisons import equal, lower, printed_models, scores
from score_mlx.verdict.evidence import Evidence
from score_mlx.verdict.finding import BELOW, Finding, Part, fact

TABLE = "table1"
CATBOOST = METHODS["catboost"][1]
MLP, SCORE_MLP = NETWORKS["mlp"], NETWORKS["score_mlp"]


@claim("catboost_best")
def catboost_best(evidence: Evidence) -> Finding:
    """Whether CatBoost has a lower RMSE than every other classical model that Table 1 prints."""
    specs = evidence.by_model(TABLE)
    models = [name for name in printed_models(evidence, TABLE) if name not in (MLP, SCORE_MLP)]
    table = scores(evidence, specs, models)
    leads = {f"CatBoost - {model}": table.of[CATBOOST] - table.of[model] for model in models if model != CATBOOST}
    return lower(leads, table.folds, "difference", whole=True)


@claim("score_mlp_equal")
def score_mlp_equal(evidence: Evidence) -> Finding:
    """Whether SCORE-MLP has the MLP's RMSE, within `EQUAL` (Table 1)."""
    table = scores(evidence, evidence.by_model(TABLE), [MLP, SCORE_MLP])
    return equal({"SCORE-MLP - MLP": table.of[SCORE_MLP] - table.of[MLP]}, table.folds, "difference")


@claim("score_mlp_variance")
def score_mlp_variance(evidence: Evidence) -> Finding:
    """Whether SCORE-MLP's RMSE varies less over folds than the MLP's; Pitman and Morgan's test (Table 1)."""
    table = scores(evidence, evidence.by_model(TABLE), [MLP, SCORE_MLP])
    ours, theirs = (float(np.std(table.of[model])) for model in (SCORE_MLP, MLP))
    reason = f"standard deviation over folds {ours:.3f} of SCORE-MLP, {theirs:.3f} of the MLP"
    p = statistics.smaller_spread(table.of[SCORE_MLP], table.of[MLP])
    ratio = Part("ratio of deviations", ours / theirs, np.nan, np.nan, (0.0, 1.0), p, min(1.0, 2 * (1 - p)))
    return Finding([ratio], reason)


@claim("score_mlp_parameters")
def score_mlp_parameters(evidence: Evidence) -> Finding:
    """Whether SCORE-MLP has fewer parameters than the MLP; counted, so exact."""
    specs = evidence.by_model(TABLE)
    mlp, score = (run.counted for run in evidence.runs([specs[MLP], specs[SCORE_MLP]]))
    reason = f"{score:,} parameters of SCORE-MLP, {mlp:,} of the MLP"
    return Finding([fact("SCORE-MLP - MLP", score - mlp, BELOW)], reason, exact=True)


@claim("shap_helps_lasso")
def shap_helps_lasso(evidence: Evidence) -> Finding:
    """Against all descriptors, which the paper's table does not show; the best of the selections, by either ranking."""
    specs = evidence.by_model(TABLE)
    lasso = {spec.model: spec for spec in of_type(specs.values(), Lasso)}
    every = max(lasso, key=lambda name: lasso[name].top)
    shown = [name for name in lasso if name != every]
    table = scores(evidence, specs, [*shown, every])
    best = min(shown, key=table.mean)
    lead = {f"{best} - all {lasso[every].top}": table.of[best] - table.of[every]}
    return lower(lead, table.folds, "difference", tries=len(shown))
