"""Which optimiser moves which parameter, for each kind of run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import mlx.core as mx
import mlx.nn as nn
from mlx.optimizers import MultiOptimizer, Muon
from mlx.utils import tree_flatten

from score_mlx.models.language.challenge_settings import SETTINGS, Settings
from score_mlx.models.language.optimizers.adam import FusedAdamW
from score_mlx.models.language.optimizers.normuon import NorMuon
from score_mlx.models.language.spec import ChallengeSpec, CharSpec, LanguageSpec, NanoGPTSpec

Decaying = FusedAdamW | Muon | NorMuon  # all have a learning rate and a weight decay


@dataclass(frozen=True)
class Group:
    """An optimiser and the parameters that it moves.

    Attributes:
        takes: says from a parameter's name and value whether it belongs here; the first group that takes it has it.
    """

    takes: Callable[[str, mx.array], bool]
    optimizer: Decaying


class Groups:
    """Several optimisers as one, whose rates are scaled together.

    Args:
        groups: the last one takes what no other did.
    """

    def __init__(self, model: nn.Module, groups: list[Group]):
        self.model, self.groups = model, groups
        optimizers = [group.optimizer for group in groups]
        filters = [group.takes for group in groups[:-1]]
        self.whole = MultiOptimizer(optimizers, filters) if filters else optimizers[0]
        self.whole.init(model.trainable_parameters())
        self.rates = [float(optimizer.learning_rate) for optimizer in optimizers]
        self.decays = [optimizer.weight_decay for optimizer in optimizers]

    def update(self, gradients: dict) -> None:
        """Move the model's parameters by gradients of the same tree, each by its own optimiser."""
        self.whole.update(self.model, gradients)

    def scale(self, rate: float, decay: float = 1.0) -> None:
        """Learning rates and weight decays times these factors of what they were at the start."""
        for group, first, first_decay in zip(self.groups, self.rates, self.decays, strict=True):
            group.optimizer.learning_rate = rate * first
            group.optimizer.weight_decay = decay * first_decay

    def arrays(self) -> dict[str, mx.array]:
        """The optimisers' state by name."""
        return dict(tree_flatten(self.whole.state))

    def restore(self, arrays: dict[str, mx.array]) -> None:
        """Take up what `arrays` gave.

        Raises:
            ValueError: another state.
        """
        from mlx.utils import tree_unflatten

        if arrays.keys() != self.arrays().keys():
            raise ValueError("the state is another optimiser's")
        self.whole.state = tree_unflatten(list(arrays.items()))


def build(spec: LanguageSpec, model: nn.Module) -> Groups:
    """The spec's optimisers over the model's parameters."""
    if isinstance(spec, ChallengeSpec):
        return Groups(model, _challenge(SETTINGS[spec.settings], spec.width))
    if isinstance(spec, CharSpec) and spec.optimizer in ("muon", "normuon"):
        adam = Group(_anything, FusedAdamW(spec.learning_rate, weight_decay=0.0))
        return Groups(model, [Group(_matrix_of_a_block, _muon(spec)), adam])
    if isinstance(spec, CharSpec):
        return Groups(model, [Group(_anything, FusedAdamW(spec.learning_rate, weight_decay=0.0))])
    if not isinstance(spec, NanoGPTSpec):
        raise TypeError(f"{type(spec).__name__} has no optimisers here")
    adamw = FusedAdamW(spec.learning_rate, weight_decay=spec.weight_decay, bias_correction=spec.bias_correction)
    return Groups(model, [Group(_anything, adamw)])


def _muon(spec: CharSpec) -> Muon:
    if spec.optimizer == "muon":
        return Muon(spec.matrix_rate, momentum=0.95, weight_decay=0.0, ns_steps=5)
    return NorMuon(spec.matrix_rate, momentum=0.95, method="polar_express", steps=5)


def _challenge(s: Settings, width: int) -> list[Group]:
    """Tables and head at rates tuned for width 768, scaled by the root of the width's ratio to it."""
    scale = (width / 768) ** -0.5

    def adam(rate: float, betas: tuple[float, float] = s.betas) -> FusedAdamW:
        return FusedAdamW(rate, betas=list(betas), eps=1e-10, weight_decay=0.0, bias_correction=True)

    matrices = NorMuon(
        s.matrix_rate,
        momentum=s.momentum,
        weight_decay=s.weight_decay,
        method=s.orthogonal,
        steps=s.polar_steps,
        rows=s.rows,
        beta2=s.row_beta,
    )
    return [
        Group(_matrix_of_a_block, matrices),
        Group(lambda name, _: "table" in name or name.startswith("pairs"), adam(s.embedding_rate * scale)),
        Group(lambda name, _: name.startswith("head"), adam(s.head_rate * scale)),
        Group(lambda name, _: name == "mix.residual", adam(s.residual_rate)),
        Group(_anything, adam(s.mix_rate, s.mix_betas)),
    ]


def _matrix_of_a_block(name: str, value: mx.array) -> bool:
    return "blocks" in name and value.ndim == 2 and "table" not in name


def _anything(name: str, value: mx.array) -> bool:
    return True
