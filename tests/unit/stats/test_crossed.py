"""Effects over architectures and folds: by hand, and how often the interval misses the truth in made-up worlds."""

import math

import numpy as np
import pytest
from score_mlx.stats.crossed import crossed
from score_mlx.stats.statistics import corrected

ARCHS, FOLDS = 8, 5
WORLDS = 1000
# Standard deviations of the effect's part that belongs to an architecture, to a fold, to one of each.
NOISE = [(0.02, 0.0, 0.02), (0.0, 0.02, 0.02), (0.02, 0.02, 0.02), (0.0, 0.0, 0.02), (0.03, 0.005, 0.03)]


def world(rng, effect, arch, fold, left):
    """(architectures, folds). Folds share training data: their parts are correlated by 1/k, as the correction says."""
    shared = math.sqrt(1 / FOLDS) * rng.standard_normal()
    folds = fold * (shared + math.sqrt(1 - 1 / FOLDS) * rng.standard_normal(FOLDS))
    return effect + arch * rng.standard_normal((ARCHS, 1)) + folds + left * rng.standard_normal((ARCHS, FOLDS))


@pytest.mark.parametrize(("arch", "fold", "left"), NOISE)
def test_an_effect_of_zero_is_found_in_at_most_6_percent_of_worlds(arch, fold, left):
    rng = np.random.default_rng(1)
    found = sum(crossed(world(rng, 0.0, arch, fold, left), FOLDS).p < 0.05 for _ in range(WORLDS))
    assert found / WORLDS <= 0.06


def test_an_interval_over_architectures_alone_is_too_short_where_folds_differ():
    """What the crossed interval is for: the same worlds, judged with the architecture as the only unit."""
    rng = np.random.default_rng(1)
    wrong = sum(not low <= 0 <= high for low, high in (_over_units(world(rng, 0, 0.0, 0.02, 0.02)) for _ in range(500)))
    assert wrong / 500 > 0.15


def _over_units(values):
    return crossed(values, FOLDS).over_units


def test_an_effect_as_large_as_that_of_the_update_is_found():
    rng = np.random.default_rng(2)
    found = sum(crossed(world(rng, -0.027, 0.012, 0.005, 0.015), FOLDS).p < 0.05 for _ in range(500))
    assert found / 500 > 0.9


def test_by_hand():
    values = [[-1.0, -2.0, -3.0, -2.0, -2.0], [-3.0, -4.0, -5.0, -4.0, -4.0], [1.0, 0.0, -1.0, 0.0, 0.0]]
    found = crossed(values, 5)
    assert found.value == pytest.approx(-2)
    assert (found.below, found.units) == (2, 3)
    assert (found.least, found.most) == (pytest.approx(-3), pytest.approx(-1))
    over_folds = corrected(np.mean(values, axis=0), 5)
    assert found.over_folds == (pytest.approx(over_folds.low), pytest.approx(over_folds.high))
    half = 4.302653 * 2 / math.sqrt(3)  # t(0.975, 2) times the standard error of -2, -4, 0
    assert found.over_units == (pytest.approx(-2 - half, rel=1e-5), pytest.approx(-2 + half, rel=1e-5))
    assert found.low < found.over_folds[0] and found.high > found.over_folds[1]


def test_one_architecture_has_folds_only():
    found = crossed([[-1.0, -2.0, -3.0, -2.0, -2.0]], 5)
    over_folds = corrected([-1.0, -2.0, -3.0, -2.0, -2.0], 5)
    assert (found.low, found.high, found.p) == (over_folds.low, over_folds.high, over_folds.p)
    assert math.isnan(found.over_units[0]) and (found.least, found.most) == (-2, -2)


def test_results_that_do_not_vary():
    assert crossed([[0.0] * 5] * 3, 5).p == 1
    assert crossed([[-1.0] * 5] * 3, 5).p == 0
