"""Claims on stacks and their residual connections: which are stable, whom LayerNorm and averaging help."""

from __future__ import annotations

import numpy as np
from scipy import stats

from score_mlx.graphs.spec import ARCHS
from score_mlx.verdict import statistics
from score_mlx.verdict.comparisons import lower, scores
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
    restless = dict(zip(ARCHS, _restlessness(evidence, ARCHS), strict=True))
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
    base, skip = (_restlessness(evidence, ARCHS, config) for config in ("base", "skip05"))
    steadier = [arch for arch, b, s in zip(ARCHS, base, skip, strict=True) if s.mean() < b.mean()]
    test = stats.binomtest(len(steadier), len(ARCHS), alternative="greater")
    low, high = (len(ARCHS) * bound for bound in stats.binomtest(len(steadier), len(ARCHS)).proportion_ci())
    reason = f"steadier than the plain stack in {len(steadier)} of {len(ARCHS)}: {', '.join(steadier) or 'none'}"
    says = YES if 2 * len(steadier) > len(ARCHS) else NO
    return Finding(len(steadier), says, reason, low, high, float(test.pvalue))


def _classic_minus_base(evidence: Evidence, archs: tuple[str, ...]) -> tuple[dict[str, np.ndarray], int]:
    table = scores(evidence, evidence.by_model("table2"), [name for a in archs for name in (a, f"{a}_classic")])
    return {arch: table.of[f"{arch}_classic"] - table.of[arch] for arch in archs}, table.folds


def _restlessness(evidence: Evidence, archs: tuple[str, ...], config: str = "base") -> list[np.ndarray]:
    """Mean absolute change of validation RMSE between the last epochs, one array of folds an architecture."""
    specs = {spec.arch: spec for spec in evidence.specs("table2") if spec.config == config}
    runs = evidence.runs([specs[arch] for arch in archs])
    return [np.array([np.mean(np.abs(np.diff(curve[-LATE:]))) for curve in run.curves]) for run in runs]


TESTS: dict[str, Test] = {
    "classic_helps_gat": classic_helps_gat,
    "classic_hurts": classic_hurts,
    "stacked_unstable": stacked_unstable,
    "layernorm_helps": layernorm_helps,
    "skip05_stable": skip05_stable,
}
