"""Claims on how fast networks converge: Table 6, Figures 11 to 16."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from score_mlx.stats import warp
from score_mlx.tables import speedup
from score_mlx.tables.runs import Run
from score_mlx.verdict.comparisons import no_worse, sign_test
from score_mlx.verdict.evidence import Evidence
from score_mlx.verdict.finding import NO, SOME, YES, Finding, Test
from score_mlx.verdict.pool import NotComparableError

TABLE = "table6"


def speedup_above_one(evidence: Evidence) -> Finding:
    """All cells whose curves can be fitted must be above 1 with their intervals, and all cells be fitted."""
    cells = {_cell(score): (native, score) for native, score in speedup.pairs(_runs(evidence))}
    warps = {name: speedup.fit(*pair) for name, pair in cells.items()}
    fitted = _sides(warps)
    intervals = {name: evidence.pool.speedup_interval(*cells[name]) for name in fitted}
    least = min(fitted, key=lambda name: fitted[name])
    above = [name for name, factor in fitted.items() if factor > 1]
    open_ = [name for name in above if intervals[name][0] <= 1]
    says = YES if len(above) == len(cells) and not open_ else SOME if 2 * len(above) > len(cells) else NO
    reason = f"least factor {fitted[least]:.2f}, of {least}; above 1 in {len(above)} of {len(cells)}"
    reason += f", but 1 lies in the interval of {', '.join(open_)}" if open_ else ""
    reason += f"; {_unfitted(warps, fitted)}" if len(fitted) < len(cells) else ""
    return Finding(fitted[least], says, reason, *intervals[least])


def gt_not_fitted(evidence: Evidence) -> Finding:
    specs = [spec for spec in evidence.specs(TABLE) if spec.arch == "gt" and not spec.descriptors]
    (native, score), *_ = evidence.trained(sorted(specs, key=lambda spec: spec.recurrent))
    found = speedup.fit(native, score)
    reason = found.flaw or f"factor {found.factor:.1f}, the curves {found.residual:.3f} apart"
    return Finding(found.residual, YES if found.flaw else NO, reason)


def rdkit_speeds(evidence: Evidence) -> Finding:
    """A network whose two curves cannot be fitted counts on neither side."""
    warps = _descriptor_warps(evidence)
    factors = _sides(warps)
    faster = [name for name, factor in factors.items() if factor > 1]
    slower = [name for name in factors if name not in faster]
    reason = f"{len(faster)} of {len(factors)} converge faster" + (f", not {', '.join(slower)}" if slower else "")
    reason += f"; {_unfitted(warps, factors)}" if len(factors) < len(warps) else ""
    return sign_test(len(faster), len(factors), reason)


def rdkit_most_for_gt(evidence: Evidence) -> Finding:
    """A factor that fits no curve has no rank."""
    warps = _descriptor_warps(evidence)
    evidence.refuse(_unfitted(warps))
    archs = list(dict.fromkeys(name.removeprefix("SCORE_") for name in warps))
    gains = {arch: float(np.sqrt(warps[arch].factor * warps[f"SCORE_{arch}"].factor)) for arch in archs}
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


def _cell(run: Run) -> str:
    return f"{speedup.PAPER_NAMES[run.spec.arch]} {'with' if run.spec.descriptors else 'without'} RDKit"


def _sides(warps: Mapping[str, warp.Warp]) -> dict[str, float]:
    """The factors that say on which side of 1 they are.

    Raises:
        NotComparableError: none does.
    """
    found = {name: fitted.factor for name, fitted in warps.items() if not fitted.flaw or fitted.at_edge}
    if not found:
        raise NotComparableError(_unfitted(warps))
    return found


def _unfitted(warps: Mapping[str, warp.Warp], but: Iterable[str] = ()) -> str:
    """`no factor fits gt (the curves stay 0.138 apart)`; "" where one fits each."""
    flawed = [f"{name} ({found.flaw})" for name, found in warps.items() if found.flaw and name not in set(but)]
    return f"no factor fits {', '.join(flawed)}" if flawed else ""


def _descriptor_warps(evidence: Evidence) -> dict[str, warp.Warp]:
    """By how much the descriptors compress each network's curve."""
    runs = _runs(evidence)
    by_model = {(run.model, run.spec.descriptors): run for run in runs}
    models = dict.fromkeys(run.model for run in runs)
    return {model: speedup.fit(by_model[model, False], by_model[model, True]) for model in models}


def _runs(evidence: Evidence) -> list[Run]:
    return evidence.trained(evidence.specs(TABLE))[0]


TESTS: dict[str, Test] = {
    "speedup_above_one": speedup_above_one,
    "gt_not_fitted": gt_not_fitted,
    "rdkit_speeds": rdkit_speeds,
    "rdkit_most_for_gt": rdkit_most_for_gt,
    "rdkit_best": rdkit_best,
}
