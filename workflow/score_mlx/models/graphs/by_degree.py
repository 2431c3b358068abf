"""The fast layout of a batch: no scatter, neither forwards nor in gradients."""

from __future__ import annotations

from functools import cached_property

import mlx.core as mx

from score_mlx.models.graphs.gathers import no_gradient
from score_mlx.models.graphs.topology import Topology, takes


class ByDegree(Topology):
    """Atoms sorted by degree, messages by target: every neighbourhood is a reshape, and no gradient needs a scatter."""

    @cached_property
    def _verbs(self) -> dict:
        """Made when first asked for: a layout that answers otherwise needs none."""
        return _verbs(self.shape.by_degree)

    @takes("atoms hidden")
    def source(self, h: mx.array) -> mx.array:
        return self._verbs["source"](h, self._source, self._target, self._reverse)

    @takes("atoms hidden")
    def target(self, h: mx.array) -> mx.array:
        return self._verbs["target"](h, self._target)

    @takes("messages hidden")
    def sum(self, messages: mx.array) -> mx.array:
        return self._verbs["sum"](messages, self._target)

    @takes("messages heads")
    def softmax(self, logits: mx.array) -> mx.array:
        return self._verbs["softmax"](logits, self._target)

    @takes("messages hidden")
    def reverse(self, messages: mx.array) -> mx.array:
        return self._verbs["reverse"](messages, self._reverse)


def _reduce(x: mx.array, by_degree: tuple[int, ...], how) -> mx.array:
    """Reduce the d messages into each atom of degree d: (M, H) -> (A, H), zeros for degree 0."""
    parts, start = [], 0
    ends = []
    for degree, atoms in enumerate(by_degree):
        start += degree * atoms
        ends.append(start)
    pieces = mx.split(x, ends[:-1], axis=0) if len(ends) > 1 else [x]
    for degree, (atoms, piece) in enumerate(zip(by_degree, pieces, strict=True)):
        if degree == 0 and atoms:
            parts.append(mx.zeros((atoms, x.shape[-1]), x.dtype))
        elif degree == 1 and atoms:
            parts.append(piece)
        elif atoms:
            parts.append(how(piece.reshape(atoms, degree, x.shape[-1]), axis=1))
    return mx.concatenate(parts, axis=0)


def _verbs(by_degree: tuple[int, ...]) -> dict:
    """The verbs of one shape, each with the gradient that needs no scatter.

    Transposes: sum <-> target; source is (reverse, then target), so its gradient is the sum of reversed cotangents.
    """

    def add(messages):
        return _reduce(messages, by_degree, mx.sum)

    @mx.custom_function
    def source(h, sources, targets, reverses):
        return h[sources]

    @source.vjp
    def _(primals, cotangent, _output):
        return (add(cotangent[primals[3]]), *no_gradient(*primals[1:]))

    @mx.custom_function
    def target(h, targets):
        return h[targets]

    @target.vjp
    def _(primals, cotangent, _output):
        return add(cotangent), mx.zeros_like(primals[1])

    @mx.custom_function
    def sum_(messages, targets):
        return add(messages)

    @sum_.vjp
    def _(primals, cotangent, _output):
        return cotangent[primals[1]], mx.zeros_like(primals[1])

    @mx.custom_function
    def softmax_(logits, targets):
        weights = mx.exp(logits - _reduce(logits, by_degree, mx.max)[targets])
        return weights / add(weights)[targets]

    @softmax_.vjp
    def _(primals, cotangent, p):
        weighted = p * cotangent
        return weighted - p * add(weighted)[primals[1]], mx.zeros_like(primals[1])

    @mx.custom_function
    def reverse(messages, reverses):
        return messages[reverses]

    @reverse.vjp
    def _(primals, cotangent, _output):
        return cotangent[primals[1]], mx.zeros_like(primals[1])

    return {"source": source, "target": target, "sum": sum_, "softmax": softmax_, "reverse": reverse}
