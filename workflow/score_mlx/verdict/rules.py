"""The rule by which a published number is judged.

A published mean and ours are two draws of one procedure: new folds, new weights. Their difference is compared with

    h = t(0.975, df) s sqrt(1 + 1/R)

with s the rerun standard deviation of that quantity (`rerun.Reruns`), df its degrees of freedom and R our repeats.

    reproduced       |ours - paper| <= h, and h is within the practical margin
    not reproduced   |ours - paper| > h, or our run diverged
    inconclusive     |ours - paper| <= h, but h is wider than the margin; or no rerun standard deviation is known; or
                     the measurement is unreliable (a speed-up factor whose curves do not lie on each other)
    not comparable   the record has cuts, another protocol, data set, corpus or (for timed results) device
    not run          a record is missing
    shown            not judged: standard deviations, ranks, settings

Speed-up factors are compared by their logarithms. Counts of parameters and facts of the data are exact: as printed, so
within half a unit of the last digit. Of true replications 5 % are "not reproduced" by chance.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from score_mlx.verdict.published import Published
from score_mlx.verdict.rerun import Scale

REPRODUCED, NOT_REPRODUCED, INCONCLUSIVE = "reproduced", "not reproduced", "inconclusive"
NOT_COMPARABLE, NOT_RUN, SHOWN = "not comparable", "not run", "shown"
CELL_VERDICTS = (REPRODUCED, NOT_REPRODUCED, INCONCLUSIVE, NOT_COMPARABLE, NOT_RUN, SHOWN)

# Practical margins: the widest half-width that can call a number reproduced.
MARGINS = {"rmse": 0.03, "improvement": 3.0, "loss": 0.03, "bpb": 0.03}
FACTOR_MARGIN = 0.5  # of a factor
EQUAL = 0.02  # RMSE: within it two models are called equal (two one-sided tests, region of practical equivalence)
LIKE_CATBOOST = 0.01  # RMSE: the paper's second best without MolAttFP is 0.011 above CatBoost and not called equal
AGREE = 0.5  # Kendall's tau from which orders are called the same: three of four pairs of models in the printed order
NOT_FASTER = 0.9  # of the stack's time: an epoch that takes less is called faster
CHANCE = 0.05  # of true replications the rule calls so many not reproduced
EXACT = ("parameters", "range")
UNJUDGED = {
    "std": "standard deviations are shown, not judged",
    "rank": "ranks are judged together, as the claim rank_agreement",
    "setting": "a setting, not a result",
}
SLACK = 1e-9  # 0.583 - 0.563 is 0.02 and a bit in binary


@dataclass(frozen=True)
class Measured:
    """What the records give for a published number.

    Attributes:
        value: ours, the mean over repeats; NaN where a fold diverged.
        repeats: how many reruns it is the mean of.
        scale: the rerun standard deviation of one of them; None where no configuration has repeats.
        logarithm: whether `scale` is that of the logarithm.
        how: of what it is made, in words.
        records: those read, below the folder of runs.
        flaw: why the measurement is unreliable, "" where it is not.
        seconds: of computing that one more repeat takes.
    """

    value: float
    repeats: int = 1
    scale: Scale | None = None
    logarithm: bool = False
    how: str = ""
    records: Sequence[str] = ()
    flaw: str = ""
    seconds: float = 0.0

    @property
    def half_width(self) -> float:
        """h; NaN without a scale."""
        return self.scale.half_width(self.repeats) if self.scale else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """Where 95 % of other reruns would lie."""
        if self.logarithm:
            return self.value * math.exp(-self.half_width), self.value * math.exp(self.half_width)
        return self.value - self.half_width, self.value + self.half_width


def margin(number: Published) -> float | None:
    """The practical margin in the number's unit; None where nothing is judged."""
    if number.kind in UNJUDGED:
        return None
    if number.kind == "factor":
        return FACTOR_MARGIN * abs(number.value)
    return MARGINS.get(number.kind, number.half_digit)


def judge(number: Published, ours: Measured) -> tuple[str, str]:
    """Verdict and reason for a number that comparable records decide."""
    if number.kind in UNJUDGED:
        return SHOWN, UNJUDGED[number.kind]
    if not math.isfinite(ours.value):
        return NOT_REPRODUCED, f"ours diverged: {ours.how}"
    off = abs(ours.value - number.value)
    if number.kind in EXACT:
        inside = off <= number.half_digit + SLACK
        return (REPRODUCED if inside else NOT_REPRODUCED), f"{off:.3g} off, as printed within {number.half_digit:g}"
    if ours.flaw:
        return INCONCLUSIVE, f"{off:.3g} off, but the measurement is unreliable: {ours.flaw}"
    if ours.scale is None:
        return INCONCLUSIVE, f"{off:.3g} off; {ours.how}: no rerun standard deviation without repeats"
    return _by_scale(number, ours, ours.scale)


def _by_scale(number: Published, ours: Measured, scale: Scale) -> tuple[str, str]:
    width, allowed = ours.half_width, math.log1p(FACTOR_MARGIN) if ours.logarithm else MARGINS[number.kind]
    off = math.log(ours.value / number.value) if ours.logarithm else ours.value - number.value
    shown = f"{_shown(off, ours.logarithm)} off, rerun interval {_shown(width, ours.logarithm)}"
    shown += f" ({ours.repeats} repeat{'s' * (ours.repeats > 1)})"
    if abs(off) > width + SLACK:
        return NOT_REPRODUCED, shown
    if width <= allowed + SLACK:
        return REPRODUCED, shown
    return INCONCLUSIVE, f"{shown}, wider than {_shown(allowed, ours.logarithm)}; {_needed(ours, scale, allowed)}"


def _needed(ours: Measured, scale: Scale, allowed: float) -> str:
    """What would make an interval narrow enough."""
    repeats = scale.repeats_for(allowed)
    if repeats is None:
        return "no number of our repeats is enough, since the paper's is one run"
    hours = (repeats - ours.repeats) * ours.seconds / 3600
    return f"{repeats} repeats would do" + (f", {hours:.2g} h of computing" if hours else "")


def _shown(value: float, logarithm: bool) -> str:
    """A difference, of a logarithm as a share."""
    return f"{100 * math.expm1(abs(value)):.0f} %" if logarithm else f"{abs(value):.3g}"
