"""What makes an architecture of graph networks: one `Recipe` a file, from which `model.py` assembles every network.

Where the paper's text and code disagree, a field says which of them it follows; [code] marks what only the code has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

import mlx.core as mx
import mlx.nn as nn

from score_mlx.depth import INTEGRATORS, LearnedSteps, Plain, Relax, Residual
from score_mlx.models.graphs.spec import ARCHS, GraphSpec
from score_mlx.nn import LayerNorm, relu
from score_mlx.runs import plugins
from score_mlx.system.errors import UserError

Activation = Callable[[mx.array], mx.array]
MakeBlock = Callable[[int, int, int], nn.Module]


@dataclass(frozen=True)
class Recipe:
    """An architecture.

    Attributes:
        block: (hidden, bond features, heads) -> a module F(h, graph, dropout) of atom states (A, hidden).
        activation: in native stacks after each update [code] or inside the block (text), in SCORE always inside; None
            where the block ends in its own non-linearity.
        score_block: what SCORE iterates instead of the activated block [code].
        final: after the last step of SCORE [code].
        additive: whether the base stack adds a block's output to the state [code].
        step_dropout: whether dropout follows each step: of the native stack, and of SCORE by the text.
        final_dropout: whether dropout follows the native stack.
        encoder: (spec, atom features, bond features) -> the native model from features to atom states, where it is
            another one than a linear input and a stack of blocks.
        descriptor_norm: whether the native model normalises the descriptors [code].
        pairs: whether atoms attend to all atoms of their molecule, bonded or not.
    """

    block: MakeBlock
    activation: Activation | None = None
    score_block: MakeBlock | None = None
    final: Activation = relu
    additive: bool = False
    step_dropout: bool = False
    final_dropout: bool = False
    encoder: Callable[[GraphSpec, int, int], nn.Module] | None = None
    descriptor_norm: bool = False
    pairs: bool = False


def recipe(arch: str) -> Recipe:
    """The recipe of an architecture, `RECIPE` of its file here or of a plugin's.

    Raises:
        UserError: a plugin's is no `Recipe`.
    """
    if arch in ARCHS:
        return import_module(f"{__package__}.{arch}").RECIPE
    found = plugins.load("arch", arch)
    if not isinstance(found, Recipe):
        raise UserError(f"{plugins.file('arch', arch)}: RECIPE is a {type(found).__name__}, expected a Recipe")
    return found


def integrator(name: str) -> Callable:
    """A scheme for dh/dt = f(h), of `depth.py` or `step` of a plugin's file.

    Raises:
        UserError: a plugin's is no function.
    """
    if name in INTEGRATORS:
        return INTEGRATORS[name]
    found = plugins.load("integrator", name)
    if not callable(found):
        raise UserError(f"{plugins.file('integrator', name)}: step is a {type(found).__name__}, expected a function")
    return found


def update(spec: GraphSpec) -> nn.Module:
    """base, shared: h <- y; classic: h <- LN(h + y), one norm shared over depth; others: h <- h + dt (y - h)."""
    if spec.config == "classic":
        return Residual(LayerNorm(spec.hidden))
    if spec.config in ("base", "shared"):
        return Plain()
    dt = LearnedSteps(spec.steps) if spec.learn_dt else spec.dt
    return Relax(dt, integrator(spec.integrator))
