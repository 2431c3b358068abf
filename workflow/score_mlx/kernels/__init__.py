"""Compiled kernels for the CPU: what a layer does to its messages, gates or pairs as one operation of MLX.

MLX composes such a step from dozens of operations, each of which costs a dispatch, an array and a pass through memory.
Here one C++ loop does it, with its gradient; another does the products of linear layers. The C++ files beside this one
are compiled by `python -m score_mlx.kernels` (the Makefile does). Without them, on a GPU and on a Mac every layer
computes the same numbers from MLX's own operations; `SCORE_KERNELS=off` asks for that.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import mlx.core as mx

from score_mlx.kernels.build import MODULE, library

NONE = mx.zeros((0,))  # stands for an array that a kernel may be given and is not


def _load() -> ModuleType | None:
    path = library()
    if os.environ.get("SCORE_KERNELS") == "off" or not path.is_file():
        return None
    spec = importlib.util.spec_from_file_location(MODULE, path)
    if spec is None or spec.loader is None:
        return None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_library = _load()


def serve(x: mx.array) -> bool:
    """Whether kernels compute on an array like x: compiled, in single precision, on the CPU."""
    return _library is not None and x.dtype == mx.float32 and mx.default_device().type == mx.DeviceType.cpu


def call(name: str, inputs: Sequence[mx.array], numbers: Sequence[float] = ()) -> mx.array:
    """The kernel's result; inputs, numbers and shapes are in its signature.

    Raises:
        ValueError: no kernel has the name; types, shapes or numbers do not fit its signature. Values of index arrays
            are checked when the result is computed, which then raises likewise.
        RuntimeError: there are no kernels.
    """
    return call_all(name, inputs, numbers)[0]


def call_all(name: str, inputs: Sequence[mx.array], numbers: Sequence[float] = ()) -> list[mx.array]:
    """The same with all of a kernel's outputs."""
    if _library is None:
        raise RuntimeError(f"kernel {name}: none are compiled; ask `serve` first")
    return _library.call(name, inputs, numbers)


def adamw(arrays: Sequence[mx.array], numbers: Sequence[float]) -> list[mx.array]:
    """A parameter and its moments after one step of AdamW, in the memory of those before where nobody needs them.

    Args:
        arrays: parameter, gradient, mean, square, of one shape; rate and both bias corrections, scalars; float32.
        numbers: decays of both moments, epsilon, weight decay.

    Returns:
        Parameter, mean, square.

    Raises:
        ValueError: types, shapes or the numbers of arguments do not fit.
        RuntimeError: there are no kernels.
    """
    if _library is None:
        raise RuntimeError("kernel adamw: none are compiled; ask `serve` first")
    return _library.adamw(list(arrays), list(numbers))


def gather(arrays: Sequence[mx.array]) -> list[mx.array]:
    """Arrays equal to these, the kernels in the graph behind them gathered into few operations.

    Such an operation computes one replica after the other, so that what one kernel leaves in the cache the next one
    finds there. Call it on what is about to be evaluated: the result has no gradient.
    """
    return _library.gather(list(arrays)) if _library is not None else list(arrays)


def record(given: Sequence[mx.array], outputs: Sequence[mx.array]) -> Any | None:
    """A training step of one model, to be run on other batches without its graph.

    Args:
        given: the model's parameters, then a batch's arrays, all of them there already.
        outputs: the loss and each parameter's gradient.

    Returns:
        Its `reads` are places, among the batch's arrays, of those that it needs; `agrees(other)` says whether a
        recording on another batch is the same; `step(vectors, numbers, arrays)` gives losses and new vectors of all
        models, which hold parameter after parameter and within each model after model: parameters, mean and mean
        square of gradients. None where the step is more than kernels.
    """
    return None if _library is None else _library.record(list(given), list(outputs))


def molecules(integers: Sequence[Any], features: Sequence[Any], atom_stride: int, bond_stride: int) -> Any:
    """A data set whose `batch(molecules, names)` puts the arrays of batches together.

    Args:
        integers: NumPy arrays of int32: offsets of atoms and of bonds, degree of each atom; source, reverse and name
            of each bond, sorted by target and counted within its molecule.
        features: of atoms and of bonds, float32.
        atom_stride, bond_stride: between the names of the first atoms and bonds of two molecules.

    Raises:
        ValueError: lengths, offsets or degrees do not fit each other.
        RuntimeError: there are no kernels.
    """
    if _library is None:
        raise RuntimeError("batches in order: no kernels are compiled")
    return _library.Molecules(list(integers), list(features), atom_stride, bond_stride)


def keep_memory() -> None:
    """Lets this process keep freed memory for its next arrays, where the C library can; nothing without kernels."""
    if _library is not None:
        _library.keep_memory()


def use_threads(count: int) -> None:
    """Lets so many threads share the replicas of gathered operations; the bytes are the same for any number.

    Raises:
        ValueError: count < 1.
    """
    if _library is not None:
        _library.set_threads(count)


def names() -> list[str]:
    """All kernels."""
    return [] if _library is None else _library.names()


def compiled() -> bool:
    """Whether there are kernels for this machine, MLX and source."""
    return _library is not None


@contextmanager
def switched_off() -> Iterator[None]:
    """Layers compute by MLX's own operations, as where nothing is compiled."""
    global _library
    before, _library = _library, None
    try:
        yield
    finally:
        _library = before
