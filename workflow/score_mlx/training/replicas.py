"""Models side by side: folds (or seeds) of one architecture trained in one program.

Layers are plain `mlx.nn` modules written for one model. Here the parameters of R models are stacked, the loss and its
gradient lifted over them with `mx.vmap`, and Adam, being element-wise, works on all of them as one vector. Each
replica trains as it would alone, but one launch serves all.
"""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# MLX has no stubs of mlx.nn, and leaves arguments of some methods untyped.
from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate
from math import prod
from typing import Any

import mlx.core as mx
import mlx.nn as nn
from mlx.utils import tree_flatten  # pyright: ignore[reportUnknownVariableType]  # types of a callback are left out

from score_mlx import kernels
from score_mlx.nn import fused
from score_mlx.system.parsed import is_list
from score_mlx.training.recorded import Arrays, Recorded, recorded

Loss = Callable[[Any, Arrays, mx.array], mx.array]  # (model, arrays, key) -> scalar

VECTORS = ("flat", "mean", "square")  # the parts of a state that hold every replica's values
B1, B2, EPSILON = 0.9, 0.999, 1e-8  # Adam's decay of the mean and of the mean square


class Replicas:
    """R models of one architecture with their optimiser.

    Args:
        models: R models with parameters of the same names and shapes; the first also serves as the program.
        learning_rate, bias_correction: of Adam.
    """

    def __init__(self, models: list[nn.Module], learning_rate: float, bias_correction: bool = False):
        self.model, self.count = models[0], len(models)
        each = [dict(tree_flatten(model.trainable_parameters())) for model in models]
        self.names = list(each[0])
        self._homes = {name: _home(self.model, name) for name in self.names}
        self.shapes = [each[0][name].shape for name in self.names]
        sizes = [self.count * each[0][name].size for name in self.names]
        self._cuts = list(accumulate(sizes))[:-1]
        # One vector, parameter by parameter and within each replica by replica: every piece of it is contiguous.
        self.flat = mx.concatenate([mx.stack([p[name] for p in each]).reshape(-1) for name in self.names])
        self.adam = Adam(learning_rate, self.flat, bias_correction)
        self._recorded: Recorded | None = None

    @property
    def parameters(self) -> int:
        """Number of parameters of one model."""
        return self.flat.size // self.count

    def parameters_by_name(self) -> dict[str, mx.array]:
        """Every parameter, (R, ...); for a single replica without the leading axis."""
        lead = (self.count,) if self.count > 1 else ()
        pieces = zip(self.names, mx.split(self.flat, self._cuts), self.shapes, strict=True)
        return {name: piece.reshape(*lead, *shape) for name, piece, shape in pieces}

    def _put(self, parameters: dict[str, mx.array]) -> None:
        """Set the model's parameters; `Module.update` takes a third of a step's Python to do the same."""
        for name, (module, key) in self._homes.items():
            module[key] = parameters[name]

    def record(self, examples: list[tuple[Arrays, Loss]]) -> list[str] | None:
        """Record a step from batches of one replica, so that each replica's batch may have a size of its own.

        Returns:
            Names of the arrays that `step` then takes of each batch; None where a step cannot be recorded.
        """
        self._recorded = None
        if kernels.serve(self.flat):
            parameters = {name: mx.zeros(shape) for name, shape in zip(self.names, self.shapes, strict=True)}
            self._recorded = recorded(parameters, [(arrays, self._of_parameters(loss)) for arrays, loss in examples])
        return self._recorded.names if self._recorded else None

    def _of_parameters(self, loss: Loss) -> Callable[[Arrays, Arrays, mx.array], mx.array]:
        def value(parameters: Arrays, arrays: Arrays, key: mx.array) -> mx.array:
            self._put(parameters)
            return loss(self.model, arrays, key)

        return value

    def step(self, loss: Loss, arrays: Arrays | list[Arrays], keys: mx.array) -> mx.array:
        """One Adam step on `loss(model, arrays, key)`.

        Args:
            arrays, keys: with a leading axis R; where a step is recorded also each replica's arrays by themselves.

        Returns:
            (R,) losses before the step. Nothing is computed yet: evaluate `flat` and the losses.
        """
        if isinstance(arrays, list):
            return self._again(arrays, keys)
        value = self._of_parameters(loss)
        single = self.count == 1
        lifted = mx.value_and_grad(value) if single else mx.vmap(mx.value_and_grad(value))
        if single:
            arrays, keys = _alone(arrays), keys.squeeze(0)
        losses, gradients = lifted(self.parameters_by_name(), arrays, keys)
        self.flat = self.adam(self.flat, [gradients[name] for name in self.names])
        losses, self.flat, *moments = kernels.gather([losses, self.flat, self.adam.mean, self.adam.square])
        self.adam.mean, self.adam.square = moments
        return losses[None] if single else losses

    def _again(self, each: list[Arrays], keys: mx.array) -> mx.array:
        """The recorded step on a batch of each replica."""
        if self._recorded is None:
            raise ValueError("batches of sizes of their own, expected a recorded step")
        vectors = [self.flat, self.adam.mean, self.adam.square]
        losses, *vectors = self._recorded.step(vectors, self.adam.numbers(), each, keys)
        self.flat, self.adam.mean, self.adam.square = vectors
        return losses

    def apply(self, function: Callable[[Any, Arrays], mx.array], arrays: Arrays) -> mx.array:
        """`function(model, arrays)` of each replica, without gradients: (R, ...)."""

        def value(parameters: Arrays, arrays: Arrays) -> mx.array:
            self._put(parameters)
            return function(self.model, arrays)

        if self.count == 1:
            return kernels.gather([value(self.parameters_by_name(), _alone(arrays))])[0][None]
        return kernels.gather([mx.vmap(value)(self.parameters_by_name(), arrays)])[0]

    def weights(self, replica: int) -> dict[str, mx.array]:
        """One model's parameters by name."""
        everyone = self.parameters_by_name()
        return {name: value[replica] if self.count > 1 else value for name, value in everyone.items()}

    def state(self, first: int = 0, count: int | None = None) -> dict[str, mx.array]:
        """All that `count` replicas from `first` on need to go on, as if they trained alone: parameters, optimiser."""
        whole = {"flat": self.flat} | self.adam.state()
        if count in (None, self.count):
            return whole
        kept = slice(first, first + count)
        return {name: self._some(array, kept) if name in VECTORS else array for name, array in whole.items()}

    def restore(self, *states: dict[str, mx.array]) -> None:
        """Take up what `state` gave, of all replicas in their order.

        Raises:
            ValueError: the arrays are of other sizes, or the states of different numbers of steps.
        """
        if any(sum(state[name].size for state in states) != self.flat.size for name in VECTORS):
            found = sum(state["flat"].size for state in states)
            raise ValueError(f"state of {found} numbers, expected {self.flat.size}")
        if len({int(state["taken"]) for state in states if "taken" in state}) > 1:
            raise ValueError("states after different numbers of steps, expected the same")
        joined = dict(states[0])
        if len(states) > 1:
            joined |= {name: self._joined([state[name] for state in states]) for name in VECTORS}
        self.flat = joined["flat"]
        self.adam.restore(joined)

    def _some(self, vector: mx.array, kept: slice) -> mx.array:
        """A vector like `flat`, of some replicas only."""
        pieces = [piece.reshape(self.count, -1)[kept] for piece in mx.split(vector, self._cuts)]
        return mx.concatenate([piece.reshape(-1) for piece in pieces])

    def _joined(self, vectors: list[mx.array]) -> mx.array:
        """The vector of all replicas from those of some of them."""
        counts = [vector.size // self.parameters for vector in vectors]
        sizes = [prod(shape) for shape in self.shapes]
        cuts = [list(accumulate(count * size for size in sizes))[:-1] for count in counts]
        parts = [mx.split(vector, places) for vector, places in zip(vectors, cuts, strict=True)]
        return mx.concatenate([piece for pieces in zip(*parts, strict=True) for piece in pieces])


def _home(model: nn.Module, name: str) -> tuple[dict[str, Any], str]:
    """The module that holds a parameter, and what it calls it: `blocks.0.linear.weight` -> (linear, weight)."""
    *path, key = name.split(".")
    home: Any = model
    for part in path:
        home = home[int(part)] if is_list(home) else home[part]
    return home, key


def _alone(arrays: dict[str, mx.array]) -> dict[str, mx.array]:
    """The arrays of the only replica; a view, where an index would copy."""
    return {name: array.squeeze(0) for name, array in arrays.items()}


class Adam:
    """Adam (Kingma & Ba 2015), without bias correction as MLX's default and so the paper's; one kernel on one vector.

    Held equal to `mlx.optimizers.Adam` by a test.
    """

    def __init__(self, learning_rate: float, parameters: mx.array, bias_correction: bool = False):
        self.learning_rate, self.bias_correction = learning_rate, bias_correction
        self.mean, self.square = mx.zeros_like(parameters), mx.zeros_like(parameters)
        self.taken = 0  # steps

    def __call__(self, parameters: mx.array, gradients: list[mx.array]) -> mx.array:
        """The vector of parameters after a step; `gradients` are its pieces in its order, of any shapes."""
        *constant, rate, root = self.numbers()
        numbers = [mx.array(rate), mx.array(root)]
        if kernels.serve(parameters):
            inputs = [parameters, self.mean, self.square, *numbers, *gradients]
            parameters, self.mean, self.square = kernels.call_all("adam", inputs, constant)
            return parameters
        gradient = mx.concatenate([piece.reshape(-1) for piece in gradients])
        parameters, self.mean, self.square = _adam(parameters, gradient, self.mean, self.square, *numbers)
        return parameters

    def numbers(self) -> list[float]:
        """B1, B2, EPSILON, the rate and the root's factor of the step that is next; it counts as taken."""
        self.taken += 1
        scale = root = 1.0
        if self.bias_correction:
            scale, root = 1 / (1 - B1**self.taken), (1 - B2**self.taken) ** -0.5
        return [B1, B2, EPSILON, self.learning_rate * scale, root]

    def state(self) -> dict[str, mx.array]:
        """The optimiser's state, for a checkpoint."""
        moments = {"mean": self.mean, "square": self.square}
        return moments | ({"taken": mx.array(self.taken)} if self.bias_correction else {})

    def restore(self, state: dict[str, mx.array]) -> None:
        """Take up what `state` gave."""
        self.mean, self.square = state["mean"], state["square"]
        self.taken = int(state["taken"]) if self.bias_correction else 0


@fused
def _adam(
    parameters: mx.array, gradient: mx.array, mean: mx.array, square: mx.array, rate: mx.array, root: mx.array
) -> tuple[mx.array, mx.array, mx.array]:
    mean = B1 * mean + (1 - B1) * gradient
    square = B2 * square + (1 - B2) * (gradient * gradient)
    return parameters - rate * mean / (mx.sqrt(square) * root + EPSILON), mean, square
