"""A training step of compiled kernels, recorded once: no batch has its graph made, or is padded to another's size.

A step's graph is the same for every batch but for its sizes. Python makes it twice, for two batches; what a kernel
does to sizes is in its signature. Then each step is one operation that runs the kernels of one replica after the other
and moves its parameters.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# The compiled library has no stubs.
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mlx.core as mx

from score_mlx import kernels

Arrays = dict[str, mx.array]
Value = Callable[[Arrays, Arrays, mx.array], mx.array]  # (parameters, arrays, key) -> scalar

KEY = "key"


class Recorded:
    """A step of any number of replicas.

    Args:
        recording: of the compiled library.
        names: of the arrays that were given after the parameters, the last of them `KEY`.

    Attributes:
        names: of those that the step needs of a batch.
    """

    def __init__(self, recording: Any, names: list[str]):
        self._recording = recording
        self._reads: list[str] = [names[place] for place in recording.reads]
        self.names: list[str] = [name for name in self._reads if name != KEY]

    def step(self, vectors: list[mx.array], numbers: list[float], each: list[Arrays], keys: mx.array) -> list[mx.array]:
        """Losses (R,), parameters, mean and mean square after a step of Adam; not yet computed.

        Args:
            vectors: parameters, mean and mean square of all replicas.
            numbers: both decays, epsilon, the rate and the root's factor.
            each: a batch of each replica.
            keys: (R,) of dropout.

        Raises:
            ValueError: arrays of other types or sizes than a step takes.
        """
        drawn = mx.split(keys, len(each)) if KEY in self._reads else [keys] * len(each)
        arrays = [
            [key.reshape(()) if name == KEY else batch[name] for name in self._reads]
            for batch, key in zip(each, drawn, strict=True)
        ]
        return self._recording.step(vectors, numbers, arrays)


def recorded(parameters: Arrays, examples: list[tuple[Arrays, Value]]) -> Recorded | None:
    """The step of a model, or None where it is more than kernels or differs between batches in more than sizes.

    Args:
        parameters: of the model's shapes.
        examples: batches, and the loss of each; it is better if their sizes differ.
    """
    key = mx.array(0, mx.uint32)
    found: list[Any] = []
    for arrays, value in examples:
        given = [*parameters.values(), *arrays.values(), key]
        mx.eval(given)
        try:
            loss, gradients = mx.value_and_grad(value)(parameters, arrays, key)
        except KeyError:  # it asks for arrays that only padded batches have
            return None
        found.append(kernels.record(given, [loss, *(gradients[name] for name in parameters)]))
    first, *others = found
    if first is None or not all(other is not None and first.agrees(other) for other in others):
        return None
    return Recorded(first, [*examples[0][0], KEY])
