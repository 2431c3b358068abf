"""Cross-entropy fused with its product: no logits are kept, values and gradients are those of the plain composition."""

import subprocess
import sys

import mlx.core as mx
import numpy as np
import pytest
import tiny
from score_mlx import kernels
from score_mlx.models.language.layers import cross_entropy, mean_cross_entropy

pytestmark = [tiny.needs_kernels, pytest.mark.usefixtures("cpu")]

# rows, tokens, width: one of each; less and more than a tile of 512 tokens and a panel of 256 rows, and exactly those
SIZES = [(1, 1, 1), (1, 700, 5), (7, 40, 8), (256, 512, 3), (300, 513, 4), (515, 1500, 16), (600, 65, 320)]


def case(n: int, v: int, d: int) -> list[np.ndarray]:
    """h, W, b, targets, among them the first and the last token; a weight for each row's loss."""
    rng = np.random.default_rng([n, v, d])
    arrays = [rng.standard_normal(shape) for shape in ((n, d), (v, d), (v,))]
    targets = rng.integers(0, v, n)
    targets[[0, -1]] = 0, v - 1
    return [*arrays, targets, rng.standard_normal(n)]


def plain(h, w, b, targets, weight, cap):
    """Losses by row, and the gradient of their weighted sum by h, W and b, in double precision by NumPy."""
    z = h @ w.T + b
    z = cap * np.tanh(z / cap) if cap else z
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    rows = np.arange(len(h))
    losses = -np.log(p[rows, targets])
    p[rows, targets] -= 1
    slope = weight[:, None] * p * (1 - (z / cap) ** 2 if cap else 1)
    return losses, slope @ w, slope.T @ h, slope.sum(axis=0)


def compiled(function, arrays, targets, weight, cap):
    inputs = [mx.array(a, mx.float32) for a in arrays]

    def loss(h, w, b):
        return (function(h, w, b, mx.array(targets), cap) * mx.array(weight, mx.float32)).sum()

    return [np.array(g) for g in mx.grad(loss, argnums=(0, 1, 2))(*inputs)]


def assert_close(found, wanted):
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=2e-5 * max(1, np.abs(other).max()))


@pytest.mark.parametrize("cap", [0.0, 5.0])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_equal_to_the_plain_composition(size, cap):
    *arrays, targets, weight = case(*size)
    losses, *gradients = plain(*arrays, targets, weight, cap)
    inputs = [mx.array(a, mx.float32) for a in arrays]
    found = cross_entropy(*inputs, mx.array(targets), cap)
    np.testing.assert_allclose(np.array(found), losses, rtol=1e-5, atol=1e-5)
    assert_close(compiled(cross_entropy, arrays, targets, weight, cap), gradients)
    # the mean, times 3
    even = np.full(len(losses), 3 / len(losses))
    mean = mean_cross_entropy(*inputs, mx.array(targets), cap)
    assert float(mean) == pytest.approx(losses.mean(), rel=1e-5)
    assert_close(compiled(mean_cross_entropy, arrays, targets, 3, cap), plain(*arrays, targets, even, cap)[1:])


@pytest.mark.parametrize("function", [cross_entropy, mean_cross_entropy])
def test_finite_differences(function):
    """Along a random direction, where the loss is smooth."""
    *arrays, targets, _ = case(9, 530, 6)
    rng = np.random.default_rng(1)
    directions = [rng.standard_normal(a.shape) for a in arrays]

    def loss(step: float) -> float:
        moved = [mx.array(a + step * d, mx.float32) for a, d in zip(arrays, directions, strict=True)]
        return float(function(*moved, mx.array(targets), 5.0).sum())

    slope = sum((g * d).sum() for g, d in zip(compiled(function, arrays, targets, 1, 5.0), directions, strict=True))
    assert (loss(5e-3) - loss(-5e-3)) / 1e-2 == pytest.approx(slope, rel=5e-3)


@pytest.mark.parametrize("function", [cross_entropy, mean_cross_entropy])
def test_the_same_bytes_each_time(function):
    *arrays, targets, _ = case(515, 1500, 16)
    first, second = (compiled(function, arrays, targets, 1, 0.0) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("function", [cross_entropy, mean_cross_entropy])
def test_lifted_over_models(function):
    """Several heads side by side, with the gradient of each."""
    cases = [case(5, 520, 3) for _ in range(2)]
    h, w, b, targets = (mx.array(np.stack(parts)) for parts in list(zip(*cases, strict=True))[:4])
    h, w, b = (x.astype(mx.float32) * mx.array([[1.0], [-2.0]]).reshape(2, *[1] * (x.ndim - 1)) for x in (h, w, b))

    def gradient(h, w, b, targets):
        return mx.grad(lambda *x: function(*x, targets).sum(), argnums=(0, 1, 2))(h, w, b)

    lifted = mx.vmap(gradient)(h, w, b, targets)
    for r in range(2):
        for found, wanted in zip(lifted, gradient(h[r], w[r], b[r], targets[r]), strict=True):
            np.testing.assert_array_equal(np.array(found[r]), np.array(wanted))


def test_large_logits_overflow_nowhere():
    h, w = mx.array([[300.0], [-300.0]]), mx.array([[1.0], [-1.0], [0.5]])
    losses = np.array(cross_entropy(h, w, None, mx.array([0, 0])))
    np.testing.assert_allclose(losses, [0, 600])


def test_no_rows_have_no_gradient():
    inputs = mx.zeros((0, 3)), mx.ones((5, 3)), mx.ones(5)
    of_weight = mx.grad(lambda *x: cross_entropy(*x, mx.zeros(0, mx.int32)).sum(), argnums=1)(*inputs)
    np.testing.assert_array_equal(np.array(of_weight), np.zeros((5, 3)))


MEMORY = """
import resource
from score_mlx.system import blas
blas.load()
import mlx.core as mx
from score_mlx import kernels
from score_mlx.models.language.layers import mean_cross_entropy
h, w, b, t = mx.ones((4096, 8)), mx.ones((16384, 8)), mx.ones(16384), mx.zeros(4096, mx.int32)
mx.eval(h, w, b, t)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
mx.eval(mx.value_and_grad(lambda *x: mean_cross_entropy(*x, t), argnums=(0, 1, 2))(h, w, b))
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


def test_logits_are_never_all_in_memory():
    """Here they would be 256 MiB."""
    done = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 64


def test_the_plain_path_says_the_same():
    *arrays, targets, weight = case(7, 40, 8)
    with kernels.switched_off():
        found = compiled(cross_entropy, arrays, targets, weight, 5.0)
    assert_close(found, plain(*arrays, targets, weight, 5.0)[1:])
