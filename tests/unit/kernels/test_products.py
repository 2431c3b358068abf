"""The matrix products of a linear layer, of many sizes: against NumPy in double precision."""

import mlx.core as mx
import numpy as np
import pytest
import tiny
from score_mlx import nn as ours

pytestmark = [tiny.needs_kernels, pytest.mark.usefixtures("cpu")]

# Rows, columns of x, columns of y: whole tiles, parts of tiles, more rows than are summed at once, very wide; then more
# rows than stay in a cache, more terms than a panel holds, forwards and backwards, and both.
SIZES = [
    (n, i, o)
    for n in (1, 11, 12, 13, 300, 600)
    for i, o in ((9, 9), (16, 32), (31, 33), (66, 128), (128, 129), (143, 128), (128, 512), (512, 130))
]
SIZES += [(1111, 128, 128), (1111, 131, 77), (130, 800, 40), (130, 40, 800), (700, 1601, 35), (700, 35, 1601)]


@pytest.mark.parametrize(("n", "i", "o"), SIZES)
def test_products(n, i, o):
    rng = np.random.default_rng(n * i * o)
    x, w, b, g = (rng.standard_normal(shape).astype(np.float32) for shape in ((n, i), (o, i), (o,), (n, o)))

    def value(x, w, b):
        return (ours.linear(x, w, b) * mx.array(g)).sum()

    y = ours.linear(mx.array(x), mx.array(w), mx.array(b))
    dx, dw, db = mx.grad(value, argnums=(0, 1, 2))(mx.array(x), mx.array(w), mx.array(b))
    wide = [array.astype(np.float64) for array in (x, w, b, g)]
    expected = (wide[0] @ wide[1].T + wide[2], wide[3] @ wide[1], wide[3].T @ wide[0], wide[3].sum(axis=0))
    for found, right, terms in zip((y, dx, dw, db), expected, (i, o, n, n), strict=True):
        np.testing.assert_allclose(np.array(found), right, rtol=1e-5, atol=3e-6 * terms**0.5)


@pytest.mark.parametrize(("n", "i"), [(300, 128), (1111, 128), (300, 1601)])
def test_a_row_does_not_depend_on_the_others(n, i):
    """As padding or another batch size would have it."""
    rng = np.random.default_rng(0)
    x, w = (mx.array(rng.standard_normal(shape).astype(np.float32)) for shape in ((n, i), (128, i)))
    whole = np.array(ours.linear(x, w))
    for first, last in ((0, 1), (7, 40), (n - 10, n)):
        np.testing.assert_array_equal(np.array(ours.linear(x[first:last], w)), whole[first:last])
