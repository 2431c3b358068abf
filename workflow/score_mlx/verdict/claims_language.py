"""Claims on language models: which run is which is said in `language_cells.RUNS`."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial

import numpy as np
from scipy import stats

from score_mlx.verdict import statistics
from score_mlx.verdict.claims import NO, SOME, YES, Finding, Test
from score_mlx.verdict.language_cells import LanguageRun, Value, bpb, loss
from score_mlx.verdict.measures import language_runs
from score_mlx.verdict.pool import Evidence

SCATTER = 0.03  # nats or bits a byte by which the same program differs from one run to the next
DEPTHS = range(2, 7)
EARLY = 0.1  # of the steps


def below_native(evidence: Evidence, a: str, b: str, value: Value) -> Finding:
    """Whether a's value is lower than b's by more than runs scatter."""
    ours, theirs = _values(evidence, a, value), _values(evidence, b, value)
    difference = float(np.mean(ours) - np.mean(theirs))
    says = YES if difference < -SCATTER else SOME if difference < 0 else NO
    reason = f"{np.mean(ours):.3f} against {np.mean(theirs):.3f}"
    reason += "; less apart than runs scatter" if says == SOME else ""
    if min(len(ours), len(theirs)) < 2 or not (np.ptp(ours) or np.ptp(theirs)):
        return Finding(difference, says, f"{reason}; without repeated runs no test")
    test = stats.ttest_ind(ours, theirs, equal_var=False, alternative="less")
    both = stats.ttest_ind(ours, theirs, equal_var=False).confidence_interval(statistics.LEVEL)
    return Finding(difference, says, reason, float(both.low), float(both.high), float(test.pvalue))


def reaches(evidence: Evidence, a: str, b: str) -> Finding:
    """Whether a's best loss is at most as much above b's as runs scatter."""
    ours, theirs = _values(evidence, a, loss), _values(evidence, b, loss)
    difference = float(np.mean(ours) - np.mean(theirs))
    reason = f"best loss {np.mean(ours):.3f} against {np.mean(theirs):.3f}"
    return Finding(difference, YES if difference <= SCATTER else NO, reason)


def nanogptx_dt_half(evidence: Evidence) -> Finding:
    pairs = [(f"nanogptx_half_k{k}", f"nanogptx_score_k{k}") for k in DEPTHS]
    points = [np.mean(_values(evidence, a, loss)) - np.mean(_values(evidence, b, loss)) for a, b in pairs]
    mean = float(np.mean(points))
    p = statistics.below(points, math.inf)
    reason = f"dt 0.5 minus 1/K: {mean:+.3f} on average over {len(points)} depths"
    return Finding(mean, YES if mean < 0 else NO, reason, *statistics.interval(points), p)


def score_smaller_bpb(evidence: Evidence) -> Finding:
    found = below_native(evidence, "challenge_2xs2", "challenge_d4", bpb)
    ours, theirs = (language_runs(evidence, name)[0].parameters for name in ("challenge_2xs2", "challenge_d4"))
    reason = f"{found.reason}; {ours / 1e6:.1f}M against {theirs / 1e6:.1f}M parameters"
    says = found.says if ours < theirs else NO
    return replace(found, reason=reason, says=says)


def _early(run: LanguageRun) -> float:
    return run.loss_at(EARLY)


def _values(evidence: Evidence, name: str, value: Value) -> list[float]:
    return [value(run) for run in language_runs(evidence, name)]


TESTS: dict[str, Test] = {
    "nanogpt_d384": partial(below_native, a="nanogpt_d384_score", b="nanogpt_d384_native", value=loss),
    "nanogptx_one_block_less": partial(reaches, a="nanogptx_score_k3", b="nanogptx_native_k4"),
    "nanogptx_dt_half": nanogptx_dt_half,
    "char_small_reaches_large": partial(reaches, a="char_score6_muon", b="char_native_adamw"),
    "muon_beats_adam": partial(below_native, a="char_mscore_muon", b="char_mscore_adam", value=loss),
    "bigram_speeds": partial(below_native, a="char_score12_bigram", b="char_score12_no_bigram", value=_early),
    "skip05_improves_d4": partial(below_native, a="challenge_d4_skip05", b="challenge_d4", value=bpb),
    "score_smaller_bpb": score_smaller_bpb,
}
