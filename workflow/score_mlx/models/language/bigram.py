"""Pairs of tokens, hashed into a table that joins the state before each step (modded-nanogpt's bigram embedding)."""

from __future__ import annotations

import mlx.core as mx
import mlx.nn as nn

from score_mlx.nn.lookup import lookup

ROWS_A_TOKEN = 5  # the table has 5 V rows


def bigram_rows(tokens: mx.array, vocabulary: int) -> mx.array:
    """Row of each (previous, present) pair: (B, T) -> (B, T); a first place has the last row to itself."""
    last = ROWS_A_TOKEN * vocabulary - 1
    tokens = tokens.astype(mx.int32)
    mixed = (36313 * tokens[:, 1:]) ^ (27191 * tokens[:, :-1])
    first = mx.full((tokens.shape[0], 1), last, mx.int32)
    return mx.concatenate([first, mixed % last], axis=1)


class Bigram(nn.Module):
    """The table, zero at the start."""

    def __init__(self, vocabulary: int, width: int):
        super().__init__()
        self.vocabulary = vocabulary
        self.weight = mx.zeros((ROWS_A_TOKEN * vocabulary, width))

    def __call__(self, tokens: mx.array) -> mx.array:
        """The row of each pair of tokens: (B, T) -> (B, T, C)."""
        return lookup(self.weight, bigram_rows(tokens, self.vocabulary))  # (B, T, C)


class MixIn(nn.Module):
    """x <- r x + a x0 + b bigram, the `before` of a depth; of each number there is one a step or one a block.

    Args:
        count: of numbers.
        x0, bigram: a and b at the start; without a b there are no pairs.
        residual: whether r is there, 1 at the start.
    """

    def __init__(self, count: int, x0: float, bigram: float | None, residual: bool = False):
        super().__init__()
        if residual:
            self.residual = mx.ones((count,))
        self.x0 = mx.full((count,), x0)
        if bigram is not None:
            self.bigram = mx.full((count,), bigram)

    def __call__(self, x: mx.array, at: int, x0: mx.array, pairs: mx.array | None) -> mx.array:
        """State, x0 and pairs (B, T, C), the `at`th numbers -> (B, T, C)."""
        x = self.residual[at].astype(x.dtype) * x if "residual" in self else x
        x = x + self.x0[at].astype(x.dtype) * x0
        if "bigram" not in self or pairs is None:  # whoever has these numbers is given pairs
            return x
        return x + self.bigram[at].astype(x.dtype) * pairs
