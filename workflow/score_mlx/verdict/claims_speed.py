"""Claims on how fast networks converge: Table 6, Figures 11 to 16."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import stats

from score_mlx.analysis import speedup, warp
from score_mlx.analysis.runs import Run
from score_mlx.verdict.comparisons import no_worse
from score_mlx.verdict.evidence import Evidence
from score_mlx.verdict.finding import NO, SOME, YES, Finding, Test
from score_mlx.verdict.pool import NotComparableError

TABLE = "table6"


def speedup_above_one(evidence: Evidence) -> Finding:
    runs = evidence.runs(evidence.specs(TABLE))
    found = {_cell(score): (_fit(native, score).factor, native, score) for native, score in speedup.pairs(runs)}
    lost = [name for name, (factor, *_) in found.items() if not np.isfinite(factor)]
    if lost:
        raise NotComparableError(f"a curve is not finite: {', '.join(lost)}")
    least = min(found, key=lambda name: found[name][0])
    factor, native, score = found[least]
    low, high = warp.interval(np.array(native.curves), np.array(score.curves))
    above = sum(each > 1 for each, *_ in found.values())
    says = YES if above == len(found) and low > 1 else SOME if 2 * above > len(found) else NO
    reason = f"least factor {factor:.2f}, of {least}; above 1 in {above} of {len(found)}"
    return Finding(factor, says, reason, low, high)


def gt_not_fitted(evidence: Evidence) -> Finding:
    specs = [spec for spec in evidence.specs(TABLE) if spec.arch == "gt" and not spec.descriptors]
    native, score = evidence.runs(sorted(specs, key=lambda spec: spec.recurrent))
    found = _fit(native, score)
    reason = found.flaw or f"factor {found.factor:.1f}, the curves {found.residual:.3f} apart"
    return Finding(found.residual, YES if found.flaw else NO, reason)


def rdkit_speeds(evidence: Evidence) -> Finding:
    factors = _descriptor_factors(evidence)
    faster = [name for name, factor in factors.items() if factor > 1]
    test = stats.binomtest(len(faster), len(factors), alternative="greater")
    low, high = (len(factors) * bound for bound in stats.binomtest(len(faster), len(factors)).proportion_ci())
    slower = [name for name in factors if name not in faster]
    reason = f"{len(faster)} of {len(factors)} converge faster" + (f", not {', '.join(slower)}" if slower else "")
    return Finding(len(faster), YES if 2 * len(faster) > len(factors) else NO, reason, low, high, float(test.pvalue))


def rdkit_most_for_gt(evidence: Evidence) -> Finding:
    factors = _descriptor_factors(evidence)
    archs = list(dict.fromkeys(name.removeprefix("SCORE_") for name in factors))
    gains = {arch: float(np.sqrt(factors[arch] * factors[f"SCORE_{arch}"])) for arch in archs}
    order = sorted(archs, key=lambda arch: -gains[arch])
    place = 1 + order.index("gt")
    reason = "factors " + ", ".join(f"{arch} {gains[arch]:.1f}" for arch in order)
    return Finding(place, YES if place == 1 else NO, reason)


def rdkit_best(evidence: Evidence) -> Finding:
    specs = evidence.specs(TABLE)
    values = evidence.scores(specs)
    best = {}
    for flag in (True, False):
        places = [place for place, spec in enumerate(specs) if spec.descriptors == flag]
        best[flag] = min(places, key=lambda place: values[place].mean())
    differences = values[best[False]] - values[best[True]]
    names = {flag: specs[place].model for flag, place in best.items()}
    what = f"{names[False]} without descriptors minus {names[True]} with them"
    found = no_worse(differences, evidence.folds(specs[0]), what)
    # Better with descriptors by less than the margin is not what the paper says, but no refutation either.
    return found if found.says == NO or found.statistic <= 0 else replace(found, says=SOME)


def _fit(native: Run, score: Run) -> warp.Warp:
    return warp.fit(np.mean(native.curves, axis=0), np.mean(score.curves, axis=0))


def _cell(run: Run) -> str:
    return f"{speedup.PAPER_NAMES[run.spec.arch]} {'with' if run.spec.descriptors else 'without'} RDKit"


def _descriptor_factors(evidence: Evidence) -> dict[str, float]:
    """By how much the descriptors compress each network's curve."""
    runs = evidence.runs(evidence.specs(TABLE))
    by_model = {(run.model, run.spec.descriptors): run for run in runs}
    models = dict.fromkeys(run.model for run in runs)
    factors = {model: _fit(by_model[model, False], by_model[model, True]).factor for model in models}
    lost = [model for model, factor in factors.items() if not np.isfinite(factor)]
    if lost:
        raise NotComparableError(f"a curve is not finite: {', '.join(lost)}")
    return factors


TESTS: dict[str, Test] = {
    "speedup_above_one": speedup_above_one,
    "gt_not_fitted": gt_not_fitted,
    "rdkit_speeds": rdkit_speeds,
    "rdkit_most_for_gt": rdkit_most_for_gt,
    "rdkit_best": rdkit_best,
}
