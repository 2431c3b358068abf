"""How far training is from what the processor could do: its matrix products at the rate of the BLAS alone."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from score_mlx.models.graphs.spec import GraphSpec

SIDE = 1024  # of the product that measures the rate: large enough for the BLAS to be at its best


def gflop_per_epoch(spec: GraphSpec, results: Path) -> float:
    """10^9 floating-point operations in the matrix products of a training epoch of one fold.

    Counted where a forward pass makes them, batch by batch; their gradients with respect to both factors are two more
    products of the same size.
    """
    from score_mlx.bench.engines import _data
    from score_mlx.models.graphs.task import GraphTask

    task = GraphTask(spec, _data(spec, results), [0])
    model = task.model()
    with _counted() as total:
        for arrays, keys, loss in task.batches(0):
            first = arrays[0] if isinstance(arrays, list) else {name: a[0] for name, a in arrays.items()}
            loss(model, first, keys[0])  # described, never computed
    return 3 * total[0] / 1e9


def gflop_per_second(seconds: float = 1.0) -> tuple[float, float]:
    """The rate of one thread of the BLAS under MLX on a large product: the best of as many as fit in `seconds`.

    Returns:
        By the clock, and by processor time.
    """
    import mlx.core as mx

    a, b = mx.random.normal((SIDE, SIDE)), mx.random.normal((SIDE, SIDE))
    mx.eval(a @ b)
    best, end = [float("inf")] * 2, time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter(), time.process_time()
        mx.eval(a @ b)
        took = time.perf_counter() - start[0], time.process_time() - start[1]
        best = [min(one, other) for one, other in zip(best, took, strict=True)]
    return 2 * SIDE**3 / best[0] / 1e9, 2 * SIDE**3 / best[1] / 1e9


@contextmanager
def _counted() -> Iterator[list[float]]:
    """Adds up 2 m n k of every matrix product made inside the block."""
    import mlx.core as mx

    from score_mlx import kernels

    total = [0.0]
    product, addmm, call = mx.array.__matmul__, mx.addmm, kernels.call

    def counting_product(a: mx.array, b: mx.array) -> mx.array:
        out = product(a, b)
        total[0] += 2 * out.size * a.shape[-1]
        return out

    def counting_addmm(c: mx.array, a: mx.array, b: mx.array, *rest, **named) -> mx.array:
        out = addmm(c, a, b, *rest, **named)
        total[0] += 2 * out.size * a.shape[-1]
        return out

    def counting_call(name: str, inputs: Sequence[mx.array], *rest) -> mx.array:
        out = call(name, inputs, *rest)
        if name == "linear":
            total[0] += 2 * out.size * inputs[0].shape[-1]
        return out

    mx.array.__matmul__ = counting_product  # pyright: ignore[reportAttributeAccessIssue]  # arguments have other names
    mx.addmm, kernels.call = counting_addmm, counting_call
    try:
        yield total
    finally:
        mx.array.__matmul__, mx.addmm, kernels.call = product, addmm, call
