"""Every kernel with every input of a wrong rank, length, width, type, or empty: an error each time, never a number."""

from contextlib import nullcontext

import mlx.core as mx
import numpy as np
import pytest
import tiny
from score_mlx import kernels

pytestmark = [tiny.needs_kernels, pytest.mark.usefixtures("cpu")]

BATCH = tiny.batch()
A, M, B = BATCH.shape.atoms, len(BATCH.arrays["source"]), BATCH.shape.molecules
SOURCE, REVERSE, ENDS = (mx.array(BATCH.arrays[name]) for name in ("source", "reverse", "ends"))
PLACE, REAL, SLOTS = (mx.array(BATCH.arrays[name]) for name in ("place", "real", "slots"))
BONDS, ATOMS = [SOURCE, REVERSE, ENDS], [PLACE, REAL, SLOTS]
H, HEADS = 6, 2
KEY = mx.array(3, mx.uint32)


def rows(*shape: int) -> mx.array:
    return mx.array(np.random.default_rng(0).standard_normal(shape), mx.float32)


# Kernel -> inputs and numbers that fit.
CALLS = {
    "linear": ([rows(9, 12), rows(11, 12), rows(11)], []),
    "leaky": ([rows(4, 5)], [0.1]),
    "elu": ([rows(4, 5)], []),
    "towards": ([rows(4, 5), rows(4, 5)], [0.5]),
    "add_bias": ([rows(4, 5), rows(5), rows(4)], []),
    "scale": ([rows(4, 5)], [0.5]),
    "mean_square": ([rows(5), rows(5), rows(5)], []),
    "mean_entropy": ([rows(5), rows(5), rows(5)], []),
    "layer_norm": ([rows(4, 5), rows(5), rows(5)], [1e-5]),
    "gru": ([rows(4, 15), rows(4, 15), rows(4, 5)], []),
    "dropout": ([rows(4, 5), mx.arange(4, dtype=mx.uint32), KEY], [1, 2**31, 2.0]),
    "sum": ([rows(M, H), *BONDS], []),
    "source": ([rows(A, H), *BONDS], []),
    "target": ([rows(A, H), *BONDS], []),
    "reverse": ([rows(M, H), *BONDS], []),
    "softmax": ([rows(M, HEADS), *BONDS], []),
    "combine": ([rows(A, H), rows(A, H), rows(M, H), *BONDS], [0.2]),
    "others": ([rows(M, H), *BONDS], []),
    "weigh": ([rows(M, H), rows(M, HEADS), *BONDS], []),
    "attend": ([rows(A, H), rows(M, HEADS), *BONDS], []),
    "smooth": ([rows(A, H), *BONDS], []),
    "head_dots": ([rows(7, H), rows(1, HEADS, H // HEADS)], []),
    "pool": ([rows(A, H), rows(A, 1), *ATOMS], []),
    "spread": ([rows(B, H), *ATOMS], []),
    "softmax_molecule": ([rows(A, 1), *ATOMS], []),
    "attend_pairs": (
        [*(rows(A, H) for _ in "qkv"), rows(M, HEADS), rows(M, H), *ATOMS, KEY, *BONDS],
        [HEADS, 1, 2**31, 2.0],
    ),
    "adam": (
        [*(mx.abs(rows(10)) for _ in range(3)), mx.array(0.1), mx.array(1.0), rows(2, 3), rows(4)],
        [0.9, 0.99, 1e-8],
    ),
    "cross_entropy": ([rows(4, 5), rows(6, 5), rows(6), mx.array([0, 1, 4, 2])], [0.0]),
    "mean_cross_entropy": ([rows(4, 5), rows(6, 5), rows(6), mx.array([0, 1, 4, 2])], [0.0]),
    "rms_norm": ([rows(4, 5)], [1e-6]),
    "relu2": ([rows(4, 5)], []),
    "rotate_heads": ([rows(2, 8, 12)], [3, 1e-6, 0.5]),
    "split_heads": ([rows(2, 8, 12)], [3]),
    "join_heads": ([rows(2, 3, 8, 4)], []),
    "causal_attention": (
        [*(rows(2, 3, 8, 4) for _ in "qkv"), mx.arange(48, dtype=mx.uint32).reshape(2, 3, 8), KEY],
        [0.5, 8, 1, 2**31, 2.0],
    ),
}
# What is still right when changed, since the input alone has that size: kernel, input, changes.
ANY_ROWS = {"rank", "less rank", "length", "no rows"}
VECTOR = {"rank"}  # read as a vector, however it is shaped
FREE = {
    **{(name, 0): {*ANY_ROWS, "width", "empty"} for name in ("leaky", "elu", "scale", "relu2", "rms_norm")},
    **{(name, 0): {"width"} for name in ("sum", "source", "target", "reverse", "softmax")},
    **{(name, 0): {"width"} for name in ("others", "smooth", "pool", "spread", "dropout")},
    ("pool", 1): {"empty"},  # may be left out
    **{("combine", n): {"empty"} for n in range(3)},
    ("attend_pairs", 8): {"empty"},
    ("causal_attention", 4): {"empty"},
    **{("attend_pairs", 7): {"length"}, ("pool", 4): {"length", "width"}, ("spread", 3): {"width"}},
    ("softmax_molecule", 3): {"length", "width"},  # with more places than atoms
    **{(name, 0): {"length", "no rows"} for name in ("rotate_heads", "split_heads")},
    ("join_heads", 0): {"length", "no rows", "width"},
    ("linear", 0): ANY_ROWS,
    ("linear", 2): {"empty", "no rows"},
    ("layer_norm", 0): ANY_ROWS,
    ("add_bias", 2): {"empty", "no rows"},
    ("head_dots", 0): {"length", "no rows"},
    ("weigh", 1): {"width"},  # three heads of two columns instead of two of three
    ("attend", 1): {"empty", "width"},
    ("cross_entropy", 2): {"empty", "no rows"},
    ("mean_cross_entropy", 2): {"empty", "no rows"},
    ("adam", 5): {"rank"},
    ("adam", 6): {"rank"},
}


def changed(x: mx.array) -> dict[str, mx.array]:
    """x with one thing wrong."""
    grown = dict.fromkeys(("length", "width"))
    if x.ndim:
        grown["length"] = mx.concatenate([x, x[:1]])
        grown["width"] = mx.concatenate([x, x[..., :1]], axis=-1)
    other = mx.int32 if x.dtype != mx.int32 else mx.uint32
    out = {"rank": x[None], "type": x.astype(other), "half": x.astype(mx.float16), "empty": mx.zeros((0,), x.dtype)}
    out |= {"no rows": x[:0], "less rank": x[0]} if x.ndim else {}
    return out | {name: value for name, value in grown.items() if value is not None}


# Sizes that nothing else says: what is wrong are values, which are looked at when they are computed with (below).
VALUES = {
    **{
        (name, len(CALLS[name][0]) - 1): {"length", "width", "no rows", "empty"}  # of the ends
        for name in ("sum", "reverse", "softmax", "others", "weigh")
    },
    **{(name, n): {"no rows"} for name, n in (("pool", 4), ("softmax_molecule", 3))},  # places without atoms
    ("attend_pairs", 7): {"no rows", "width"},
}
CASES = [
    (name, n, change)
    for name, (inputs, _) in CALLS.items()
    for n, x in enumerate(inputs)
    for change in changed(x)
    if change not in FREE.get((name, n), ()) and change not in VALUES.get((name, n), ())
]


def run(name: str, inputs: list[mx.array], numbers: list[float]) -> list[mx.array]:
    outputs = kernels.call_all(name, inputs, numbers)
    mx.eval(outputs)
    return outputs


def test_no_kernel_is_left_out():
    assert sorted(set(kernels.names()) - {"read_beyond"}) == sorted(CALLS)


@pytest.mark.parametrize("name", CALLS)
def test_what_fits_is_computed(name):
    """The result; what serves the gradient alone may have room that nobody writes to or reads."""
    assert np.isfinite(np.array(run(name, *CALLS[name])[0])).all()


@pytest.mark.parametrize(("name", "n", "change"), CASES)
def test_what_does_not_fit(name, n, change):
    inputs, numbers = CALLS[name]
    wrong = [changed(x)[change] if i == n else x for i, x in enumerate(inputs)]
    with pytest.raises(ValueError, match=f"kernel {name}"):
        run(name, wrong, numbers)


@pytest.mark.parametrize(("name", "n"), FREE)
def test_what_fits_although_it_is_changed(name, n):
    inputs, numbers = CALLS[name]
    for change in FREE[name, n]:
        run(name, [changed(x)[change] if i == n else x for i, x in enumerate(inputs)], numbers)


@pytest.mark.parametrize(("name", "n", "change"), CASES)
def test_under_vmap(name, n, change):
    inputs, numbers = CALLS[name]
    wrong = [mx.stack([changed(x)[change] if i == n else x] * 2) for i, x in enumerate(inputs)]
    with pytest.raises(ValueError, match=f"kernel {name}"):
        mx.eval(mx.vmap(lambda *each: kernels.call_all(name, each, numbers))(*wrong))


def test_replicas_of_different_numbers():
    """MLX itself refuses them; a kernel would read beyond the smaller one."""
    with pytest.raises(ValueError):
        mx.eval(mx.vmap(lambda x, w: kernels.call("linear", [x, w, kernels.NONE]))(rows(3, 4, 5), rows(2, 6, 5)))
    with pytest.raises(ValueError):
        mx.eval(mx.vmap(lambda x: kernels.call("elu", [x]))(rows(0, 4)))


@pytest.mark.parametrize("name", [name for name in CALLS if name not in ("adam",)])
def test_a_cotangent_of_another_shape(name):
    inputs, numbers = CALLS[name]

    def of_first(x):
        return kernels.call(name, [x, *inputs[1:]], numbers)

    shape = of_first(inputs[0]).shape
    longer = [(*shape[:-1], shape[-1] + 1), (shape[0] + 1, *shape[1:])] if shape else []
    for wrong in [(*shape, 2), *longer]:
        with pytest.raises(ValueError):
            mx.eval(mx.vjp(of_first, [inputs[0]], [mx.ones(wrong)])[1])


@pytest.mark.parametrize("name", CALLS)
def test_numbers(name):
    """One too few, and where sizes are meant a negative, a broken, a huge one and none."""
    inputs, numbers = CALLS[name]
    wrong = [numbers[:-1]] if numbers else [[1.0]]
    for n in range(len(numbers)):
        whole = (name, n) not in REAL_NUMBERS
        wrong += [[*numbers[:n], value, *numbers[n + 1 :]] for value in (-1, 0.5, 2.0**40, float("nan")) if whole]
    for each in wrong:
        with pytest.raises(ValueError, match=f"kernel {name}"):
            run(name, inputs, each)


REAL_NUMBERS = {
    (name, n) for name, (_, numbers) in CALLS.items() for n in range(len(numbers)) if isinstance(numbers[n], float)
}


@pytest.mark.parametrize(
    ("name", "n", "value", "bound"),
    [
        *((name, len(CALLS[name][0]) - 3, -1, A) for name in ("source", "combine", "attend", "smooth", "others")),
        *((name, len(CALLS[name][0]) - 2, M, M) for name in ("source", "reverse", "combine", "attend", "others")),
        *(
            (name, len(CALLS[name][0]) - 3, B * BATCH.shape.longest, B * BATCH.shape.longest)
            for name in ("pool", "spread")
        ),
        ("softmax_molecule", 1, -5, B * BATCH.shape.longest),
        ("attend_pairs", 9, 2**31 - 1, A),
        ("cross_entropy", 3, 6, 6),
        ("mean_cross_entropy", 3, -1, 6),
    ],
)
def test_an_index_beyond_its_array(name, n, value, bound):
    inputs, numbers = CALLS[name]
    wrong = mx.array(np.array([*np.array(inputs[n])[:-1], value], np.int32))
    with pytest.raises(RuntimeError, match=f"kernel {name}: .* has the index {value}, expected 0 <= index < {bound}"):
        run(name, [wrong if i == n else x for i, x in enumerate(inputs)], numbers)


def test_a_mask_and_a_bond_that_are_none():
    inputs, numbers = CALLS["pool"]
    with pytest.raises(RuntimeError, match="kernel pool: real has values beside 0 and 1"):
        run("pool", [*inputs[:3], REAL * 2, SLOTS], numbers)
    inputs, numbers = CALLS["attend_pairs"]
    elsewhere = mx.array(np.roll(np.array(SOURCE), M // 2))
    with pytest.raises(RuntimeError, match="kernel attend_pairs: a bond between atoms of two molecules"):
        run("attend_pairs", [*inputs[:9], elsewhere, REVERSE, ENDS], numbers)


@pytest.mark.parametrize(
    ("name", "flaw"),
    [
        *(("combine", flaw) for flaw in ("falling", "too short", "too long", "negative")),
        *((name, "falling") for name in ("sum", "softmax", "attend_pairs")),
    ],
)
def test_ends_that_are_none(name, flaw):
    """An atom's messages would lie outside the array, or two atoms would share them."""
    ends = np.array(ENDS)
    middle, least = A // 2, np.argmax(ends > 0)
    place, value = {
        "falling": (middle, ends[middle + 1] + 1),
        "too short": (A - 1, M - 1),
        "too long": (A - 1, M + 1),
        "negative": (least, -1),
    }[flaw]
    ends[place] = value
    inputs, numbers = CALLS[name]
    with pytest.raises(RuntimeError, match=f"kernel {name}: ends are not the ends of ranges up to {M}"):
        run(name, [*inputs[:-1], mx.array(ends)], numbers)


def test_many_errors_in_one_process():
    """MLX counts some operations as running until one after them has run, which none does after an error.

    What fails has 0 to 39 operations behind it, begun before or after the error is known: without mending the count
    this waits forever.
    """
    inputs, numbers = CALLS["cross_entropy"]
    wrong = [*inputs[:3], mx.array([0, 1, 6, 2])]
    for n in range(600):
        (loss, *_) = kernels.call_all("cross_entropy", wrong, numbers)
        for _ in range(n % 40):
            loss = loss + 1
        with pytest.raises(RuntimeError, match="has the index 6"):
            mx.eval(loss)
        for _ in range(n % 12):
            run("cross_entropy", inputs, numbers)


def test_what_a_plugin_may_do():
    """The fault that this file is for: a weight of another width gave numbers from outside the array."""
    from score_mlx import nn as ours

    for switched in (False, True):
        with kernels.switched_off() if switched else nullcontext(), pytest.raises(ValueError):
            mx.eval(ours.linear(rows(5, 7), rows(30, 6)))
