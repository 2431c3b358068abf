"""How a published number is judged, all in one place.

    reproduced       |ours - paper| <= margin
    not reproduced   beyond the margin, and our 95 % interval excludes the paper's value (or our run diverged)
    inconclusive     beyond the margin, but the interval holds the paper's value, or there is none; or what was measured
                     is flawed (a speed-up factor whose curves do not lie on each other), however near it comes
    not comparable   the record has cuts, another protocol, another data set or corpus
    not run          a record is missing
    shown            no verdict: standard deviations, ranks, settings

Margins: RMSE and differences of RMSE 0.02, since the paper prints one specification twice with values 0.010 to 0.014
apart; improvements 2 points; speed-up factors 25 %; losses and bits per byte 0.03; parameter counts and facts of the
data as printed, so half a unit of the last digit. Intervals: of a mean over folds Nadeau and Bengio's t interval
(`statistics.corrected`), of a ratio the same of its linearised results, of a speed-up factor a bootstrap over folds, of
several runs of a language model a t interval; a count of parameters is exact.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from score_mlx.verdict.published import Published

REPRODUCED, NOT_REPRODUCED, INCONCLUSIVE = "reproduced", "not reproduced", "inconclusive"
NOT_COMPARABLE, NOT_RUN, SHOWN = "not comparable", "not run", "shown"
CELL_VERDICTS = (REPRODUCED, NOT_REPRODUCED, INCONCLUSIVE, NOT_COMPARABLE, NOT_RUN, SHOWN)

MARGINS = {"rmse": 0.02, "improvement": 2.0, "loss": 0.03, "bpb": 0.03}
FACTOR_MARGIN = 0.25  # of the paper's factor
UNJUDGED = {
    "std": "standard deviations are shown, not judged",
    "rank": "ranks are judged together, as the claim rank_agreement",
    "setting": "a setting, not a result",
}
SLACK = 1e-9  # 0.583 - 0.563 is 0.02 and a bit in binary


@dataclass(frozen=True)
class Measured:
    """What the records say of a published number.

    Attributes:
        value: ours; NaN where a fold diverged.
        low, high: its 95 % interval, NaN where there is none.
        how: of what it is made, in words.
        records: those read, below the folder of runs.
        flaw: why the value says little, "" where it does say what it should.
    """

    value: float
    low: float = math.nan
    high: float = math.nan
    how: str = ""
    records: Sequence[str] = ()
    flaw: str = ""


def margin(number: Published) -> float | None:
    """How far ours may lie from the printed value; None where nothing is judged."""
    if number.kind in UNJUDGED:
        return None
    if number.kind == "factor":
        return FACTOR_MARGIN * abs(number.value)
    return MARGINS.get(number.kind, number.half_digit)


def judge(number: Published, ours: Measured) -> tuple[str, str]:
    """Verdict and reason for a number that comparable records decide."""
    allowed = margin(number)
    if allowed is None:
        return SHOWN, UNJUDGED[number.kind]
    if not math.isfinite(ours.value):
        return NOT_REPRODUCED, f"ours diverged: {ours.how}"
    off = ours.value - number.value
    if ours.flaw:
        return INCONCLUSIVE, f"{abs(off):.3g} off, margin {allowed:.3g}, but it says little: {ours.flaw}"
    if abs(off) <= allowed + SLACK:
        return REPRODUCED, f"{abs(off):.3g} off, margin {allowed:.3g}"
    if not (math.isfinite(ours.low) and math.isfinite(ours.high)):
        return INCONCLUSIVE, f"{abs(off):.3g} off, margin {allowed:.3g}; {ours.how}: no interval"
    if ours.low <= number.value <= ours.high:
        return INCONCLUSIVE, f"{abs(off):.3g} off, margin {allowed:.3g}; our interval holds the paper's value"
    return NOT_REPRODUCED, f"{abs(off):.3g} off, margin {allowed:.3g}; our interval excludes the paper's value"
