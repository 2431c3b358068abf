"""The result of a claim's test, and the verdict that follows.

A claim covers one or more parts, each a statement that a number lies in a region: a difference below 0, within a
margin, near a printed size.

    confirmed          every part holds: the largest p value over parts is significant after Holm's adjustment over the
                       claims of its family
    refuted            the 95 % interval of a part excludes what is claimed (Holm over the parts), and no part holds; or
                       one part is enough to refute the whole
    partly             some parts hold after Holm over all parts of the family's claims, others do not or are open
    undecided          nothing is shown: the intervals contain what is claimed and its opposite, or there is one run
                       each and so no test
    not testable here  records with cuts, of other data or diverged; or the question cannot be answered from them
    not run            records are missing
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from score_mlx.stats import statistics
from score_mlx.verdict.evidence import Evidence

CONFIRMED, REFUTED, PARTLY, UNDECIDED = "confirmed", "refuted", "partly", "undecided"
NOT_TESTABLE, NOT_RUN = "not testable here", "not run"
CLAIM_VERDICTS = (CONFIRMED, PARTLY, UNDECIDED, REFUTED, NOT_TESTABLE, NOT_RUN)

Region = tuple[float, float]  # open interval that a claim says a number lies in
BELOW: Region = (-math.inf, 0.0)


@dataclass(frozen=True)
class Part:
    """One comparison that a claim covers.

    Attributes:
        name: what is compared.
        value, low, high: the number and its 95 % interval; NaN where it has none.
        region: where the claim says it lies.
        p: small where it does; None for a single run, which has no test.
        refuting_p: small where it does not.
    """

    name: str
    value: float
    low: float
    high: float
    region: Region
    p: float | None
    refuting_p: float | None

    @property
    def inside(self) -> bool:
        """Whether the number itself is as claimed, before the significance test."""
        return self.region[0] < self.value < self.region[1]

    @property
    def off(self) -> float:
        """How far the number lies from the inside of the region; negative inside."""
        return max(self.region[0] - self.value, self.value - self.region[1])


@dataclass(frozen=True)
class Finding:
    """What a claim's test found.

    Attributes:
        parts: what the claim covers; the least favourable is its statistic.
        reason: the numbers in words.
        whole: whether one refuted part refutes the claim.
        exact: whether the parts are facts or decided by their intervals, so that no p value is adjusted.
    """

    parts: Sequence[Part]
    reason: str
    whole: bool = False
    exact: bool = False

    @property
    def worst(self) -> Part:
        """The part least as claimed, of those with an interval if any has one."""
        known = [part for part in self.parts if math.isfinite(part.high - part.low)]
        return max(known or self.parts, key=lambda part: part.off)

    @property
    def p(self) -> float | None:
        """Of the whole claim: that of its least favourable part; None where nothing is tested."""
        ps = [part.p for part in self.parts if part.p is not None]
        return None if self.exact or len(ps) < len(self.parts) else max(ps)


Test = Callable[[Evidence], Finding]


def tested(name: str, values: statistics.Numbers, folds: float, region: Region, tries: int = 1) -> Part:
    """A part on a mean over folds, by Nadeau and Bengio's corrected test: (repeats * folds,) -> Part.

    Args:
        folds: of one cross-validation; infinity for independent results.
        tries: of how many the comparison was picked as the best, by which p is multiplied.
    """
    mean = statistics.corrected(values, folds)
    sides = ((np.asarray(values, float), region[1]), (-np.asarray(values, float), -region[0]))
    ps = [statistics.below(each, folds, bound) for each, bound in sides if math.isfinite(bound)]
    p, refuting_p = min(1.0, tries * max(ps)), min(1.0, 2 * (1 - max(ps)))
    return Part(name, mean.value, mean.low, mean.high, region, p, refuting_p)


def by_interval(name: str, value: float, low: float, high: float, region: Region) -> Part:
    """A part decided by its interval: it holds if all of it lies in the region, and fails if none of it does."""
    holds, fails = region[0] < low and high < region[1], high <= region[0] or low >= region[1]
    return Part(name, value, low, high, region, float(not holds), float(not fails))


def fact(name: str, value: float, region: Region) -> Part:
    """A part without uncertainty: a count of parameters, a rank."""
    return by_interval(name, value, value, value, region)


def single(name: str, value: float, region: Region) -> Part:
    """A part of one run each: a difference without a test."""
    return Part(name, value, math.nan, math.nan, region, None, None)


def settle(finding: Finding, p: float | None, parts: Sequence[float | None]) -> tuple[str, str]:
    """Verdict and reason of a finding.

    Args:
        p: of the whole claim after Holm over the claims of its family, None where nothing was adjusted.
        parts: p of each part after Holm over all parts of all claims of the family.
    """
    holding = [part for part, adjusted in zip(finding.parts, parts, strict=True) if _small(adjusted)]
    refuting = [part.refuting_p for part in finding.parts]
    refuted = any(map(_small, refuting if finding.exact else statistics.holm(refuting)))
    told = finding.reason if p is None else f"{finding.reason}; p = {p:.2g} after Holm"
    if _small(p) or (finding.exact and len(holding) == len(finding.parts)):
        return CONFIRMED, told
    if refuted and (finding.whole or not holding):
        return REFUTED, told
    if holding and not finding.whole:
        return PARTLY, f"{told}; shown of {', '.join(part.name for part in holding)}"
    if any(part.p is None for part in finding.parts):
        as_claimed = all(part.inside for part in finding.parts)
        return UNDECIDED, f"{told}; one run, no test: a difference {'as' if as_claimed else 'unlike'} printed"
    return UNDECIDED, told


def _small(p: float | None) -> bool:
    return p is not None and p < statistics.ALPHA
