"""Runs as tasks for the training loop: so many iterations (Figures 3, 4, Tables 10, 11) or seconds (Table 12)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any

import mlx.core as mx
import mlx.nn as nn
import numpy as np
from mlx.utils import tree_map

from score_mlx.data.text.corpus import Corpus
from score_mlx.models.language import whole_step
from score_mlx.models.language.batches import (
    DROPOUT,
    EVALUATE_TRAIN,
    EVALUATE_VALIDATION,
    INITIALISE,
    TRAIN,
    Batch,
    Windows,
)
from score_mlx.models.language.challenge_settings import SETTINGS
from score_mlx.models.language.gpt import GPT
from score_mlx.models.language.models import build as build_model
from score_mlx.models.language.optimizers.groups import build as build_optimizers
from score_mlx.models.language.spec import ChallengeSpec, IteratedSpec, LanguageSpec
from score_mlx.models.language.training import History
from score_mlx.nn import Noise, on_cpu
from score_mlx.system import stopping

MARKS = 10  # evaluations of a timed run while it trains
# Tokens that pass through a model at once; a larger batch is added up from pieces. On a CPU the states of so few tokens
# stay in the cache.
PIECE, PIECE_ON_CPU = 2**15, 2**11


class _Common:
    """Model, optimisers and windows of a spec.

    Attributes:
        piece: tokens that pass through the model at once.
        whole: whether a step is one compiled program, where its batch is one piece.
    """

    whole = False

    def __init__(self, spec: LanguageSpec, corpus: Corpus):
        self.spec, self.corpus = spec, corpus
        self.root = [spec.seed, spec.repeat]
        seed = int(np.random.SeedSequence([*self.root, INITIALISE]).generate_state(1)[0])
        self.model: GPT = build_model(spec, len(corpus.vocabulary), seed)
        self.groups = build_optimizers(spec, self.model)
        train, validation = corpus.divided(spec.train_fraction)
        self.train = Windows(train, spec.context, self.root, "the training text")
        self.validation = Windows(validation, spec.context, self.root, "the validation text")
        self.piece = PIECE
        self._gradient = nn.value_and_grad(self.model, self._loss)
        self._compiled: Callable[..., mx.array] | None = None

    def _loss(self, tokens: mx.array, targets: mx.array, noise: Noise, share: float = 1.0) -> mx.array:
        loss = self.model.loss(tokens, targets, noise)
        return loss if share == 1 else share * loss

    def noise(self, step: int, first: int = 0) -> Noise:
        """Dropout of one step, for windows from `first` on."""
        key = np.random.SeedSequence([*self.root, DROPOUT, step]).generate_state(1)[0]
        rate = self.spec.dropout
        return Noise(mx.array(key) if rate else None, rate, first)

    def pieces(self, batch: Batch) -> Iterator[tuple[int, Batch]]:
        """Number of the first window, and so many windows as pass through the model at once."""
        tokens, targets = batch
        rows = max(1, self.piece // self.spec.context)
        return ((i, (tokens[i : i + rows], targets[i : i + rows])) for i in range(0, len(tokens), rows))

    def advance(self, step: int) -> mx.array:
        """Gradients of a step and the optimisers' move, not yet computed; its loss."""
        if not self.whole or self.spec.batch_size * self.spec.context > self.piece:
            loss, gradients = self.gradients(step)
            self.groups.update(gradients)
            return loss
        if self._compiled is None:  # not before weights and optimisers are those of a checkpoint
            self._compiled = whole_step.compiled(self.model, self.groups, self._gradient_of_arrays)
        noise = self.noise(step)
        keys = [] if noise.key is None else [noise.key]
        return self._compiled(*self.train.drawn(self.spec.batch_size, TRAIN, step), *keys)

    def _gradient_of_arrays(
        self, tokens: mx.array, targets: mx.array, *key: mx.array
    ) -> tuple[mx.array, dict[str, Any]]:
        return self._gradient(tokens, targets, Noise(key[0] if key else None, self.spec.dropout))

    def gradients(self, step: int) -> tuple[mx.array, dict[str, Any]]:
        """Of the mean loss over a batch."""
        batch = self.train.drawn(self.spec.batch_size, TRAIN, step)
        loss: mx.array | None = None
        gradients: dict[str, Any] = {}
        for first, piece in self.pieces(batch):
            if loss is not None:
                mx.eval(loss, gradients)
            part, more = self._gradient(*piece, self.noise(step, first), len(piece[0]) / len(batch[0]))
            loss = part if loss is None else loss + part
            gradients = tree_map(mx.add, gradients, more) if gradients else more
        if loss is None:
            raise ValueError("a batch without windows, expected at least one")
        return loss, gradients


class Iterations(_Common):
    """Trains for `spec.iterations` steps; evaluates on the same text each time."""

    spec: IteratedSpec
    measure = "val_loss"

    def __init__(self, spec: IteratedSpec, corpus: Corpus):
        super().__init__(spec, corpus)
        self.piece = PIECE_ON_CPU if on_cpu() else PIECE
        self.whole = whole_step.wanted() and not on_cpu()

    def progress(self, history: History) -> float:
        """The share of the iterations that are done."""
        return history.step / self.spec.iterations

    def due(self, history: History) -> bool:
        """Every `evaluate_every` steps from 0, and after the last; not twice after the same step."""
        at_end = history.step == self.spec.iterations
        fresh = not history.evaluations or history.evaluations[-1]["step"] < history.step
        return fresh and (at_end or history.step % self.spec.evaluate_every == 0)

    def prepare_step(self, history: History) -> None:
        """No schedule."""

    def evaluate(self, history: History) -> dict[str, Any]:
        """Mean losses of the training and the validation text, nats a token."""
        train = self._mean_loss(self._sample(self.train, EVALUATE_TRAIN))
        return {"train_loss": train, "val_loss": self.validation_loss()}

    def validation_loss(self) -> float:
        """Mean loss of the whole validation text, or of the batches that each evaluation draws, nats a token."""
        if self.spec.validation == "whole":
            return self._mean_loss(self.validation.in_turn(self.spec.batch_size, len(self.validation.tokens)))
        return self._mean_loss(self._sample(self.validation, EVALUATE_VALIDATION))

    def _sample(self, windows: Windows, stream: int) -> Iterator[Batch]:
        return (windows.drawn(self.spec.batch_size, stream, i) for i in range(self.spec.evaluation_batches))

    def _mean_loss(self, batches: Iterable[Batch]) -> float:
        """Nats a token of all batches together; the last one may be smaller."""
        total, count = 0.0, 0
        for _, piece in chain.from_iterable(map(self.pieces, batches)):
            stopping.point()
            rows = len(piece[0])
            total, count = total + rows * float(self.model.losses(*piece).mean()), count + rows
        return total / count


class Seconds(_Common):
    """Trains for `spec.seconds` of counted time; the learning rate follows the clock."""

    spec: ChallengeSpec
    measure = "part_bpb"

    def __init__(self, spec: ChallengeSpec, corpus: Corpus):
        super().__init__(spec, corpus)
        self.settings = SETTINGS[spec.settings]
        self.bytes_of = mx.array(corpus.bytes_of)

    def progress(self, history: History) -> float:
        """The share of the counted seconds that are spent."""
        return history.trained / self.spec.seconds

    def due(self, history: History) -> bool:
        """Before the first step, each time another tenth of the seconds is spent, and at the end."""
        if not history.evaluations:
            return True
        last = history.evaluations[-1]
        return last["step"] < history.step and self._mark(history.trained) > self._mark(last["seconds"])

    def _mark(self, seconds: float) -> int:
        return min(int(seconds / self.spec.seconds * MARKS), MARKS)

    def prepare_step(self, history: History) -> None:
        """Set learning rates and weight decays to what the schedule has at this share of the seconds."""
        progress = self.progress(history)
        self.groups.scale(self.settings.rate_at(progress), self.settings.decay_at(progress))

    def evaluate(self, history: History) -> dict[str, Any]:
        """Bits a byte of an eighth of the evaluated tokens, and after the last step of all of them."""
        part, _ = self.bits_per_byte(self.part)
        found = {"part_bpb": part}
        if self.progress(history) >= 1:
            found["val_bpb"], found["evaluated_tokens"] = self.bits_per_byte(self.evaluated)
        return found

    @property
    def evaluated(self) -> int:
        """Tokens of the validation text that the last evaluation reads."""
        return min(self.spec.evaluation_tokens, len(self.validation.tokens))

    @property
    def part(self) -> int:
        """Tokens of it that every evaluation reads."""
        return max(self.evaluated // 8, self.spec.context)

    def bits_per_byte(self, limit: int) -> tuple[float, int]:
        """Over at most `limit` tokens, special tokens (of no bytes) left out; and how many tokens that were."""
        nats, count, tokens = 0.0, 0, 0
        for batch in self.validation.in_turn(max(1, PIECE // 4 // self.spec.context), limit):
            stopping.point()
            part, part_bytes = self._nats_and_bytes(batch)
            nats, count, tokens = nats + float(part), count + int(part_bytes), tokens + batch[0].size
        return nats / (math.log(2) * count), tokens

    def _nats_and_bytes(self, batch: Batch) -> tuple[mx.array, mx.array]:
        size = self.bytes_of[batch[1].reshape(-1)]
        losses = self.model.losses(*batch)
        return (losses * (size > 0)).sum(), size.sum()


def build(spec: LanguageSpec, corpus: Corpus) -> Iterations | Seconds:
    """The task of a spec: `Seconds` for the challenge, `Iterations` for all others.

    Raises:
        TypeError: a spec of neither kind.
        UserError: the corpus is shorter than a window.
    """
    if isinstance(spec, ChallengeSpec):
        return Seconds(spec, corpus)
    if isinstance(spec, IteratedSpec):
        return Iterations(spec, corpus)
    raise TypeError(f"{type(spec).__name__} is trained neither by iterations nor by the clock")
