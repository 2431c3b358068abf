"""Claims on how fast networks converge: Table 6, Figures 11 to 16."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from score_mlx.experiments.speedup import table as speedup
from score_mlx.runs.run import FoldRun
from score_mlx.stats import warp
from score_mlx.verdict.claims.registry import claim
from score_mlx.verdict.comparisons import no_worse, sign_test
from score_mlx.verdict.evidence import Evidence
from score_mlx.verdict.finding import Finding, by_interval, fact
from score_mlx.verdict.pool import NotComparableError

TABLE = "table6"
FASTER = (1.0, math.inf)


@claim("speedup_above_one")
def speedup_above_one(evidence: Evidence) -> Finding:
    """Each cell's interval must lie above 1; a cell whose curves no factor brings together is open."""
    cells = {_cell(score): (native, score) for native, score in speedup.pairs(_runs(evidence))}
    warps = {name: speedup.fit(*pair) for name, pair in cells.items()}
    fitted = _sides(warps)
    parts = [
        by_interval(name, fitted[name], *evidence.pool.speedup_interval(*cells[name]), FASTER)
        if name in fitted
        else by_interval(name, warps[name].factor, -math.inf, math.inf, FASTER)
        for name in cells
    ]
    above = [name for name, factor in fitted.items() if factor > 1]
    least = min(fitted, key=lambda name: fitted[name])
    open_ = [part.name for part in parts if part.name in above and part.low <= 1]
    reason = f"least factor {fitted[least]:.2f}, of {least}; above 1 in {len(above)} of {len(cells)}"
    reason += f", but 1 lies in the interval of {', '.join(open_)}" if open_ else ""
    reason += f"; {_unfitted(warps, fitted)}" if len(fitted) < len(cells) else ""
    return Finding(parts, reason, exact=True)


@claim("gt_not_fitted")
def gt_not_fitted(evidence: Evidence) -> Finding:
    """Whether no factor brings GT's two curves together where it has no descriptors (Table 6)."""
    specs = [spec for spec in evidence.graphs(TABLE) if spec.arch == "gt" and not spec.descriptors]
    in_order = sorted(specs, key=lambda spec: spec.recurrent)
    (native, score), *_ = evidence.trained(in_order)
    found = speedup.fit(native, score)
    reason = found.flaw or f"factor {found.factor:.1f}, the curves {found.residual:.3f} apart"
    part = fact("distance of the curves", found.residual, (-math.inf if found.flaw else warp.POOR, math.inf))
    return Finding([part], reason, exact=True)


@claim("rdkit_speeds")
def rdkit_speeds(evidence: Evidence) -> Finding:
    """A network whose two curves cannot be fitted counts on neither side."""
    warps = {name: speedup.fit(*pair) for name, pair in _descriptor_pairs(evidence).items()}
    factors = _sides(warps)
    faster = [name for name, factor in factors.items() if factor > 1]
    slower = [name for name in factors if name not in faster]
    reason = "converge faster" + (f", not {', '.join(slower)}" if slower else "")
    reason += f"; {_unfitted(warps, factors)}" if len(factors) < len(warps) else ""
    return sign_test(len(faster), len(factors), "networks", reason)


@claim("rdkit_most_for_gt")
def rdkit_most_for_gt(evidence: Evidence) -> Finding:
    """Whether the graph transformer's factor exceeds the largest of the others, by their bootstrap intervals.

    An architecture that no factor fits cannot be ranked, and then the claim is not comparable.
    """
    pairs = _descriptor_pairs(evidence)
    warps = {name: speedup.fit(*pair) for name, pair in pairs.items()}
    evidence.refuse(_unfitted(warps))
    archs = list(dict.fromkeys(name.removeprefix("SCORE_") for name in warps))
    gains = {arch: math.sqrt(warps[arch].factor * warps[f"SCORE_{arch}"].factor) for arch in archs}
    order = sorted(archs, key=lambda arch: -gains[arch])
    rival = next(arch for arch in order if arch != "gt")
    (low, high), (least, most) = (_interval(evidence, pairs, arch) for arch in ("gt", rival))
    part = by_interval(f"gt / {rival}", gains["gt"] / gains[rival], low / most, high / least, FASTER)
    reason = "factors " + ", ".join(f"{arch} {gains[arch]:.1f}" for arch in order)
    return Finding([part], f"{reason}; gt / {rival} {part.value:.2f} [{part.low:.2f}, {part.high:.2f}]", exact=True)


@claim("rdkit_best")
def rdkit_best(evidence: Evidence) -> Finding:
    """Whether the best network without descriptors is at most `EQUAL` RMSE worse than the best with them."""
    specs = evidence.graphs(TABLE)
    values = evidence.scores(specs)
    best = {}
    for flag in (True, False):
        places = [place for place, spec in enumerate(specs) if spec.descriptors == flag]
        best[flag] = min(places, key=lambda place: values[place].mean())
    differences = values[best[False]] - values[best[True]]
    names = {flag: specs[place].model for flag, place in best.items()}
    what = f"{names[False]} without descriptors minus {names[True]} with them"
    return no_worse(what, differences, evidence.folds(specs[0]))


def _interval(evidence: Evidence, pairs: Mapping[str, tuple[FoldRun, FoldRun]], arch: str) -> tuple[float, float]:
    """Of the geometric mean of an architecture's two factors, at least as wide as it should be."""
    both = [evidence.pool.speedup_interval(*pairs[name]) for name in (arch, f"SCORE_{arch}")]
    low, high = (math.sqrt(both[0][side] * both[1][side]) for side in (0, 1))
    return low, high


def _cell(run: FoldRun) -> str:
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


def _descriptor_pairs(evidence: Evidence) -> dict[str, tuple[FoldRun, FoldRun]]:
    """Each network without and with descriptors."""
    runs = _runs(evidence)
    by_model = {(run.model, run.spec.descriptors): run for run in runs}
    return {model: (by_model[model, False], by_model[model, True]) for model in dict.fromkeys(r.model for r in runs)}


def _runs(evidence: Evidence) -> list[FoldRun]:
    """Curves are means over folds and over all repeats that the compared runs have in common."""
    return [_together(runs) for runs in zip(*evidence.trained(evidence.specs(TABLE)), strict=True)]


def _together(runs: tuple[FoldRun, ...]) -> FoldRun:
    """One run with the folds of all repeats."""
    first = runs[0]
    curves, best = (
        tuple(np.concatenate(parts)) for parts in zip(*((run.curves, run.best) for run in runs), strict=True)
    )
    return first if len(runs) == 1 else replace(first, curves=tuple(map(tuple, curves)), best=best)
