"""Claims on language models: which run is which is said in `language_cells.RUNS`.

A claim is tested where each model has repeats. One run each shows a difference as printed or not, and no more.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import stats

from score_mlx.stats import statistics
from score_mlx.verdict.claims.registry import claim
from score_mlx.verdict.comparisons import interval_of
from score_mlx.verdict.evidence import Evidence
from score_mlx.verdict.finding import BELOW, Finding, Part, Region, fact, single
from score_mlx.verdict.language_cells import DEPTHS, Value, average, bpb, early, loss
from score_mlx.verdict.pool import NotComparableError, UndecidedError
from score_mlx.verdict.rules import MARGINS

REACHED: Region = (-math.inf, MARGINS["loss"])  # a loss no more than the margin above the other


@claim("nanogpt_faster")
def nanogpt_faster(evidence: Evidence) -> Finding:
    """Whether SCORE's validation loss lies below the stack's while both train, at both widths.

    MLX's AdamW has no bias correction, which holds the stack of width 64 back; the reason says what is left with it.
    """
    parts = [
        _compared(evidence, f"width {width}", f"nanogpt_d{width}_score", f"nanogpt_d{width}_native", average)
        for width in (64, 384)
    ]
    reason = f"mean of all evaluations, SCORE - stack: {'; '.join(map(_shown, parts))}"
    try:
        score, native = (f"nanogpt_d64_{kind}_corrected" for kind in ("score", "native"))
        part = _compared(evidence, "AdamW with bias correction at width 64", score, native, average)
        reason += f"; {_shown(part)}"
    except UndecidedError:
        pass
    return Finding(parts, reason)


@claim("nanogpt_d384")
def nanogpt_d384(evidence: Evidence) -> Finding:
    """Whether SCORE at width 384 has a lower validation loss than the stack, with fewer parameters (Figure 3)."""
    return _smaller_and_below(evidence, "nanogpt_d384_score", "nanogpt_d384_native", loss)


@claim("nanogptx_one_block_less")
def nanogptx_one_block_less(evidence: Evidence) -> Finding:
    """Whether SCORE with K = 3 reaches the loss of four stacked blocks, within the margin (Figure 4)."""
    return _below(evidence, "nanogptx_score_k3", "nanogptx_native_k4", loss, REACHED)


@claim("nanogptx_dt_half")
def nanogptx_dt_half(evidence: Evidence) -> Finding:
    """Of the depths at which the two step sizes differ."""
    depths = [k for k in DEPTHS if 1 / k != 0.5]
    return _over_depths(evidence, "half", "score", loss, "dt 0.5 minus 1/K", depths)


@claim("nanogptx_faster")
def nanogptx_faster(evidence: Evidence) -> Finding:
    """Whether SCORE's mean loss over all evaluations is below the stack's, mean over depths (Figure 4)."""
    return _over_depths(evidence, "score", "native", average, "mean of all evaluations, SCORE - stack", DEPTHS)


@claim("char_small_reaches_large")
def char_small_reaches_large(evidence: Evidence) -> Finding:
    """Whether SCORE with six steps and Muon reaches the loss of the native model, within the margin."""
    return _below(evidence, "char_score6_muon", "char_native_adamw", loss, REACHED)


@claim("native_prefers_adamw")
def native_prefers_adamw(evidence: Evidence) -> Finding:
    """Whether the native character model has a lower validation loss with AdamW than with Muon."""
    return _below(evidence, "char_native_adamw", "char_native_muon", loss)


@claim("muon_beats_adam")
def muon_beats_adam(evidence: Evidence) -> Finding:
    """Whether mSCORE has a lower validation loss with Muon than with Adam."""
    return _below(evidence, "char_mscore_muon", "char_mscore_adam", loss)


@claim("bigram_speeds")
def bigram_speeds(evidence: Evidence) -> Finding:
    """Whether the bigram hash lowers the loss of SCORE's early evaluations (Table 11)."""
    return _below(evidence, "char_score12_bigram", "char_score12_no_bigram", early)


@claim("skip05_improves_d4")
def skip05_improves_d4(evidence: Evidence) -> Finding:
    """Whether the averaging skip lowers the bits a byte of the four-block model (Table 12)."""
    return _below(evidence, "challenge_d4_skip05", "challenge_d4", bpb)


@claim("score_smaller_bpb")
def score_smaller_bpb(evidence: Evidence) -> Finding:
    """Whether SCORE with two shared blocks has fewer bits a byte than four blocks, with fewer parameters."""
    return _smaller_and_below(evidence, "challenge_2xs2", "challenge_d4", bpb)


def _below(evidence: Evidence, a: str, b: str, value: Value, region: Region = BELOW) -> Finding:
    """Whether a's value minus b's lies in a region, below 0 by default."""
    part = _compared(evidence, "difference", a, b, value, region)
    ours, theirs = (float(np.mean(each)) for each in _values(evidence, [a, b], value).values())
    return Finding([part], f"{ours:.3f} against {theirs:.3f}, {_shown(part)}")


def _smaller_and_below(evidence: Evidence, a: str, b: str, value: Value) -> Finding:
    """Whether a's value is lower than b's, with fewer parameters."""
    found = _below(evidence, a, b, value)
    ours, theirs = (runs[0].counted for runs in evidence.language(a, b))
    size = fact("fewer parameters", ours - theirs, BELOW)
    if not size.inside:
        return Finding([size], f"{ours / 1e6:.1f}M parameters, not fewer than {theirs / 1e6:.1f}M", exact=True)
    return replace(found, reason=f"{found.reason}; {ours / 1e6:.1f}M against {theirs / 1e6:.1f}M parameters")


def _over_depths(evidence: Evidence, a: str, b: str, value: Value, what: str, depths: Sequence[int]) -> Finding:
    """Whether a nanoGPTx of form a has a lower value than one of form b, on average over depths.

    Each depth gives one difference of independent runs; the t test is over depths.
    """
    names = [f"nanogptx_{form}_k{k}" for k in depths for form in (a, b)]
    means = [float(np.mean(each)) for each in _values(evidence, names, value).values()]
    points = np.subtract(means[::2], means[1::2])
    p = statistics.below(points, math.inf)
    part = Part(what, float(points.mean()), *statistics.interval(points), BELOW, p, min(1.0, 2 * (1 - p)))
    return Finding([part], f"{interval_of(part)}, over {len(points)} depths of one run each")


def _compared(evidence: Evidence, name: str, a: str, b: str, value: Value, region: Region = BELOW) -> Part:
    """a's value minus b's by Welch's t test; a single run of either has no test."""
    ours, theirs = _values(evidence, [a, b], value).values()
    difference, bound = float(np.mean(ours) - np.mean(theirs)), region[1]
    if min(len(ours), len(theirs)) < 2 or not (np.ptp(ours) or np.ptp(theirs)):
        return single(name, difference, region)
    shifted = np.subtract(ours, bound)
    found: Any = stats.ttest_ind(shifted, theirs, equal_var=False, alternative="less")  # scipy has no types
    p = float(found.pvalue)
    both = stats.ttest_ind(ours, theirs, equal_var=False).confidence_interval(statistics.LEVEL)
    return Part(name, difference, float(both.low), float(both.high), region, p, min(1.0, 2 * (1 - p)))


def _shown(part: Part) -> str:
    """`width 64: -0.113 [-0.15, -0.08]`; a single run's without an interval."""
    return f"{part.name}: {part.value:+.3f} (one run each)" if part.p is None else interval_of(part)


def _values(evidence: Evidence, names: Sequence[str], value: Value) -> Mapping[str, list[float]]:
    """A value of each run of each model; against the clock all on one device.

    Raises:
        UndecidedError: a run is missing, does not compare, or diverged.
    """
    found = dict(zip(names, evidence.language(*names), strict=True))
    timed = {str(run.meta.device) for runs in found.values() for run in runs if run.spec.timed}
    evidence.refuse(f"runs against the clock on {' and '.join(sorted(timed))}" if len(timed) > 1 else "")
    values = {name: [value(run) for run in runs] for name, runs in found.items()}
    lost = [name for name, each in values.items() if not np.isfinite(each).all()]
    if lost:
        raise NotComparableError(f"diverged: {', '.join(lost)}")
    return values
