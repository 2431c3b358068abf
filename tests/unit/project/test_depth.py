"""Depth, its updates and its integrators."""

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest
import tiny
from score_mlx.depth import INTEGRATORS, Depth, LearnedSteps, Plain, Relax, Residual
from score_mlx.models.graphs.model import GraphModel
from score_mlx.models.graphs.spec import ARCHS
from score_mlx.nn import Noise

ORDER = {"euler": 1, "heun": 2, "midpoint": 2, "rk4": 4}
EVALUATIONS = {"euler": 1, "heun": 2, "midpoint": 2, "rk4": 4}


class Matrix(nn.Module):
    """F(h) = h M, a constant."""

    def __init__(self, matrix):
        super().__init__()
        self._matrix, self.calls = matrix, 0

    def __call__(self, h, *context):
        self.calls += 1
        return h @ self._matrix


def run(depth: Depth, values, *context) -> list:
    return np.array(depth(mx.array(values), *context)).tolist()


def double_it() -> Matrix:
    return Matrix(mx.array([[2.0]]))


@pytest.mark.usefixtures("cpu")
@pytest.mark.parametrize("name", INTEGRATORS)
def test_order_of_convergence(name):
    """dh/dt = h A over unit time: halving dt divides the error by 2^order. A turns and decays."""
    decay, turn = -0.5, 1.0
    matrix = mx.array([[1 + decay, turn], [-turn, 1 + decay]], mx.float64)  # F = I + A
    exact = np.exp(decay) * np.array([np.cos(turn), np.sin(turn)])
    errors = []
    for steps in (8, 16):
        depth = Depth(lambda: Matrix(matrix), steps, recurrent=True, update=Relax(1 / steps, INTEGRATORS[name]))
        errors.append(np.abs(np.array(depth(mx.array([[1.0, 0.0]], mx.float64)))[0] - exact).max())
    assert np.log2(errors[0] / errors[1]) == pytest.approx(ORDER[name], abs=0.15)


@pytest.mark.usefixtures("cpu")
@pytest.mark.parametrize("name", INTEGRATORS)
def test_a_step_is_the_exponential_series_up_to_the_order(name):
    """On dh/dt = -2 h with dt = 0.25: the factor is sum of (-0.5)^k / k! for k <= order."""
    h = INTEGRATORS[name](lambda h: -2 * h, mx.array([1.0], mx.float64), 0.25)
    series = {1: 1 - 0.5, 2: 1 - 0.5 + 0.125, 4: 1 - 0.5 + 0.125 - 0.125 / 6 + 0.0625 / 24}
    assert h.item() == pytest.approx(series[ORDER[name]], rel=1e-12)


@pytest.mark.parametrize("name", INTEGRATORS)
def test_evaluations_of_the_block(name):
    depth = Depth(double_it, 3, recurrent=True, update=Relax(0.5, INTEGRATORS[name]))
    run(depth, [[1.0]])
    assert depth.blocks[0].calls == 3 * EVALUATIONS[name]


@pytest.mark.parametrize("recurrent", [True, False])
def test_updates_on_numbers(recurrent):
    """F(h) = 2 h, two steps from 1 and -3."""
    cases = [(Plain(), 4), (Residual(), 9), (Relax(0.5), 2.25), (Relax(1), 4), (Relax(0.25), 1.5625)]
    for update, factor in cases:
        assert run(Depth(double_it, 2, recurrent=recurrent, update=update), [[1.0], [-3.0]]) == [
            [factor],
            [-3 * factor],
        ]


def test_classic_normalises_the_sum():
    depth = Depth(
        lambda: Matrix(mx.array([[0.0, 3.0], [1.0, 0.0]])), 1, recurrent=False, update=Residual(nn.LayerNorm(2))
    )
    assert run(depth, [[1.0, 2.0]])[0] == pytest.approx([-1, 1], abs=1e-4)  # (1, 2) + (2, 3) = (3, 5)


def test_after_each_update_and_final_once():
    """h <- after(h + h F, context), then final: from 1 with F = 2, after adds the context, final negates."""
    depth = Depth(double_it, 2, recurrent=True, update=Residual(), after=lambda h, add: h + add, final=lambda h: -h)
    assert run(depth, [[1.0]], 10) == [[-(3 * (3 + 10) + 10)]]


def test_context_reaches_the_block():
    class Add(nn.Module):
        def __call__(self, h, one, other):
            return h + one * other

    assert run(Depth(Add, 2, recurrent=False, update=Plain()), [[1.0]], 2, 3) == [[13.0]]


def test_stacked_blocks_are_separate_recurrent_ones_shared():
    stacked, shared = (Depth(double_it, 4, recurrent=recurrent, update=Plain()) for recurrent in (False, True))
    assert len({id(block) for block in stacked.blocks}) == 4
    assert len(shared.blocks) == 1


@pytest.mark.parametrize("arch", ARCHS)
def test_parameters_by_depth(arch):
    """Stacked networks grow by one block a step; recurrent ones do not grow."""

    def parameters(config: str, steps: int) -> int:
        return sum(w.size for w in tiny.weights(GraphModel(tiny.spec(arch, config, steps=steps), 66, 1)).values())

    growth = parameters("base", 3) - parameters("base", 2)
    assert growth == parameters("base", 2) - parameters("base", 1) > 0
    assert parameters("SCORE", 5) == parameters("SCORE", 1)
    if arch not in ("dmpnn", "attfp"):  # whose native forms have another block
        assert parameters("SCORE", 3) == parameters("base", 1)
    assert parameters("classic", 3) - parameters("base", 3) == 2 * 8  # one LayerNorm for all steps


def test_one_step_of_size_one_is_the_block():
    h, block = mx.array([[1.5, -2.0]]), Matrix(mx.array([[1.0, 2.0], [3.0, 4.0]]))
    for recurrent in (True, False):
        depth = Depth(lambda: block, 1, recurrent=recurrent, update=Relax(1))
        assert np.array_equal(np.array(depth(h)), np.array(block(h)))


@pytest.mark.parametrize("arch", ["gcn", "gat", "gatv2", "gine", "mpnn", "gt"])
def test_with_one_step_score_is_base(arch):
    """As the text has it: the activation inside. D-MPNN and AttentiveFP have another native form."""
    bonds = tiny.topology(tiny.batch())
    base, score = (tiny.model(tiny.spec(arch, config, steps=1, fidelity="as_text")) for config in ("base", "SCORE"))
    np.testing.assert_allclose(tiny.predict(base, bonds), tiny.predict(score, bonds), rtol=1e-5)


@pytest.mark.parametrize("dt", [0, -0.5, 1.01, 2, float("nan")])
def test_refused_step_sizes(dt):
    with pytest.raises(ValueError, match="0 < dt <= 1"):
        Relax(dt)


@pytest.mark.parametrize("steps", [0, -1])
def test_refused_depths(steps):
    with pytest.raises(ValueError, match="at least 1"):
        Depth(double_it, steps, recurrent=True, update=Plain())


def test_learned_steps():
    """0.3 at the start, between 0.1 and 0.5 whatever alpha, one a step."""
    dt = LearnedSteps(3)
    assert [dt(t).item() for t in range(3)] == pytest.approx([0.3] * 3)
    dt.alpha = mx.array([-100.0, 0.0, 100.0])
    assert [dt(t).item() for t in range(3)] == pytest.approx([0.1, 0.3, 0.5])
    depth = Depth(double_it, 3, recurrent=True, update=Relax(dt))
    assert run(depth, [[1.0]])[0] == pytest.approx([1.1 * 1.3 * 1.5])  # F(h) - h = h


def test_learned_steps_get_a_gradient():
    network = tiny.model(tiny.spec("gcn", "SCORE", learn_dt=True, steps=3))
    bonds = tiny.topology(tiny.batch())

    def total(network):
        return network(bonds, mx.zeros((bonds.shape.molecules, 0)), Noise(None)).sum()

    gradient = nn.value_and_grad(network, total)(network)[1]
    alpha = np.array(gradient["encoder"]["depth"]["advance"]["dt"]["alpha"])
    assert alpha.shape == (3,)
    assert np.all(alpha != 0)


def test_depth_of_depths():
    """M blocks one after another, each applied twice before the next: the paper's mSCORE."""
    inner = lambda: Depth(double_it, 2, recurrent=True, update=Relax(0.5))  # noqa: E731
    assert run(Depth(inner, 3, recurrent=False, update=Plain()), [[1.0]]) == [[pytest.approx(1.5**6)]]
