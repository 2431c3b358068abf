"""Claims on what may be left out or exchanged: readout, head, integrator, step size; and on size and cost."""

from __future__ import annotations

import math

import numpy as np

from score_mlx.models.graphs.spec import ARCHS, INTEGRATOR_EPOCHS
from score_mlx.stats import statistics
from score_mlx.tables.runs import Run
from score_mlx.verdict.comparisons import EQUAL, equal, no_worse, scores, sized, table_difference
from score_mlx.verdict.evidence import Evidence
from score_mlx.verdict.finding import NO, SOME, YES, Finding, Test

MOLATTFP_WORTH = 0.03  # RMSE, the paper's
NOT_FASTER = 0.9  # a run that takes nine tenths of the time is called faster


def molattfp_worth(evidence: Evidence) -> Finding:
    points, folds, _ = table_difference(evidence, "table3", "table2")
    return sized(points, folds, "mean rise of RMSE without MolAttFP", [MOLATTFP_WORTH], EQUAL)


def score_mlp_head(evidence: Evidence) -> Finding:
    (with_molattfp, folds, _), (with_sum, *_) = (
        table_difference(evidence, score, mlp) for score, mlp in (("table2", "table4"), ("table3", "table5"))
    )
    return no_worse((with_molattfp + with_sum) / 2, folds, "SCORE-MLP head minus MLP head, mean over models")


def integrators(evidence: Evidence) -> Finding:
    """Differences from Euler after 75 epochs, averaged over architectures with and without descriptors."""
    specs = [*evidence.specs("figure9"), *evidence.specs("figure10")]
    (runs, *_) = evidence.trained(specs)
    by_scheme: dict[str, list[np.ndarray]] = {}
    for run in runs:
        by_scheme.setdefault(run.spec.integrator, []).append(_after(run, INTEGRATOR_EPOCHS, evidence.epoch))
    euler = np.mean(by_scheme.pop("euler"), axis=0)
    differences = {scheme: np.mean(values, axis=0) - euler for scheme, values in by_scheme.items()}
    return equal(differences, len(euler), "difference from Euler")


def dt_half_equal(evidence: Evidence) -> Finding:
    table = scores(evidence, {m: s for m, s in evidence.by_model("table2").items() if s.recurrent})
    points = np.mean([table.of[f"SCORE_{arch}_skip05"] - table.of[f"SCORE_{arch}"] for arch in ARCHS], axis=0)
    return equal({"dt 0.5 - dt 1/K": points}, table.folds, "mean difference")


def learned_dt(evidence: Evidence) -> Finding:
    specs = evidence.specs("learnable_dt")
    values = evidence.scores(specs)
    learned = np.array([spec.learn_dt for spec in specs])
    points = values[learned].mean(axis=0) - values[~learned].mean(axis=0)
    return equal({"learned - fixed dt": points}, evidence.folds(specs[0]), "mean difference")


def fewer_parameters(evidence: Evidence) -> Finding:
    ratios = {arch: score.parameters / base.parameters for arch, (base, score) in _base_and_score(evidence).items()}
    largest = max(ratios, key=ratios.get)
    more = [arch for arch, ratio in ratios.items() if ratio >= 1]
    reason = f"SCORE has {min(ratios.values()):.0%} to {ratios[largest]:.0%} of the stack's parameters"
    reason += f", not fewer: {', '.join(more)}" if more else f", the largest share in {largest}"
    return Finding(ratios[largest], NO if len(more) == len(ratios) else SOME if more else YES, reason)


def no_faster_epoch(evidence: Evidence) -> Finding:
    pairs = _base_and_score(evidence)
    timed = [run for pair in pairs.values() for run in pair]
    devices = {run.meta.get("device") for run in timed}
    evidence.refuse(f"times of {len(devices)} devices do not compare" if len(devices) > 1 else "")
    beside = sum(map(evidence.pool.shared_machine, timed))
    evidence.refuse(f"{beside} of {len(timed)} runs shared their machine with another one" if beside else "")
    logs = np.log([score.meta["seconds"] / base.meta["seconds"] for base, score in pairs.values()])
    low, high = (math.exp(bound) for bound in statistics.interval(logs))
    ratio = math.exp(float(np.mean(logs)))
    p = statistics.below(-logs, math.inf, -math.log(NOT_FASTER))
    reason = f"SCORE takes {ratio:.2f} times the stack's time, geometric mean of {len(logs)} architectures"
    return Finding(ratio, YES if ratio >= NOT_FASTER else NO, reason, low, high, p)


def _base_and_score(evidence: Evidence) -> dict[str, tuple[Run, Run]]:
    """(plain stack, SCORE) of each architecture of Table 2."""
    specs = evidence.by_model("table2")
    runs = evidence.runs([specs[name] for arch in ARCHS for name in (arch, f"SCORE_{arch}")])
    return dict(zip(ARCHS, zip(runs[::2], runs[1::2], strict=True), strict=True))


def _after(run: Run, epochs: int, which: str) -> np.ndarray:
    """RMSE of each fold within the first `epochs`, the best or the last of them."""
    curves = np.array(run.curves)[:, :epochs]
    return curves.min(axis=1) if which == "best" else curves[:, -1]


TESTS: dict[str, Test] = {
    "molattfp_worth": molattfp_worth,
    "score_mlp_head": score_mlp_head,
    "integrators": integrators,
    "dt_half_equal": dt_half_equal,
    "learned_dt": learned_dt,
    "fewer_parameters": fewer_parameters,
    "no_faster_epoch": no_faster_epoch,
}
