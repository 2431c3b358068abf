"""Means over molecules that a network minimises; a molecule of weight 0 is padding."""

import mlx.core as mx

from score_mlx import kernels
from score_mlx.nn.shapes import fit


def mean_square(prediction: mx.array, label: mx.array, weight: mx.array) -> mx.array:
    """Weighted mean of (prediction - label)^2: (n,), (n,), (n,) -> (). There is a gradient for the prediction only."""
    if kernels.serve(prediction):
        return kernels.call("mean_square", [prediction, label, weight])
    _hold("mean_square", prediction, label, weight)
    error = prediction - label
    return _mean(weight * error * error, weight)


def mean_entropy(logit: mx.array, label: mx.array, weight: mx.array) -> mx.array:
    """Weighted mean of log(1 + e^z) - y z of logits z and classes y: (n,), (n,), (n,) -> (). No large z overflows."""
    if kernels.serve(logit):
        return kernels.call("mean_entropy", [logit, label, weight])
    _hold("mean_entropy", logit, label, weight)
    return _mean(weight * (mx.logaddexp(logit, 0) - logit * label), weight)


def _mean(weighted: mx.array, weight: mx.array) -> mx.array:
    return weighted.sum() / mx.maximum(weight.sum(), 1)


def _hold(name: str, prediction: mx.array, label: mx.array, weight: mx.array) -> None:
    """Raises ValueError unless label and weight have the prediction's shape."""
    fit(name, label, prediction.shape, "label")
    fit(name, weight, prediction.shape, "weight")
