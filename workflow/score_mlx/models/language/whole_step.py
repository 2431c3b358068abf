"""A training step as one program: loss, gradients and optimisers, traced once.

On a GPU a step of a language model is one to three thousand small operations. Traced once, they need no Python any
more, and chains of element-wise ones become single kernels, forwards and backwards. MLX compiles each chain when it is
met first; on an H100 nine of them took 160 seconds and the step was not through. So this is for machines that keep what
was compiled, and only on request.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial

import mlx.core as mx
import mlx.nn as nn

from score_mlx.models.language.optimizers.groups import Groups

VARIABLE = "SCORE_WHOLE_STEP"


def wanted() -> bool:
    """Whether the environment asks for it."""
    return os.environ.get(VARIABLE) == "on"


def compiled(
    model: nn.Module, groups: Groups, gradient: Callable[..., tuple[mx.array, dict]]
) -> Callable[..., mx.array]:
    """What takes a step and returns its loss; model and optimisers are those of now, their arrays change in place.

    Args:
        gradient: loss and gradients of the model, from arrays of the same shapes at every step.
    """
    state = [model.state, [group.optimizer.state for group in groups.groups]]

    @partial(mx.compile, inputs=state, outputs=state)
    def take(*arrays: mx.array) -> mx.array:
        loss, gradients = gradient(*arrays)
        groups.update(gradients)
        return loss

    return take
