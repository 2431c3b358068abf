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

# The list of eight that the same paper prints (Algorithm 1), for singular values from 1e-3 on; all but the last divided
# by a safety of 1.01. Three steps of it are not the first three of the list of five above.
SAFETY = 1.01
_EIGHT: Coefficients = [
    (8.28721201814563, -23.595886519098837, 17.300387312530933),
    (4.107059111542203, -2.9478499167379106, 0.5448431082926601),
    (3.9486908534822946, -2.908902115962949, 0.5518191394370137),
    (3.3184196573706015, -2.488488024314874, 0.51004894012372),
    (2.300652019954817, -1.6689039845747493, 0.4188073119525673),
    (1.891301407787398, -1.2679958271945868, 0.37680408948524835),
    (1.8750014808534479, -1.2500016453999487, 0.3750001645474248),
    (1.875, -1.25, 0.375),
]
POLAR_EXPRESS_8: Coefficients = [(a / SAFETY, b / SAFETY**3, c / SAFETY**5) for a, b, c in _EIGHT[:-1]] + [_EIGHT[-1]]


def newton_schulz(x: mx.array, steps: int = 5) -> mx.array:
    """(m, n) -> (m, n), as MLX's Muon does it."""
    return _iterate(x / (_norm(x) + 1e-7), NEWTON_SCHULZ[:steps])


def polar_express(x: mx.array, steps: int = 5) -> mx.array:
    """(m, n) -> (m, n); divided by 2 % more than the norm, so that rounding cannot push a singular value above 1."""
    return _iterate(x / (1.02 * _norm(x) + 1e-6), POLAR_EXPRESS[:steps])


def polar_express_8(x: mx.array, steps: int = 8) -> mx.array:
    """(m, n) -> (m, n), by the list of eight; divided by 1 % more than the norm."""
    return _iterate(x / (SAFETY * _norm(x) + 1e-7), POLAR_EXPRESS_8[:steps])


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


ORTHOGONAL = {"newton_schulz": newton_schulz, "polar_express": polar_express, "polar_express_8": polar_express_8}
