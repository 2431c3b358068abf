"""Windows of a tokenised text: drawn at random to train and evaluate, or one after the other for bits a byte."""

from __future__ import annotations

from collections.abc import Iterator

import mlx.core as mx
import numpy as np

from score_mlx.system.errors import UserError

# Streams of random numbers, each derived from (seed, repeat, stream, place): a resumed run draws what it would have.
INITIALISE, TRAIN, DROPOUT, EVALUATE_TRAIN, EVALUATE_VALIDATION = range(5)

Batch = tuple[mx.array, mx.array]  # tokens (B, T) and the tokens that follow each, (B, T)


class Windows:
    """Windows of one part of a text.

    Args:
        tokens: (n,) of that part.
        context: T.
        root: from which all random numbers are derived.
        name: of the part, for messages.

    Raises:
        UserError: the part is shorter than a window.
    """

    def __init__(self, tokens: np.ndarray, context: int, root: list[int], name: str):
        if len(tokens) <= context:
            raise UserError(f"{name} has {len(tokens)} tokens, expected more than context = {context}")
        self.tokens, self.context, self.root = tokens, context, root

    def drawn(self, size: int, stream: int, place: int) -> Batch:
        """`size` windows at random, always the same for one stream and place."""
        rng = np.random.default_rng([*self.root, stream, place])
        starts = rng.integers(0, len(self.tokens) - self.context, size)
        return self._at(starts)

    def in_turn(self, size: int, tokens: int) -> Iterator[Batch]:
        """The text from its start in windows that do not overlap, at most so many tokens and only whole windows."""
        starts = np.arange(0, min(len(self.tokens) - self.context, tokens - self.context + 1), self.context)
        for first in range(0, len(starts), size):
            yield self._at(starts[first : first + size])

    def _at(self, starts: np.ndarray) -> Batch:
        rows = self.tokens[starts[:, None] + np.arange(self.context + 1)]
        return mx.array(rows[:, :-1]), mx.array(rows[:, 1:])
