"""Depth as a dynamical system: K applications of a block, stacked or recurrent (paper, equations 1-3).

A network's depth is two independent choices: which blocks (K separate ones or one shared one) and how a block's output
joins the state (the update). Graph networks, dense networks and Transformers all use the `Depth` of this file.
"""

# pyright: reportMissingTypeStubs=false
# MLX has no stubs of mlx.nn.
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mlx.core as mx
import mlx.nn as nn

from score_mlx.nn import towards

Field = Callable[[mx.array], mx.array]  # h -> dh/dt, same shape as h
Size = float | mx.array  # of a step: a number, or a scalar that is learned
Integrator = Callable[[Field, mx.array, Size], mx.array]  # (f, h, dt) -> h after one step, same shape
Update = Callable[[Field, mx.array, int], mx.array]  # (block, h, t) -> h after step t, same shape
Hook = Callable[..., mx.array]


def euler(f: Field, h: mx.array, dt: Size) -> mx.array:
    """One step of size dt of dh/dt = f(h), of order 1: one evaluation of f."""
    return h + dt * f(h)


def heun(f: Field, h: mx.array, dt: Size) -> mx.array:
    """One step of Heun's method, of order 2: two evaluations of f."""
    k1 = f(h)
    return h + dt / 2 * (k1 + f(h + dt * k1))


def midpoint(f: Field, h: mx.array, dt: Size) -> mx.array:
    """One step of the explicit midpoint method, of order 2: two evaluations of f."""
    return h + dt * f(h + dt / 2 * f(h))


def rk4(f: Field, h: mx.array, dt: Size) -> mx.array:
    """One step of the classical Runge-Kutta method, of order 4: four evaluations of f."""
    k1 = f(h)
    k2 = f(h + dt / 2 * k1)
    k3 = f(h + dt / 2 * k2)
    k4 = f(h + dt * k3)
    return h + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


INTEGRATORS: dict[str, Integrator] = {"euler": euler, "heun": heun, "midpoint": midpoint, "rk4": rk4}


class Plain(nn.Module):
    """h <- y: the block's output replaces the state (the paper's base models)."""

    def __call__(self, block: Field, h: mx.array, t: int) -> mx.array:
        """The state after step t, of h's shape."""
        return block(h)


class Residual(nn.Module):
    """h <- norm(h + y), the paper's "classic"; without a norm the plain additive skip.

    Args:
        norm: acts on the sum; one, shared over depth, as in the paper's code.
    """

    def __init__(self, norm: Field | None = None):
        super().__init__()
        self.norm = norm

    def __call__(self, block: Field, h: mx.array, t: int) -> mx.array:
        """The state after step t, of h's shape."""
        total = h + block(h)
        return total if self.norm is None else self.norm(total)


class Relax(nn.Module):
    """h <- h + dt (F(h) - h): a convex step from the state towards the block's output (equations 1 and 2).

    Args:
        dt: step size, 0 < dt <= 1, or the learned one of `LearnedSteps`.
        integrate: the scheme for dh/dt = F(h) - h (equation 3).
    """

    def __init__(self, dt: float | LearnedSteps, integrate: Integrator = euler):
        super().__init__()
        if isinstance(dt, int | float) and not 0 < dt <= 1:
            raise ValueError(f"dt = {dt}: expected 0 < dt <= 1, so that a step is a convex combination")
        self.dt, self.integrate = dt, integrate

    def __call__(self, block: Field, h: mx.array, t: int) -> mx.array:
        """The state after step t, of h's shape."""
        dt = self.dt(t) if isinstance(self.dt, LearnedSteps) else self.dt
        if self.integrate is euler:
            return towards(h, block(h), dt)  # the same step as one operation
        return self.integrate(lambda x: block(x) - x, h, dt)


def learned_dt(alpha: mx.array) -> mx.array:
    """Step sizes in (0.1, 0.5) from free parameters, same shape."""
    return 0.1 + 0.4 * mx.sigmoid(alpha)


class LearnedSteps(nn.Module):
    """dt_t = 0.1 + 0.4 sigmoid(alpha_t), one alpha a step: 0.3 at the start (paper's code; the text has no bounds)."""

    def __init__(self, steps: int):
        super().__init__()
        self.alpha = mx.zeros((steps,))

    def __call__(self, t: int) -> mx.array:
        """dt of step t, a scalar."""
        return learned_dt(self.alpha[t])


class Depth(nn.Module):
    """`steps` applications of a block. Recurrent: one block, shared. Stacked: one block a step.

    Args:
        make_block: builds a module `F(h, *context) -> h'` with h' of h's shape.
        steps: K >= 1.
        recurrent: share one block over all steps (SCORE) instead of stacking K.
        update: joins a block's output to the state: Plain, Residual or Relax.
        before: `before(h, t, *context)` acts on the state before step t; what a language model mixes in anew.
        after: `after(h, *context)` acts on the state after each update; the native models' activation and dropout.
        final: `final(h)` acts once at the end.
        first: number of the first step, where another depth comes before this one.
        numbered: whether a block gets the number of its step, after its context.
    """

    def __init__(
        self,
        make_block: Callable[[], Hook],
        steps: int,
        *,
        recurrent: bool,
        update: Update,
        before: Hook | None = None,
        after: Hook | None = None,
        final: Field | None = None,
        first: int = 0,
        numbered: bool = False,
    ):
        super().__init__()
        if steps < 1:
            raise ValueError(f"steps = {steps}: expected at least 1")
        self.steps, self.first, self.numbered = steps, first, numbered
        self.advance = update  # nn.Module.update is taken
        self.before, self.after, self.final = before, after, final
        self.blocks = [make_block() for _ in range(1 if recurrent else steps)]

    def __call__(self, h: mx.array, *context: Any) -> mx.array:
        """The state after all steps, of h's shape; `context` goes to each block unchanged."""
        for t in range(self.steps):
            block = self.blocks[t % len(self.blocks)]  # recurrent: always the only one
            h = h if self.before is None else self.before(h, self.first + t, *context)
            inputs = (*context, self.first + t) if self.numbered else context
            h = self.advance(lambda x, block=block, inputs=inputs: block(x, *inputs), h, t)
            h = h if self.after is None else self.after(h, *context)
        return h if self.final is None else self.final(h)
