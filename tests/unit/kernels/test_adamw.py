"""AdamW as a kernel: the numbers of the compiled chain, in the memory of what nobody needs any more."""

import mlx.core as mx
import numpy as np
import pytest
import tiny
from mlx.utils import tree_flatten
from score_mlx import kernels
from score_mlx.models.language.optimizers.adam import FusedAdamW

pytestmark = [tiny.needs_kernels, pytest.mark.usefixtures("cpu")]

RNG = np.random.default_rng(0)
SHAPES = {"table": (1001, 37), "bias": (5,), "number": ()}  # more and less than a vector's width, and none


def arrays(scale: float = 1.0) -> dict[str, mx.array]:
    return {name: mx.array(scale * RNG.standard_normal(shape), mx.float32) for name, shape in SHAPES.items()}


def place(x: mx.array) -> int:
    return np.asarray(memoryview(x)).ctypes.data


def after(steps: int, optimizer: FusedAdamW, parameters: dict, gradients: list[dict]) -> dict[str, np.ndarray]:
    for step in range(steps):
        parameters = optimizer.apply_gradients(gradients[step], parameters)
        mx.eval(parameters, optimizer.state)
    return {name: np.array(x) for name, x in tree_flatten({"parameters": parameters, "state": optimizer.state})}


@pytest.mark.parametrize("corrected", [False, True])
@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_it_is_the_compiled_chain(decay, corrected):
    """Parameters and moments after five steps, gradients from large to tiny."""
    first, gradients = arrays(), [arrays(scale) for scale in (1e3, 1.0, 1e-3, 1e-6, 0.0)]

    def trained() -> dict[str, np.ndarray]:
        optimizer = FusedAdamW(0.01, betas=[0.8, 0.95], weight_decay=decay, bias_correction=corrected)
        return after(5, optimizer, {name: mx.array(np.array(x)) for name, x in first.items()}, gradients)

    ours = trained()
    with kernels.switched_off():
        chain = trained()
    assert ours.keys() == chain.keys()
    for name in ours:
        rounding = 5e-7 * name.startswith("parameters")  # those are of size 1, or differences of such numbers
        np.testing.assert_allclose(ours[name], chain[name], rtol=1e-5, atol=rounding, err_msg=name)


def test_gradients_in_any_order_of_memory():
    """A gradient that is transposed or one number for all places counts as what it shows."""
    turned = mx.array(RNG.standard_normal((7, 5)), mx.float32).T
    for gradient in (turned, mx.broadcast_to(mx.array(0.5), (5, 7)), turned[::2, ::3]):
        moved = []
        for copy in (gradient, mx.array(np.array(gradient))):
            parameter = {"w": mx.ones(gradient.shape)}
            moved.append(np.array(FusedAdamW(0.1).apply_gradients({"w": copy}, parameter)["w"]))
        np.testing.assert_array_equal(*moved)
        assert (moved[0] != 1).all()


def test_it_writes_where_it_read():
    optimizer, parameters = FusedAdamW(0.01), arrays()
    for step in range(3):
        gradients = arrays()
        mx.eval(gradients)
        before = (
            {name: place(x) for name, x in tree_flatten([parameters, optimizer.state]) if x.size > 1} if step else {}
        )
        parameters = optimizer.apply_gradients(gradients, parameters)
        mx.eval(parameters, optimizer.state)
    now = {name: place(x) for name, x in tree_flatten([parameters, optimizer.state]) if x.size > 1}
    assert before == now and len(now) == 6  # parameter and two moments of a table and a bias


def test_what_somebody_keeps_stays():
    """An array that is still held, under whatever name or view, is no memory to write to."""
    optimizer, parameters = FusedAdamW(0.01), arrays()
    parameters = optimizer.apply_gradients(arrays(), parameters)
    mx.eval(parameters, optimizer.state)
    kept = [parameters["table"], optimizer.state["table"]["m"][3:], optimizer.state["bias"]["v"]]
    mx.eval(kept)
    before = [np.array(x) for x in kept]
    late = 2 * kept[0]  # reads the old table after the step has been put together
    parameters = optimizer.apply_gradients(arrays(), parameters)
    mx.eval(parameters, optimizer.state, late)
    for x, was in zip([*kept, late / 2], [*before, before[0]], strict=True):
        np.testing.assert_array_equal(np.array(x), was)
    assert (np.array(parameters["table"]) != before[0]).any()


def test_it_can_be_part_of_a_compiled_step():
    optimizer, w, gradient = FusedAdamW(0.01), mx.ones((6, 4)), mx.full((6, 4), 0.25)
    optimizer.init({"w": w})
    mx.eval(optimizer.state)

    def step(w: mx.array, m: mx.array, v: mx.array) -> list[mx.array]:
        numbers = [mx.array(0.01), mx.array(1.0), mx.array(1.0)]
        return kernels.adamw([w, 2 * gradient, m, v, *numbers], [0.9, 0.999, 1e-8, 0.01])

    plain, compiled = (function(w, *optimizer.state["w"].values()) for function in (step, mx.compile(step)))
    for a, b in zip(plain, compiled, strict=True):
        np.testing.assert_array_equal(np.array(a), np.array(b))


def fitting() -> list[mx.array]:
    return [mx.ones((3, 2)) for _ in range(4)] + [mx.array(0.1), mx.array(1.0), mx.array(1.0)]


@pytest.mark.parametrize(
    ("number", "other", "message"),
    [
        (0, mx.ones((2, 3)), "the gradient is of another shape"),
        (1, mx.ones((3, 2), mx.float16), "the gradient is not float32"),
        (2, mx.ones((3, 1)), "the mean is of another shape"),
        (3, mx.ones((6,)), "the square is of another shape"),
        (4, mx.ones((3,)), "the rate is no scalar"),
        (6, mx.array(1), "the square's correction is not float32"),
    ],
)
def test_what_does_not_fit_is_refused(number, other, message):
    inputs = fitting()
    inputs[number] = other
    with pytest.raises(ValueError, match=f"kernel adamw: {message}"):
        kernels.adamw(inputs, [0.9, 0.999, 1e-8, 0.0])


def test_numbers_are_counted():
    with pytest.raises(ValueError, match="7 arrays and 3 numbers, expected 7 and 4"):
        kernels.adamw(fitting(), [0.9, 0.999, 1e-8])
    with pytest.raises(ValueError, match="6 arrays and 4 numbers, expected 7 and 4"):
        kernels.adamw(fitting()[1:], [0.9, 0.999, 1e-8, 0.0])


def test_without_kernels_it_is_refused():
    with kernels.switched_off(), pytest.raises(RuntimeError, match="adamw"):
        kernels.adamw(fitting(), [0.9, 0.999, 1e-8, 0.0])
