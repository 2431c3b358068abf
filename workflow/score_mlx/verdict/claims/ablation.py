"""Claims on what may be left out or exchanged: readout, head, integrator, step size; and on size and cost."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from score_mlx.models.graphs.spec import ARCHS, INTEGRATOR_EPOCHS
from score_mlx.runs.run import FoldRun
from score_mlx.stats import statistics
from score_mlx.verdict.claims.registry import claim
from score_mlx.verdict.comparisons import (
    Differences,
    equal,
    interval_of,
    over_models,
    printed,
    scores,
    sized,
    table_difference,
)
from score_mlx.verdict.evidence import Evidence
from score_mlx.verdict.finding import Finding, fact, tested
from score_mlx.verdict.pool import NotComparableError
from score_mlx.verdict.rules import EQUAL, NOT_FASTER

WORTH = ("text", "mean RMSE increase without MolAttFP", "value")


@claim("molattfp_worth")
def molattfp_worth(evidence: Evidence) -> Finding:
    """Whether RMSE rises by as much as the paper prints when MolAttFP gives way to sum pooling (Tables 2 and 3)."""
    found = table_difference(evidence, "table3", "table2")
    rise = sized(found.mean(), found.folds, "mean rise of RMSE", [printed(evidence, *WORTH)], EQUAL, "")
    if not found.untrained:
        return rise
    lost = f"without {', '.join(sorted(found.untrained))}, which did not learn"
    without = tested(f"a rise {lost}", found.mean(found.trained), found.folds, (0.0, math.inf))
    return replace(rise, parts=[*rise.parts, without], reason=f"{rise.reason}; {interval_of(without)}")


@claim("score_mlp_head")
def score_mlp_head(evidence: Evidence) -> Finding:
    """Whether SCORE-MLP as the head is at most `EQUAL` RMSE worse than the MLP (Tables 2 to 5), mean over models."""
    pooled = {
        readout: table_difference(evidence, score, mlp)
        for readout, score, mlp in (("MolAttFP", "table2", "table4"), ("sum", "table3", "table5"))
    }
    differences = {f"{model}, {name}": row for name, found in pooled.items() for model, row in found.of.items()}
    lost = {f"{model}, {name}" for name, found in pooled.items() for model in found.untrained}
    both = Differences(differences, pooled["sum"].folds, lost, ())
    found = over_models(both, (-math.inf, EQUAL), "SCORE-MLP head - MLP head")
    return replace(found, reason=f"{found.reason}; claimed below {EQUAL:g}")


@claim("integrators")
def integrators(evidence: Evidence) -> Finding:
    """Differences from Euler after 75 epochs, averaged over architectures with and without descriptors."""
    specs = [*evidence.graphs("figure9"), *evidence.graphs("figure10")]
    values = evidence.measured(specs, lambda run: _after(run, INTEGRATOR_EPOCHS, evidence.epoch))
    by_scheme: dict[str, list[np.ndarray]] = {}
    for spec, row in zip(specs, values, strict=True):
        by_scheme.setdefault(spec.integrator, []).append(row)
    euler = np.mean(by_scheme.pop("euler"), axis=0)
    differences = {f"{scheme} - euler": np.mean(rows, axis=0) - euler for scheme, rows in by_scheme.items()}
    return equal(differences, evidence.folds(specs[0]), "difference")


@claim("dt_half_equal")
def dt_half_equal(evidence: Evidence) -> Finding:
    """Whether SCORE with dt = 0.5 has the RMSE of dt = 1/K, within `EQUAL`, mean over architectures (Table 2)."""
    table = scores(evidence, {m: s for m, s in evidence.graphs_by_model("table2").items() if s.recurrent})
    points = np.mean([table.of[f"SCORE_{arch}_skip05"] - table.of[f"SCORE_{arch}"] for arch in ARCHS], axis=0)
    return equal({"dt 0.5 - dt 1/K": points}, table.folds, "mean difference")


@claim("learned_dt")
def learned_dt(evidence: Evidence) -> Finding:
    """Whether learned step sizes give the RMSE of fixed ones, within `EQUAL`, mean over models."""
    specs = evidence.graphs("learnable_dt")
    values = evidence.scores(specs)
    learned = np.array([spec.learn_dt for spec in specs])
    points = values[learned].mean(axis=0) - values[~learned].mean(axis=0)
    return equal({"learned - fixed dt": points}, evidence.folds(specs[0]), "mean difference")


@claim("fewer_parameters")
def fewer_parameters(evidence: Evidence) -> Finding:
    """Whether SCORE has fewer parameters than the stack in each architecture of Table 2; counted, so exact."""
    specs = evidence.by_model("table2")
    runs = evidence.runs([specs[name] for arch in ARCHS for name in (arch, f"SCORE_{arch}")])
    pairs = zip(ARCHS, runs[::2], runs[1::2], strict=True)
    parts = [fact(arch, score.counted / base.counted, (0.0, 1.0)) for arch, base, score in pairs]
    found = Finding(parts, "", exact=True)
    least, most = min(part.value for part in parts), found.worst
    reason = f"SCORE has {least:.0%} to {most.value:.0%} of the stack's parameters, the largest share in {most.name}"
    return replace(found, reason=reason)


@claim("no_faster_epoch")
def no_faster_epoch(evidence: Evidence) -> Finding:
    """By epochs that were timed alone on one machine; seconds of runs that shared theirs are no evidence."""
    times = evidence.solo_seconds
    ratios = {arch: times[arch, "SCORE"] / times[arch, "base"] for arch, form in times if form == "SCORE"}
    if len(ratios) < 2:
        raise NotComparableError("no timings of solo epochs: make bench")
    logs = np.log(list(ratios.values()))
    ratio = math.exp(float(np.mean(logs)))
    low, high = (math.exp(bound) for bound in statistics.interval(logs))
    part = tested("SCORE / stack", logs, math.inf, (math.log(NOT_FASTER), math.inf))
    slowest = max(ratios, key=lambda arch: ratios[arch])
    reason = f"an epoch of SCORE takes {ratio:.2f} [{low:.2f}, {high:.2f}] times the stack's, geometric mean of "
    reason += f"{len(ratios)} architectures timed alone; most in {slowest}: {ratios[slowest]:.1f} times"
    return Finding([replace(part, value=ratio, low=low, high=high, region=(NOT_FASTER, math.inf))], reason)


def _after(run: FoldRun, epochs: int, which: str) -> np.ndarray:
    """RMSE of each fold within the first `epochs`."""
    curves = tuple(curve[:epochs] for curve in run.curves)
    first = replace(run, curves=curves, best=tuple(map(min, curves)), last=tuple(curve[-1] for curve in curves))
    return np.array(first.rmse(which))
