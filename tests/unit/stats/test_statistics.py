"""Tests and intervals: held to worked examples, to scipy where it has the same, and to how often they are wrong."""

import math

import numpy as np
import pytest
from scipy import stats
from score_mlx.stats import statistics
from score_mlx.verdict import finding
from true_nulls import FOLDS, true_nulls


def tost(values, folds, margin):
    """p of two one-sided corrected tests: small where the mean lies within +-margin (Schuirmann 1987)."""
    return finding.tested("difference", values, folds, (-margin, margin)).p


def test_the_corrected_test_keeps_its_level_where_the_plain_one_does_not():
    nulls = list(true_nulls(400, np.random.default_rng(1)))
    corrected = np.mean([statistics.corrected(d, FOLDS).p < 0.05 for d in nulls])
    plain = np.mean([stats.ttest_1samp(d, 0).pvalue < 0.05 for d in nulls])
    assert plain > 0.3  # 0.05 is what it promises
    assert 0.01 < corrected < 0.11


def test_corrected_by_hand():
    """Differences 1, 2, 3, 4, 5 of five folds: s^2 = 2.5, standard error sqrt((1/5 + 1/4) 2.5)."""
    found = statistics.corrected([1, 2, 3, 4, 5], 5)
    error = math.sqrt(0.45 * 2.5)
    assert found.value == 3 and found.t == pytest.approx(3 / error) and found.n == 5
    assert found.p == pytest.approx(2 * stats.t.sf(3 / error, 4))
    assert found.high - found.value == pytest.approx(2.776445 * error, rel=1e-6)
    assert found.effect == pytest.approx(3 / math.sqrt(2.5))


def test_of_independent_results_it_is_the_plain_test():
    values = [0.1, 0.3, -0.2, 0.4, 0.25]
    plain, ours = stats.ttest_1samp(values, 0), statistics.corrected(values, math.inf)
    assert (ours.t, ours.p) == pytest.approx((plain.statistic, plain.pvalue))
    one_sided = stats.ttest_1samp(values, 0.2, alternative="less").pvalue
    assert statistics.below(values, math.inf, 0.2) == pytest.approx(one_sided)


def test_results_that_do_not_vary():
    assert statistics.corrected([0, 0, 0], 3).p == 1 and statistics.corrected([1, 1, 1], 3).p == 0
    assert statistics.bayesian([0.1] * 5, 5, 0.02) == (0, 0, 1)
    assert tost([0.01] * 5, 5, 0.02) == 0 and tost([0.03] * 5, 5, 0.02) == 1


def test_equivalence_needs_both_sides():
    near = [0.001, -0.002, 0.003, 0.0, -0.001]
    assert tost(near, 5, 0.02) < 0.001
    assert tost(np.add(near, 0.02), 5, 0.02) > 0.4  # at the margin: as likely within as beyond
    assert tost(np.subtract(near, 0.05), 5, 0.02) > 0.999
    wide = [0.1, -0.1, 0.08, -0.09, 0.0]  # no difference seen, but nothing shown
    assert statistics.corrected(wide, 5).p > 0.5 and tost(wide, 5, 0.02) > 0.3
    one, other = statistics.below(near, 5, 0.02), statistics.below(np.negative(near), 5, 0.02)
    assert tost(near, 5, 0.02) == max(one, other)


def test_the_bayesian_reading_of_the_same_test():
    values = [0.01, 0.03, -0.02, 0.04, 0.02]
    left, within, right = statistics.bayesian(values, 5, 0.02)
    assert left + within + right == pytest.approx(1) and min(left, within, right) > 0
    assert statistics.bayesian(values, 5, 0.0)[0] == pytest.approx(statistics.below(np.negative(values), 5))
    assert statistics.bayesian(np.negative(values), 5, 0.02) == pytest.approx((right, within, left))


def test_holm_on_a_worked_example():
    """Holm (1979): 0.01, 0.04, 0.03, 0.005 of four -> 4 x 0.005, 3 x 0.01, 2 x 0.03, then never less."""
    assert statistics.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert statistics.holm([0.01, None, 0.5]) == [pytest.approx(0.02), None, pytest.approx(0.5)]
    assert statistics.holm([0.9, 0.8]) == [1, 1] and statistics.holm([]) == []


def test_few_runs_have_a_t_interval_and_one_has_none():
    values = [1.57, 1.56, 1.6]
    low, high = statistics.interval(values)
    assert (low, high) == pytest.approx(stats.t.interval(0.95, 2, np.mean(values), stats.sem(values)))
    assert all(map(math.isnan, statistics.interval([1.57])))


def by_hand_bca(values, statistic, draws, rng):
    """Efron and Tibshirani (1993), equations 14.9 to 14.15."""
    n, found = len(values), statistic(values)
    drawn = np.array([statistic(values[rng.integers(n, size=n)]) for _ in range(draws)])
    bias = stats.norm.ppf(np.mean(drawn < found))
    left_out = np.array([statistic(np.delete(values, i)) for i in range(n)])
    off = left_out.mean() - left_out
    speed = (off**3).sum() / (6 * (off**2).sum() ** 1.5)
    z = stats.norm.ppf([0.025, 0.975])
    return np.quantile(drawn, stats.norm.cdf(bias + (bias + z) / (1 - speed * (bias + z))))


def test_many_runs_have_a_bca_interval():
    values = np.random.default_rng(3).gamma(2, size=40)
    low, high = statistics.interval(values)
    assert (low, high) == pytest.approx(by_hand_bca(values, np.mean, 4000, np.random.default_rng(4)), rel=0.02)
    assert np.mean(values) - low < high - np.mean(values)  # as skewed as they are
    assert statistics.interval(values) == (low, high)  # twice the same
    assert statistics.bca(np.mean, [2.0] * 12) == (2, 2)


def test_kendall_of_rankings():
    order = list(range(13))
    tau, low, high, p = statistics.kendall(order, order)
    assert (tau, low, high) == pytest.approx((1, 1, 1)) and p < 1e-6
    mixed = [3, 1, 2, 0, 5, 4, 8, 6, 7, 12, 9, 11, 10]
    tau, low, high, p = statistics.kendall(order, mixed)
    ties = np.random.default_rng(6).integers(5, size=(4, 2, 13)).astype(float)
    assert statistics.tau_b(ties[:, 0], ties[:, 1]) == pytest.approx(
        [stats.kendalltau(*pair).statistic for pair in ties]
    )
    assert tau == pytest.approx(stats.kendalltau(order, mixed).statistic) and low < tau < high < 1.01 and p < 0.01


def test_smaller_spread():
    base = np.array([0.3, -0.5, 0.9, -1.1, 0.4])
    assert statistics.smaller_spread(0.2 * base + [0.01, 0, -0.02, 0, 0.01], base) < 0.01
    assert statistics.smaller_spread(base, 0.2 * base + [0.01, 0, -0.02, 0, 0.01]) > 0.99


def test_a_ratio_of_means_has_the_ratios_mean_and_spread():
    rng = np.random.default_rng(5)
    theirs = 0.6 + 0.02 * rng.standard_normal(2000)
    ours = 0.9 * theirs + 0.01 * rng.standard_normal(2000)
    points = statistics.ratio_points(ours, theirs)
    assert points.mean() == pytest.approx(1 - ours.mean() / theirs.mean())
    ratios = [1 - ours[i].mean() / theirs[i].mean() for i in rng.integers(2000, size=(1000, 2000))]
    assert points.std() / math.sqrt(2000) == pytest.approx(np.std(ratios), rel=0.1)
