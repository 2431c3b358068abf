"""What all GPTs here share: from a spec to a `Depth` of blocks, the loss, generated text."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import mlx.core as mx
import mlx.nn as nn
from mlx.utils import tree_flatten

from score_mlx.depth import Depth, Plain, Relax
from score_mlx.models.language.layers import cross_entropy, mean_cross_entropy
from score_mlx.models.language.spec import LanguageSpec
from score_mlx.nn import Noise

SILENT = Noise(None)  # no dropout


def depth_of(spec: LanguageSpec, make_block: Callable[[], nn.Module], **hooks) -> nn.Module:
    """The spec's depth; with several recurrent blocks (mSCORE) a depth of depths.

    Args:
        make_block: builds F(x, *context).
        hooks: `before` and `numbered` of `Depth`.
    """
    update = Plain() if spec.dt is None else Relax(spec.dt)
    if spec.blocks == 1:
        return Depth(make_block, spec.steps, recurrent=spec.recurrent, update=update, **hooks)
    firsts = iter(range(0, spec.blocks * spec.steps, spec.steps))

    def stage() -> Depth:
        return Depth(make_block, spec.steps, recurrent=True, update=update, first=next(firsts), **hooks)

    return Depth(stage, spec.blocks, recurrent=False, update=Plain())


class GPT(nn.Module):
    """The base of all: a subclass turns tokens into states, its `head` turns states into logits.

    Attributes:
        context: tokens that it sees.
        head: linear layer from width C to the vocabulary of V tokens.
    """

    cap = 0.0  # logits are cap tanh(z / cap), where not 0
    context: int
    head: nn.Module

    def states(self, tokens: mx.array, noise: Noise) -> mx.array:
        """What the head is given: (B, T) -> (B, T, C)."""
        raise NotImplementedError

    def logits(self, tokens: mx.array, noise: Noise) -> mx.array:
        """(B, T) -> (B, T, V), before the cap."""
        return self.head(self.states(tokens, noise))

    def losses(self, tokens: mx.array, targets: mx.array, noise: Noise = SILENT) -> mx.array:
        """Nats of each target: (B, T), (B, T) -> (B T,)."""
        return cross_entropy(*self._to_vocabulary(tokens, targets, noise))

    def loss(self, tokens: mx.array, targets: mx.array, noise: Noise = SILENT) -> mx.array:
        """Their mean, a scalar, with quick gradients."""
        return mean_cross_entropy(*self._to_vocabulary(tokens, targets, noise))

    def _to_vocabulary(self, tokens: mx.array, targets: mx.array, noise: Noise) -> tuple:
        """The arguments of `cross_entropy`."""
        h = self.states(tokens, noise).flatten(0, 1)
        return h, self.head["weight"].astype(h.dtype), self.head.get("bias"), targets.flatten(), self.cap

    def generate(self, count: int, seed: int, temperature: float = 1.0, start: int = 0) -> Iterator[int]:
        """Tokens drawn one after the other, each given all before it that fit the context.

        Args:
            start: the token that comes before the first.
        """
        seen = [start]
        for step in range(count):
            window = mx.array([seen[-self.context :]])
            logits = self.logits(window, SILENT)[0, -1].astype(mx.float32)
            logits = self.cap * mx.tanh(logits / self.cap) if self.cap else logits
            seen.append(int(mx.random.categorical(logits / temperature, key=mx.random.key(seed + step))))
            yield seen[-1]


def parameters(model: nn.Module) -> int:
    """Numbers that are trained."""
    return sum(array.size for array in by_name(model).values())


def by_name(model: nn.Module) -> dict[str, mx.array]:
    """What is trained: `blocks.0.attention.query.weight` -> its array."""
    return dict(tree_flatten(model.trainable_parameters()))
