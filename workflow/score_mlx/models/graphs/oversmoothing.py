"""How alike a molecule's atoms have become: the mean average distance of Chen et al. (2020)."""

import mlx.core as mx

from score_mlx.models.graphs.topology import Topology


def mean_average_distance(h: mx.array, bonds: Topology) -> tuple[mx.array, mx.array]:
    """Cosine distance of each atom's state from those of the other atoms of its molecule, on average.

    Args:
        h: (A, H) states.
        bonds: the batch; atoms that are alone in their molecule take no part.

    Returns:
        The sum over atoms and the number of atoms; their quotient, over all batches, is 0 where all states of a
        molecule point the same way and about 1 where they are unrelated.
    """
    x = bonds.padded(h)  # (B, n, H)
    x = x / mx.maximum(mx.linalg.norm(x, axis=-1, keepdims=True), 1e-12)
    atoms = bonds.occupied  # (B, n)
    both = atoms[:, :, None] * atoms[:, None, :] * (1 - mx.eye(atoms.shape[1]))  # (B, n, n), i other than j
    others = both.sum(axis=-1)  # (B, n)
    distance = ((1 - x @ x.swapaxes(-1, -2)) * both).sum(axis=-1) / mx.maximum(others, 1)
    return distance.sum(), (others > 0).sum()
