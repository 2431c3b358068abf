"""Muon with a choice of orthogonalisation and of how rows are evened out: Muon, NorMuon, the paper's first NorMuon."""

from __future__ import annotations

import math

import mlx.core as mx
from mlx.optimizers import Muon

from score_mlx.models.language.optimizers.orthogonal import ORTHOGONAL


class NorMuon(Muon):
    """Momentum, orthogonalised, its rows evened out (Li et al. 2025).

    m <- beta m + (1 - beta) g, u = (1 - beta) g + beta m, o = orthogonal(u); v <- beta2 v + (1 - beta2) mean of o^2
    by row; o / sqrt(v), rescaled to o's Frobenius norm. As in MLX's Muon, which it extends, a matrix with more rows
    than columns moves sqrt(rows / columns) times as far.

    Args:
        learning_rate, momentum: as Muon's.
        weight_decay: decoupled, w <- w - rate decay w (Muon's own joins the gradient).
        method, steps: a key of `ORTHOGONAL`, and how many iterations.
        rows: `after` as above; `before`: rows of u are scaled to length 1, those near 1e-4 to less, and nothing
            follows (the paper's first version); `none`: Muon.
        beta2: of v.
    """

    def __init__(
        self,
        learning_rate: float,
        momentum: float = 0.95,
        weight_decay: float = 0.0,
        method: str = "polar_express",
        steps: int = 5,
        rows: str = "after",
        beta2: float = 0.95,
    ):
        super().__init__(learning_rate, momentum=momentum, weight_decay=weight_decay, ns_steps=steps)
        self.orthogonal, self.rows, self.beta2 = ORTHOGONAL[method], rows, beta2

    def init_single(self, parameter: mx.array, state: dict) -> None:
        """Zero momentum v for a matrix (n, m), and a zero second moment (n, 1) where rows are normalised after."""
        state["v"] = mx.zeros(parameter.shape)
        if self.rows == "after":
            state["rows"] = mx.zeros((parameter.shape[0], 1))

    def apply_single(self, gradient: mx.array, parameter: mx.array, state: dict) -> mx.array:
        """The matrix after one step, in its own precision; `state` gets the new moments."""
        gradient, rate = gradient.astype(mx.float32), self.learning_rate.astype(mx.float32)
        state["v"] = self.momentum * state["v"] + (1 - self.momentum) * gradient
        update = (1 - self.momentum) * gradient + self.momentum * state["v"]
        if self.rows == "before":
            update = update / mx.sqrt((update * update).sum(axis=1, keepdims=True) + 1e-8)
        update = self.orthogonal(update, self.ns_steps)
        if self.rows == "after":
            update = self._even(update, state)
        stretch = math.sqrt(max(1, parameter.shape[0] / parameter.shape[1]))
        moved = parameter.astype(mx.float32) * (1 - rate * self.weight_decay) - rate * stretch * update
        return moved.astype(parameter.dtype)

    def _even(self, update: mx.array, state: dict) -> mx.array:
        """Rows divided by the root of their running mean square; the Frobenius norm stays."""
        squares = (update * update).mean(axis=1, keepdims=True)
        state["rows"] = self.beta2 * state["rows"] + (1 - self.beta2) * squares
        evened = update / (mx.sqrt(state["rows"]) + 1e-8)
        return evened * mx.sqrt((update * update).sum() / ((evened * evened).sum() + 1e-12))
