"""Layers, activations and dropout of all networks here; a plugin takes them from this module."""

from score_mlx.nn.activations import elu, leaky, leaky_relu, relu
from score_mlx.nn.dropout import Noise
from score_mlx.nn.fast_math import fused, on_cpu, softmax
from score_mlx.nn.layers import GRUCell, LayerNorm, Linear, add_bias, glorot, head_dots, linear, scale, towards
from score_mlx.nn.lookup import Embedding

__all__ = [
    "Embedding",
    "GRUCell",
    "LayerNorm",
    "Linear",
    "Noise",
    "add_bias",
    "elu",
    "fused",
    "glorot",
    "head_dots",
    "leaky",
    "leaky_relu",
    "linear",
    "on_cpu",
    "relu",
    "scale",
    "softmax",
    "towards",
]
