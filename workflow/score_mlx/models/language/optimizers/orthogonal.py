"""The nearest orthogonal matrix, about: singular values all near 1, singular vectors kept."""

from __future__ import annotations

from collections.abc import Sequence

import mlx.core as mx

Coefficients = Sequence[tuple[float, float, float]]

# Jordan et al. 2024: the same quintic in every step, which leaves singular values between 0.7 and 1.2.
NEWTON_SCHULZ: Coefficients = [(3.4445, -4.7750, 2.0315)] * 5
# Amsel et al. 2025: the best quintic for each step, given what the one before it left.
POLAR_EXPRESS: Coefficients = [
    (8.156554524902461, -22.48329292557795, 15.878769915207462),
    (4.042929935166739, -2.808917465908714, 0.5000178451051316),
    (3.8916678022926607, -2.772484153217685, 0.5060648178503393),
    (3.285753657755655, -2.3681294933425376, 0.46449024233003106),
    (2.3465413258596377, -1.7097828382687081, 0.42323551169305323),
]


def newton_schulz(x: mx.array, steps: int = 5) -> mx.array:
    """(m, n) -> (m, n), as MLX's Muon does it."""
    return _iterate(x / (_norm(x) + 1e-7), NEWTON_SCHULZ[:steps])


def polar_express(x: mx.array, steps: int = 5) -> mx.array:
    """(m, n) -> (m, n); divided by 2 % more than the norm, so that rounding cannot push a singular value above 1."""
    return _iterate(x / (1.02 * _norm(x) + 1e-6), POLAR_EXPRESS[:steps])


def _norm(x: mx.array) -> mx.array:
    return mx.sqrt((x * x).sum())


def _iterate(x: mx.array, steps: Coefficients) -> mx.array:
    """x <- a x + b (x x^T) x + c (x x^T)^2 x, on the side on which x x^T is the smaller."""
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    for a, b, c in steps:
        gram = x @ x.T
        x = a * x + (b * gram + c * (gram @ gram)) @ x
    return x.T if tall else x


ORTHOGONAL = {"newton_schulz": newton_schulz, "polar_express": polar_express}
