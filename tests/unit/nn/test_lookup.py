"""Lookups whose gradient adds up in one order: right for small and large tables, and used by every language model."""

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest
import tiny_text
from mlx.utils import tree_flatten
from score_mlx.models.language.models import build
from score_mlx.nn import Noise, lookup


def sums(cotangent, rows, count):
    """In double precision, place by place."""
    found = np.zeros((count, cotangent.shape[-1]))
    np.add.at(found, rows.reshape(-1), cotangent.reshape(-1, cotangent.shape[-1]).astype(np.float64))
    return found


@pytest.mark.parametrize("count", [1, 65, lookup.SMALL, lookup.SMALL + 1, 24_000])
@pytest.mark.parametrize("shape", [(1,), (4, 8), (3, 333)])
def test_the_gradient_is_the_sum_of_the_cotangents_of_each_row(count, shape):
    rng = np.random.default_rng(0)
    rows = np.minimum(rng.zipf(1.3, shape) - 1, count - 1)  # a few rows often, most never, as words are
    cotangent = rng.standard_normal((*shape, 5)).astype(np.float32)
    found = lookup.gradient(mx.array(cotangent), mx.array(rows), count)
    assert found.shape == (count, 5) and found.dtype == mx.float32
    np.testing.assert_allclose(np.array(found), sums(cotangent, rows, count), rtol=1e-5, atol=1e-5)


def test_keys_beyond_32_bits():
    """A table and a text so long that row times places passes 2^31."""
    rows = np.array([99_999, 5, 99_999, 0] * 10_000)
    found = lookup.gradient(mx.ones((len(rows), 1)), mx.array(rows), 100_000)
    assert np.array(found[mx.array([99_999, 5, 0, 7])])[:, 0].tolist() == [20_000, 10_000, 10_000, 0]


def test_places_in_another_order_change_only_the_rounding_and_the_same_order_nothing():
    rng = np.random.default_rng(1)
    rows, cotangent = rng.integers(0, 2000, 4096), rng.standard_normal((4096, 3)).astype(np.float32)
    once, again = (bytes(lookup.gradient(mx.array(cotangent), mx.array(rows), 2000)) for _ in range(2))
    assert once == again


@pytest.mark.parametrize(("arch", "config", "options"), tiny_text.EXAMPLES, ids=tiny_text.NAMES)
def test_models_learn_the_same_by_it(arch, config, options, monkeypatch):
    """Gradients of every table of every language model, as on a GPU and as on the CPU."""
    spec, tokens = tiny_text.spec(arch, config, **options), mx.array(tiny_text.tokens(2, 9))
    used = []

    def gradients(ordered):
        model = build(spec, 16, seed=0)
        monkeypatch.setattr(lookup, "on_cpu", lambda: used.append(1) or not ordered)
        loss = nn.value_and_grad(model, lambda: model.losses(tokens[:, :-1], tokens[:, 1:], Noise(None)).mean())
        return {name: np.array(value) for name, value in tree_flatten(loss()[1])}

    plain, ordered = gradients(False), gradients(True)
    assert used
    for name, value in plain.items():
        np.testing.assert_allclose(ordered[name], value, rtol=1e-4, atol=1e-6, err_msg=name)


@pytest.mark.parametrize(("arch", "config", "options"), tiny_text.EXAMPLES, ids=tiny_text.NAMES)
def test_every_table_is_looked_up_by_it(arch, config, options):
    model = build(tiny_text.spec(arch, config, **options), 16, seed=0)
    tables = [module for module in model.modules() if isinstance(module, nn.Embedding)]
    assert tables and all(isinstance(table, lookup.Embedding) for table in tables)
