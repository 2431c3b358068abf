"""The plain layout of a batch: indices and scatters, known to be right; tests hold `ByDegree` equal to it."""

from __future__ import annotations

import mlx.core as mx

from score_mlx.models.graphs.topology import Topology, takes


class EdgeList(Topology):
    """The same verbs by index and scatter, as mlx-graphs does it."""

    @takes("atoms hidden")
    def source(self, h: mx.array) -> mx.array:
        return h[self._source]

    @takes("atoms hidden")
    def target(self, h: mx.array) -> mx.array:
        return h[self._target]

    @takes("messages hidden")
    def sum(self, messages: mx.array) -> mx.array:
        from mlx_graphs.utils import scatter

        return scatter(messages, self._target, out_size=self.shape.atoms, aggr="add")

    @takes("messages heads")
    def softmax(self, logits: mx.array) -> mx.array:
        # mlx-graphs' own softmax starts its maximum at 0 and returns zeros when all logits of an atom are below -88
        lowest = mx.full((self.shape.atoms, logits.shape[-1]), -mx.inf)
        highest = mx.stop_gradient(lowest.at[self._target].maximum(logits))
        weights = mx.exp(logits - highest[self._target])
        return weights / self.sum(weights)[self._target]

    @takes("messages hidden")
    def reverse(self, messages: mx.array) -> mx.array:
        return messages[self._reverse]

    @property
    def degree(self) -> mx.array:
        return self.sum(mx.ones((len(self._target), 1)))
