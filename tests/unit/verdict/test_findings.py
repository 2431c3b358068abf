"""Findings: which verdict their parts give, and how often chance alone confirms one."""

import numpy as np
import pytest
from score_mlx.stats import statistics
from score_mlx.verdict import finding
from score_mlx.verdict.finding import BELOW, Finding, by_interval, fact, settle, single
from score_mlx.verdict.finding import tested as part_of

VALUES = [-0.03, -0.031, -0.029, -0.03, -0.032]


@pytest.mark.parametrize(
    ("parts", "options", "verdict"),
    [
        ([part_of("a", VALUES, 5, BELOW)], {}, "confirmed"),
        ([part_of("a", np.negative(VALUES), 5, BELOW)], {}, "refuted"),
        ([part_of("a", [-0.03, 0.05, -0.04, 0.03, -0.02], 5, BELOW)], {}, "undecided"),
        ([part_of("a", VALUES, 5, BELOW), part_of("b", np.negative(VALUES), 5, BELOW)], {}, "partly"),
        ([part_of("a", VALUES, 5, BELOW), part_of("b", np.negative(VALUES), 5, BELOW)], {"whole": True}, "refuted"),
        ([fact("a", 3, BELOW)], {"exact": True}, "refuted"),
        ([fact("a", -3, BELOW), fact("b", 3, BELOW)], {"exact": True}, "partly"),
        ([by_interval("a", -3, -5, 1, BELOW)], {"exact": True}, "undecided"),
        ([single("a", -3, BELOW)], {}, "undecided"),
        ([part_of("a", VALUES, 5, BELOW), single("b", -3, BELOW)], {}, "partly"),
    ],
)
def test_verdicts_of_findings(parts, options, verdict):
    found = Finding(parts, "so", **options)
    adjusted = statistics.holm([part.p for part in parts])
    assert settle(found, found.p, adjusted)[0] == verdict


def test_one_run_each_is_never_confirmed():
    for value, word in ((-3, "as"), (3, "unlike")):
        verdict, reason = settle(Finding([single("a", value, BELOW)], "so"), None, [None])
        assert verdict == finding.UNDECIDED and reason == f"so; one run, no test: a difference {word} printed"


def null_worlds(draws, rng, learners):
    """Differences of two equal models, (draws, 15), three repeats of five folds.

    Args:
        learners: whether each fold's difference is of learners that see overlapping data, or of seeds alone.
    """
    for _ in range(draws):
        common = rng.standard_normal(3)[:, None] if learners else 0.0
        yield 0.01 * (0.5 * common + rng.standard_normal((3, 5))).ravel()


@pytest.mark.parametrize("learners", [False, True])
def test_claims_are_confirmed_by_chance_in_at_most_6_percent(learners):
    """Under seed noise alone, and where folds of one repeat share a draw of the data."""
    rng = np.random.default_rng(7)
    found = []
    for values in null_worlds(2000, rng, learners):
        part = part_of("a - b", values, 5, BELOW)
        found.append(settle(Finding([part], "so"), part.p, [part.p])[0])
    assert found.count("confirmed") / 2000 <= 0.06 and found.count("refuted") / 2000 <= 0.06


def test_symmetric_learners_are_confirmed_by_chance_in_at_most_6_percent():
    """Learners trained for real: two equally good regressions on data drawn anew each time."""
    from true_nulls import FOLDS, true_nulls

    found = [part_of("a - b", values, FOLDS, BELOW) for values in true_nulls(400, np.random.default_rng(2))]
    confirmed = np.mean([settle(Finding([part], "so"), part.p, [part.p])[0] == "confirmed" for part in found])
    assert confirmed <= 0.06
