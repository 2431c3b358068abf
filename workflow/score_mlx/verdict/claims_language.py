"""Claims on language models: which run is which is said in `language_cells.RUNS`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from scipy import stats

from score_mlx.stats import statistics
from score_mlx.verdict.evidence import Evidence
from score_mlx.verdict.finding import NO, SOME, YES, Finding, Test
from score_mlx.verdict.language_cells import DEPTHS, Value, average, bpb, early, loss
from score_mlx.verdict.pool import NotComparableError, UndecidedError
from score_mlx.verdict.rules import MARGINS

SCATTER = MARGINS["bpb"]  # by which the same program differs from one run to the next


def below_native(evidence: Evidence, a: str, b: str, value: Value) -> Finding:
    """Whether a's value is lower than b's by more than runs scatter."""
    ours, theirs = _values(evidence, [a, b], value)
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
    ours, theirs = _values(evidence, [a, b], loss)
    difference = float(np.mean(ours) - np.mean(theirs))
    reason = f"best loss {np.mean(ours):.3f} against {np.mean(theirs):.3f}"
    return Finding(difference, YES if difference <= SCATTER else NO, reason)


def nanogpt_faster(evidence: Evidence) -> Finding:
    """Whether SCORE's validation loss lies below the stack's while both train, at both widths.

    MLX's AdamW has no bias correction, which holds the stack of width 64 back; the reason says what is left with it.
    """
    names = [f"nanogpt_d{width}_{kind}" for width in (64, 384) for kind in ("score", "native")]
    small, large = (float(score - native) for score, native in _pairs(evidence, names, average))
    beyond = [difference < -SCATTER for difference in (small, large)]
    says = YES if all(beyond) else SOME if any(beyond) else NO
    reason = f"mean of all evaluations, SCORE - stack: {small:+.3f} at width 64, {large:+.3f} at 384"
    try:
        ((score, native),) = _pairs(
            evidence, [f"nanogpt_d64_{kind}_corrected" for kind in ("score", "native")], average
        )
        reason += f"; with AdamW's bias correction {score - native:+.3f} at width 64"
    except UndecidedError:
        pass
    return Finding(max(small, large), says, reason)


def below_over_depths(evidence: Evidence, a: str, b: str, value: Value, what: str) -> Finding:
    """Whether a nanoGPTx of form a has a lower value than one of form b, on average over depths."""
    names = [f"nanogptx_{form}_k{k}" for k in DEPTHS for form in (a, b)]
    points = [ours - theirs for ours, theirs in _pairs(evidence, names, value)]
    mean = float(np.mean(points))
    p = statistics.below(points, math.inf)
    reason = f"{what}: {mean:+.3f} on average over {len(points)} depths"
    return Finding(mean, YES if mean < 0 else NO, reason, *statistics.interval(points), p)


def smaller_and_below(evidence: Evidence, a: str, b: str, value: Value) -> Finding:
    """Whether a's value is lower than b's with fewer parameters."""
    found = below_native(evidence, a, b, value)
    ours, theirs = (runs[0].parameters for runs in evidence.language(a, b))
    reason = f"{found.reason}; {ours / 1e6:.1f}M against {theirs / 1e6:.1f}M parameters"
    says = found.says if ours < theirs else NO
    return replace(found, reason=reason, says=says)


def _pairs(evidence: Evidence, names: Sequence[str], value: Value) -> list[tuple[float, float]]:
    """Means over repeats, of two models after two."""
    means = [float(np.mean(values)) for values in _values(evidence, names, value)]
    return list(zip(means[::2], means[1::2], strict=True))


def _values(evidence: Evidence, names: Sequence[str], value: Value) -> list[list[float]]:
    """A value of each run of each model.

    Raises:
        UndecidedError: a run is missing, does not compare, or diverged.
    """
    values = [[value(run) for run in runs] for runs in evidence.language(*names)]
    lost = [name for name, each in zip(names, values, strict=True) if not np.isfinite(each).all()]
    if lost:
        raise NotComparableError(f"diverged: {', '.join(lost)}")
    return values


TESTS: dict[str, Test] = {
    "nanogpt_faster": nanogpt_faster,
    "nanogpt_d384": partial(smaller_and_below, a="nanogpt_d384_score", b="nanogpt_d384_native", value=loss),
    "nanogptx_one_block_less": partial(reaches, a="nanogptx_score_k3", b="nanogptx_native_k4"),
    "nanogptx_dt_half": partial(below_over_depths, a="half", b="score", value=loss, what="dt 0.5 minus 1/K"),
    "nanogptx_faster": partial(
        below_over_depths, a="score", b="native", value=average, what="mean of all evaluations, SCORE - stack"
    ),
    "char_small_reaches_large": partial(reaches, a="char_score6_muon", b="char_native_adamw"),
    "native_prefers_adamw": partial(below_native, a="char_native_adamw", b="char_native_muon", value=loss),
    "muon_beats_adam": partial(below_native, a="char_mscore_muon", b="char_mscore_adam", value=loss),
    "bigram_speeds": partial(below_native, a="char_score12_bigram", b="char_score12_no_bigram", value=early),
    "skip05_improves_d4": partial(below_native, a="challenge_d4_skip05", b="challenge_d4", value=bpb),
    "score_smaller_bpb": partial(smaller_and_below, a="challenge_2xs2", b="challenge_d4", value=bpb),
}
