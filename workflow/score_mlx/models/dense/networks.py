"""Heads and dense networks: from a vector to one number."""

import mlx.core as mx
import mlx.nn as nn

from score_mlx.depth import Depth, Relax
from score_mlx.nn import Linear, leaky_relu


class MLP(nn.Module):
    """inputs -> 128 -> 64 -> 32 -> 1 with leaky ReLU between; `widths` says other layers."""

    def __init__(self, inputs: int, widths: tuple[int, ...] = (128, 64, 32)):
        super().__init__()
        sizes = (inputs, *widths, 1)
        self.layers = [Linear(a, b) for a, b in zip(sizes[:-1], sizes[1:], strict=True)]

    def __call__(self, x: mx.array) -> mx.array:
        """(B, inputs) -> (B, 1)."""
        for layer in self.layers[:-1]:
            x = leaky_relu(layer(x))
        return self.layers[-1](x)  # (B, 1)


class DenseBlock(nn.Module):
    """leaky(W h + b) of one width."""

    def __init__(self, hidden: int):
        super().__init__()
        self.linear = Linear(hidden, hidden)

    def __call__(self, h: mx.array) -> mx.array:
        """(B, hidden) -> (B, hidden)."""
        return leaky_relu(self.linear(h))


class ScoreMLP(nn.Module):
    """Project to one width, relax one dense block `steps` times with dt = 1/steps (Euler), project to 1."""

    def __init__(self, inputs: int, hidden: int = 128, steps: int = 4):
        super().__init__()
        self.project = Linear(inputs, hidden)
        self.depth = Depth(lambda: DenseBlock(hidden), steps, recurrent=True, update=Relax(1 / steps))
        self.output = Linear(hidden, 1)

    def __call__(self, x: mx.array) -> mx.array:
        """(B, inputs) -> (B, 1)."""
        return self.output(self.depth(self.project(x)))  # (B, 1)


def narrow_mlp(inputs: int) -> MLP:
    """inputs -> 64 -> 32 -> 1: the head that the paper's code gives native models unless told otherwise."""
    return MLP(inputs, (64, 32))


HEADS = {"score_mlp": ScoreMLP, "mlp": MLP, "mlp_64_32": narrow_mlp}
