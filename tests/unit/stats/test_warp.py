"""The time warp finds a factor that is known, says how sure it is, and says where no factor fits."""

import numpy as np
import pytest
from score_mlx.stats import warp

EPOCHS = np.arange(1, 151)


def falling(speed, noise=0.0, seed=0):
    """A learning curve: from 2 down to 0.55, `speed` times as fast."""
    noisy = noise * np.random.default_rng(seed).standard_normal(len(EPOCHS))
    return 0.55 + 1.45 * np.exp(-speed * EPOCHS / 40) + noisy


@pytest.mark.parametrize("factor", [0.7, 1.0, 1.6, 3.3, 6.1, 9.7])
def test_a_known_factor_is_found(factor):
    found = warp.fit(falling(1), falling(factor))
    assert found.factor == pytest.approx(factor, rel=0.03)
    assert found.residual < 0.02 and found.flaw == ""
    assert found.overlap == np.sum((found.factor * EPOCHS >= 1) & (found.factor * EPOCHS <= 150))
    noisy = warp.fit(falling(1, 0.01, 1), falling(factor, 0.01, 2))
    assert noisy.factor == pytest.approx(factor, rel=0.12)


def test_the_interval_lies_around_the_factor():
    native, score = (np.array([falling(s, 0.02, seed + 10 * s) for seed in range(5)]) for s in (1, 3))
    low, high = warp.interval(native, score, draws=60)
    assert 2.7 < low < high < 3.3
    assert (low, high) == warp.interval(native, score, draws=60)


def test_curves_that_do_not_fit_are_flagged():
    flat = np.full(150, 1.4)
    assert warp.fit(flat, falling(2)).flaw.startswith("the curves stay")
    assert warp.fit(falling(0.02), falling(3)).flaw
    broken = falling(1)
    broken[70] = np.nan
    assert warp.fit(broken, falling(2)).flaw == "a curve is not finite"
    assert warp.fit(falling(1)[:9], falling(1)[:9]).flaw == "fewer than 10 epochs"


def test_smoothing_by_hand():
    assert warp.smooth([1, 2, 6, 2, 1], window=3).tolist() == [1, 3, 10 / 3, 3, 1]
    assert warp.smooth([4.0], window=7).tolist() == [4]
    line = np.arange(20.0)
    np.testing.assert_allclose(warp.smooth(line), line)  # centred everywhere, so a line stays a line


def test_the_compressed_curve_ends_where_the_native_one_does():
    epochs, values = warp.compressed(falling(1), 3.0)
    assert epochs.tolist() == list(range(1, 51)) and values.shape == (50,)
    np.testing.assert_allclose(values, warp.smooth(falling(1))[2::3])
