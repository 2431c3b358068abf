"""What a claim's test finds, and the verdict that follows.

Verdicts on a claim:

    confirmed          the records say what the claim says, and a test with a p value holds after Holm over its family
    partly             true of some of what it speaks of; or the records say so, but chance would as well
    not confirmed      the records say otherwise
    not testable here  there are records, but with cuts, of other data or diverged; or what is asked cannot be read off
    not run            records are missing
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from score_mlx.stats import statistics
from score_mlx.verdict.evidence import Evidence

CONFIRMED, PARTLY, NOT_CONFIRMED, NOT_TESTABLE = "confirmed", "partly", "not confirmed", "not testable here"
NOT_RUN = "not run"
CLAIM_VERDICTS = (CONFIRMED, PARTLY, NOT_CONFIRMED, NOT_TESTABLE, NOT_RUN)
YES, SOME, NO = CONFIRMED, PARTLY, NOT_CONFIRMED  # what the numbers say before chance is asked


@dataclass(frozen=True)
class Finding:
    """What a claim's test found.

    Attributes:
        statistic: the number that its `test` names.
        says: `YES`, `SOME` or `NO`: whether the numbers are as claimed, chance aside.
        reason: the numbers in words.
        low, high: 95 % interval of the statistic, NaN where it has none.
        p: small where chance hardly explains what is claimed; None where nothing was drawn at random.
        unshown: what a large p leaves open.
        part_needs_p: whether a large p leaves nothing of a part either.
    """

    statistic: float
    says: str
    reason: str
    low: float = math.nan
    high: float = math.nan
    p: float | None = None
    unshown: str = "not beyond chance"
    part_needs_p: bool = False


Test = Callable[[Evidence], Finding]


def settle(finding: Finding, p: float | None) -> tuple[str, str]:
    """Verdict and reason of a finding, given its p after Holm."""
    if p is None:
        return finding.says, finding.reason
    told = f"{finding.reason}; p = {p:.2g} after Holm"
    if p < statistics.ALPHA or finding.says == NO:
        return finding.says, told
    if finding.says == YES:
        return PARTLY, f"{told}: {finding.unshown}"
    return (NO, f"{told}: {finding.unshown}") if finding.part_needs_p else (SOME, told)
