"""The by-degree layout with a compiled kernel behind each verb, for the CPU."""

from __future__ import annotations

import mlx.core as mx

from score_mlx import kernels
from score_mlx.models.graphs.batch import Shape
from score_mlx.models.graphs.by_degree import ByDegree
from score_mlx.models.graphs.topology import Topology
from score_mlx.nn import Noise


def layout(arrays: dict[str, mx.array], shape: Shape) -> Topology:
    """The fastest layout of a batch here: compiled where there are kernels."""
    return (Compiled if kernels.serve(arrays["atoms"]) else ByDegree)(arrays, shape)


class Compiled(ByDegree):
    """The same arrays as `ByDegree`, one operation a verb; held equal to the other layouts by tests."""

    def __init__(self, arrays: dict[str, mx.array], shape: Shape):
        super().__init__(arrays, shape)
        self._along = [self._source, self._reverse, arrays["ends"]]
        self._atoms = [arrays["place"], arrays["real"], arrays["slots"]]

    def _along_bonds(self, name: str, *inputs: mx.array | None, numbers: tuple = ()) -> mx.array:
        given = [kernels.NONE if x is None else x for x in inputs]
        return kernels.call(name, [*given, *self._along], numbers)

    def source(self, h: mx.array) -> mx.array:
        return self._along_bonds("source", h)

    def target(self, h: mx.array) -> mx.array:
        return self._along_bonds("target", h)

    def sum(self, messages: mx.array) -> mx.array:
        return self._along_bonds("sum", messages)

    def softmax(self, logits: mx.array) -> mx.array:
        return self._along_bonds("softmax", logits)

    def reverse(self, messages: mx.array) -> mx.array:
        return self._along_bonds("reverse", messages)

    def combine(self, *, source=None, target=None, bond=None, slope: float = 1.0) -> mx.array:
        return self._along_bonds("combine", source, target, bond, numbers=(slope,))

    def weigh(self, messages: mx.array, weights: mx.array) -> mx.array:
        return self._along_bonds("weigh", messages, weights)

    def attend(self, h: mx.array, weights: mx.array | None = None) -> mx.array:
        return self._along_bonds("attend", h, weights)

    def smooth(self, h: mx.array) -> mx.array:
        return self._along_bonds("smooth", h)

    def others(self, messages: mx.array) -> mx.array:
        return self._along_bonds("others", messages)

    def attend_pairs(self, q, k, v, bias: mx.array, value: mx.array, noise: Noise) -> mx.array:
        key, dropout = noise.draw()
        numbers = (bias.shape[1], *dropout)
        return self._along_bonds("attend_pairs", q, k, v, bias, value, *self._atoms, key, numbers=numbers)

    def pool(self, h: mx.array, weights: mx.array | None = None) -> mx.array:
        given = kernels.NONE if weights is None else weights
        return kernels.call("pool", [h, given, *self._atoms])

    def spread(self, g: mx.array) -> mx.array:
        return kernels.call("spread", [g, *self._atoms])

    def softmax_molecule(self, logits: mx.array) -> mx.array:
        return kernels.call("softmax_molecule", [logits, *self._atoms])
