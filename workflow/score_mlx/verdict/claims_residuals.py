"""Claims on residual connections and on stability: whom LayerNorm and averaging help, what steadies training."""

from __future__ import annotations

import numpy as np

from score_mlx.models.graphs.spec import ARCHS
from score_mlx.runs.spec import Spec
from score_mlx.stats import statistics
from score_mlx.tables.runs import Run
from score_mlx.verdict.comparisons import lower, scores, sign_test, table_difference
from score_mlx.verdict.evidence import Evidence
from score_mlx.verdict.finding import NO, SOME, YES, Finding, Test

UNSTABLE = ("mpnn", "gt")  # according to the paper
HURT = ("mpnn", "dmpnn", "gt")
LATE = 50  # epochs at the end over which a curve's steadiness is read


def classic_helps_gat(evidence: Evidence) -> Finding:
    return lower(*_classic_minus_base(evidence, ("gat",)), "difference from the plain stack")


def layernorm_helps(evidence: Evidence) -> Finding:
    return lower(*_classic_minus_base(evidence, UNSTABLE), "difference from the plain stack")


def classic_hurts(evidence: Evidence) -> Finding:
    differences, folds = _classic_minus_base(evidence, HURT)
    return lower({name: -values for name, values in differences.items()}, folds, "plain stack minus residual")


def stacked_unstable(evidence: Evidence) -> Finding:
    """Of MPNN and GT the steadier one, against the most restless of the others."""
    restless = _by_arch(evidence, "base")
    order = sorted(ARCHS, key=lambda arch: -restless[arch].mean())
    steadier = max(UNSTABLE, key=order.index)
    other = next(arch for arch in order if arch not in UNSTABLE)
    places = [1 + order.index(arch) for arch in UNSTABLE]
    hits = sum(place <= len(UNSTABLE) for place in places)
    gap = restless[steadier] - restless[other]
    mean = statistics.corrected(gap, len(gap))
    shown = ", ".join(f"{arch} {restless[arch].mean():.3f}" for arch in order)
    reason = f"change of RMSE an epoch: {shown}"
    p = statistics.below(-gap, len(gap))
    return Finding(mean.value, YES if hits == 2 else SOME if hits else NO, reason, mean.low, mean.high, p)


def skip05_stable(evidence: Evidence) -> Finding:
    return _steadier(evidence, "skip05")


def score_stable(evidence: Evidence) -> Finding:
    return _steadier(evidence, "SCORE")


def molattfp_stable(evidence: Evidence) -> Finding:
    """Restlessness with MolAttFP - with sum pooling, fold by fold, mean over models."""

    def restless(specs: list[Spec]) -> np.ndarray:
        return evidence.measured(specs, _restlessness)

    gaps, folds, specs = table_difference(evidence, "table2", "table3", restless)
    return lower({f"{len(specs) // 2} models": gaps}, folds, "change an epoch, with MolAttFP minus without, mean")


def _classic_minus_base(evidence: Evidence, archs: tuple[str, ...]) -> tuple[dict[str, np.ndarray], int]:
    table = scores(evidence, evidence.by_model("table2"), [name for a in archs for name in (a, f"{a}_classic")])
    return {arch: table.of[f"{arch}_classic"] - table.of[arch] for arch in archs}, table.folds


def _steadier(evidence: Evidence, config: str) -> Finding:
    """Whether most architectures are steadier in this form than as a plain stack."""
    base, ours = (_by_arch(evidence, form) for form in ("base", config))
    steadier = [arch for arch in ARCHS if ours[arch].mean() < base[arch].mean()]
    reason = f"steadier than the plain stack in {len(steadier)} of {len(ARCHS)}: {', '.join(steadier) or 'none'}"
    return sign_test(len(steadier), len(ARCHS), reason)


def _by_arch(evidence: Evidence, config: str) -> dict[str, np.ndarray]:
    """The restlessness of each architecture in this form, by folds."""
    specs = {spec.arch: spec for spec in evidence.specs("table2") if spec.config == config}
    values = evidence.measured([specs[arch] for arch in ARCHS], _restlessness)
    return dict(zip(ARCHS, values, strict=True))


def _restlessness(run: Run) -> np.ndarray:
    """Mean absolute change of validation RMSE from one of the last epochs to the next: (folds,)."""
    return np.abs(np.diff(np.array(run.curves)[:, -LATE:], axis=1)).mean(axis=1)


TESTS: dict[str, Test] = {
    "classic_helps_gat": classic_helps_gat,
    "classic_hurts": classic_hurts,
    "stacked_unstable": stacked_unstable,
    "layernorm_helps": layernorm_helps,
    "skip05_stable": skip05_stable,
    "score_stable": score_stable,
    "molattfp_stable": molattfp_stable,
}
