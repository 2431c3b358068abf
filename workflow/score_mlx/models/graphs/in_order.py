"""Batches without padding, molecule after molecule, for recorded steps: put together by compiled code."""

# pyright: reportUnknownMemberType=false
# The compiled library has no stubs.
from __future__ import annotations

from collections.abc import Collection, Sequence

import mlx.core as mx
import numpy as np

from score_mlx import kernels
from score_mlx.data.chem.molecules import MoleculeGraphs
from score_mlx.system.identities import ATOM_STRIDE, BOND_STRIDE

NAMES = (
    "atoms", "bonds", "real", "atom_id", "slots", "occupied", "place", "source", "target", "reverse", "ends", "degree",
    "bonded", "bond_id", "molecule_id",
)  # fmt: skip


class InOrder:
    """All molecules of a data set, their directed bonds sorted by target once for all batches.

    Args:
        graphs: the data set, whose arrays are kept and not copied, but for those of bonds.

    Raises:
        RuntimeError: there are no compiled kernels.
    """

    def __init__(self, graphs: MoleculeGraphs):
        order = np.argsort(graphs.target, kind="stable")  # molecules stay where they are
        new = np.empty_like(order)
        new[order] = np.arange(len(order))
        count = np.diff(graphs.bond_offset)
        first_atom, first_bond = (np.repeat(offset[:-1], count) for offset in (graphs.atom_offset, graphs.bond_offset))
        degree = np.bincount(graphs.target, minlength=len(graphs.atoms))
        within = (graphs.source[order] - first_atom, new[graphs.reverse[order]] - first_bond, order - first_bond)
        integers = [
            np.ascontiguousarray(values, np.int32)
            for values in (graphs.atom_offset, graphs.bond_offset, degree, *within)
        ]
        features = [np.ascontiguousarray(values, np.float32) for values in (graphs.atoms, graphs.bonds[order])]
        self._molecules = kernels.molecules(integers, features, ATOM_STRIDE, BOND_STRIDE)

    def arrays(
        self, molecules: Sequence[int] | np.ndarray, names: Collection[str] | None = None
    ) -> dict[str, mx.array]:
        """A batch's arrays, which `Batch` describes, without padding.

        Atoms, bonds and molecules have the names for `Noise` that they have in a `Batch`; pairs of atoms have none.

        Args:
            molecules: indices into the data set.
            names: of the arrays to make, others are passed over; None for all.

        Raises:
            ValueError: there is no such molecule.
        """
        made = [name for name in NAMES if names is None or name in names]
        found = self._molecules.batch(np.asarray(molecules).tolist(), made)
        return dict(zip(made, found, strict=True))
