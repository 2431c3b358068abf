"""From molecules to arrays: a batch's atoms sorted by degree and padded where asked, its directed bonds by target.

Only layouts without compiled kernels ask for atoms by degree; in_order.py makes batches for recorded steps.

Everything is numpy on the host; the arrays go to MLX as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from score_mlx.data.chem.molecules import MoleculeGraphs
from score_mlx.system.identities import ATOM_STRIDE, BOND_STRIDE, MOST_ATOMS


@dataclass(frozen=True)
class Shape:
    """Sizes that a batch is padded to, so that batches of several replicas stack.

    Attributes:
        molecules: B.
        by_degree: number of atoms of degree 0, 1, 2, ...; their sum is A, the sum of degree * number is M.
        longest: n, atoms of the largest molecule.
    """

    molecules: int
    by_degree: tuple[int, ...]
    longest: int

    @property
    def atoms(self) -> int:
        """A, padding included."""
        return sum(self.by_degree)

    @property
    def messages(self) -> int:
        """M, the directed bonds, padding included."""
        return sum(degree * count for degree, count in enumerate(self.by_degree))

    def union(self, other: Shape) -> Shape:
        """The smallest shape that holds both."""
        size = max(len(self.by_degree), len(other.by_degree))
        mine, theirs = (s.by_degree + (0,) * (size - len(s.by_degree)) for s in (self, other))
        counts = tuple(max(a, b) for a, b in zip(mine, theirs, strict=True))
        return Shape(max(self.molecules, other.molecules), counts, max(self.longest, other.longest))


@dataclass(frozen=True)
class Batch:
    """Arrays of one batch, named for what they hold; A atoms, M directed bonds, B molecules, n atoms in the largest.

    arrays:
        atoms (A, F), bonds (M, E): features.
        source, target, reverse (M,): atom indices of a directed bond, index of its opposite.
        ends (A,): where each atom's messages end; they begin where those of the atom before it end.
        degree (A,), bonded (A,): an atom's number of messages, 1 where it has any.
        slots (B, n), occupied (B, n): atom at each place of the padded layout, 1 where there is one.
        place (A,), real (A,): an atom's place in the flattened padded layout, 1 unless it is padding.
        pair_bond (B, n, n): the message from atom j to atom i, or M where there is no such bond.
        bond_pair (M,): a message's place in `pair_bond`, flattened; 0 where it is padding.
        atom_id (A,), bond_id (M,), molecule_id (B,), pair_id (B, n, n): uint32 names for `Noise`, whatever the padding.
        weight (B,): 1, or 0 for a padded molecule. label (B,), descriptors (B, D): targets, molecule features.
    """

    shape: Shape
    arrays: dict[str, np.ndarray] = field(repr=False)


class Batcher:
    """Makes batches from a set of molecules.

    Args:
        graphs: all molecules of the data set.
        labels: (N,) targets.
        descriptors: (N, D) scaled molecule features, or None.
        pairs: whether layers ask for pairs of atoms; costs memory, only the GT needs it.
    """

    def __init__(self, graphs: MoleculeGraphs, labels, descriptors=None, *, pairs: bool = False):
        self.graphs, self.pairs = graphs, pairs
        self.labels = np.asarray(labels, np.float32)
        self.descriptors = np.zeros((len(self.labels), 0), np.float32) if descriptors is None else descriptors
        self.degree = np.bincount(graphs.target, minlength=len(graphs.atoms)).astype(np.int32)
        self.size = np.diff(graphs.atom_offset)
        self.messages = np.diff(graphs.bond_offset)
        # (N, degrees): how many atoms of each degree a molecule has
        molecule = np.repeat(np.arange(len(self.size)), self.size)
        self.by_degree = np.zeros((len(self.size), self.degree.max(initial=0) + 1), np.int64)
        np.add.at(self.by_degree, (molecule, self.degree), 1)

    def shape(self, molecules: np.ndarray) -> Shape:
        """The exact, unpadded shape of a batch of these molecules (indices into the data set)."""
        counts = np.trim_zeros(self.by_degree[molecules].sum(axis=0), "b")
        return Shape(len(molecules), tuple(counts.tolist()), int(self.size[molecules].max(initial=0)))

    def batch(self, molecules: np.ndarray, shape: Shape | None = None) -> Batch:
        """Assemble a batch, padded to `shape` where given.

        A padded atom of degree d is a molecule of its own, bonded d times to itself, so it never touches a real one.
        """
        if len(set(molecules.tolist())) < len(molecules):
            raise ValueError("a molecule occurs twice in one batch, so that its atoms would share their ids")
        shape = shape or self.shape(molecules)
        g, size = self.graphs, self.size[molecules]
        rows = _ranges(g.atom_offset[molecules], size)  # atoms in the data set's order
        owner = np.repeat(np.arange(len(molecules)), size)
        within = np.arange(len(rows)) - np.repeat(np.cumsum(size) - size, size)
        new, total = _places_by_degree(self.degree[rows], shape.by_degree)  # old atom -> sorted place

        arrays: dict[str, np.ndarray] = {}
        arrays["atoms"] = _spread(g.atoms[rows], new, total)
        real = _spread(np.ones(len(rows), np.float32), new, total)
        arrays["real"] = real
        atom_id = _spread((owner * ATOM_STRIDE + within).astype(np.uint32), new, total)
        arrays["atom_id"] = atom_id
        slots = np.zeros((shape.molecules, shape.longest), np.int32)
        occupied = np.zeros((shape.molecules, shape.longest), np.float32)
        slots[owner, within], occupied[owner, within] = new, 1
        arrays["slots"], arrays["occupied"] = slots, occupied
        arrays["place"] = _spread((owner * shape.longest + within).astype(np.int32), new, total)

        self._bonds(arrays, molecules, new, shape)
        if self.pairs:
            _pairs(arrays, shape)
        n = shape.molecules
        arrays["molecule_id"] = np.arange(n, dtype=np.uint32)
        arrays["weight"] = _spread(np.ones(len(molecules), np.float32), np.arange(len(molecules)), n)
        arrays["label"] = _spread(self.labels[molecules], np.arange(len(molecules)), n)
        arrays["descriptors"] = _spread(self.descriptors[molecules], np.arange(len(molecules)), n)
        return Batch(shape, arrays)

    def _bonds(self, arrays, molecules, new, shape: Shape) -> None:
        """Directed bonds sorted by their target's place; where an atom is padding its bonds are loops."""
        g, count = self.graphs, self.messages[molecules]
        old = _ranges(g.bond_offset[molecules], count)
        # from a place in the data set to one in this batch: what they differ by is the same for a whole molecule
        atoms = np.repeat(np.cumsum(self.size[molecules]) - self.size[molecules] - g.atom_offset[molecules], count)
        bonds = np.repeat(np.cumsum(count) - count - g.bond_offset[molecules], count)
        heads, tails = new[g.target[old] + atoms], new[g.source[old] + atoms]
        degree = np.repeat(np.arange(len(shape.by_degree)), shape.by_degree)
        first = np.cumsum(degree) - degree  # of each atom's bonds
        target = np.repeat(np.arange(len(degree)), degree).astype(np.int32)
        order = np.argsort(heads, kind="stable")
        # rank of each bond among those of its target, in the data set's order
        rank = np.arange(len(old)) - np.searchsorted(heads[order], heads[order], side="left")
        position = np.empty(len(old), np.int32)
        position[order] = first[heads[order]] + rank
        source = target.copy()
        source[position] = tails
        reverse = np.arange(len(target), dtype=np.int32)
        reverse[position] = position[g.reverse[old] + bonds]
        arrays["source"], arrays["target"], arrays["reverse"] = source, target, reverse
        arrays["ends"] = (first + degree).astype(np.int32)
        arrays["degree"], arrays["bonded"] = degree.astype(np.float32), (degree > 0).astype(np.float32)
        arrays["bonds"] = _spread(g.bonds[old], position, len(target))
        owner = np.repeat(np.arange(len(molecules)), count)
        within = np.arange(len(old)) - np.repeat(np.cumsum(count) - count, count)
        arrays["bond_id"] = _spread((owner * BOND_STRIDE + within).astype(np.uint32), position, len(target))


def _pairs(arrays, shape: Shape) -> None:
    """Which message goes between which pair of a molecule's atoms: row i receives from column j."""
    n, messages = shape.longest, len(arrays["target"])
    true = np.flatnonzero(arrays["real"][arrays["target"]])
    place = arrays["place"]
    pair = place[arrays["target"][true]] * n + place[arrays["source"][true]] % n
    pair_bond = np.full(shape.molecules * n * n, messages, np.int32)
    pair_bond[pair] = true
    arrays["pair_bond"] = pair_bond.reshape(shape.molecules, n, n)
    arrays["bond_pair"] = _spread(pair.astype(np.int32), true, messages)
    b, i, j = np.ogrid[: shape.molecules, :n, :n]
    arrays["pair_id"] = ((b * MOST_ATOMS + i) * MOST_ATOMS + j).astype(np.uint32)


def _ranges(start: np.ndarray, count: np.ndarray) -> np.ndarray:
    """[start_0, ..., start_0 + count_0 - 1, start_1, ...]."""
    end = np.cumsum(count)
    return np.repeat(start - (end - count), count) + np.arange(end[-1] if len(end) else 0)


def _places_by_degree(degree: np.ndarray, by_degree: tuple[int, ...]) -> tuple[np.ndarray, int]:
    """Place of each atom when sorted by degree (stable) into groups of the given, possibly larger, sizes."""
    counts = np.bincount(degree, minlength=len(by_degree))
    if len(counts) > len(by_degree) or np.any(counts > by_degree):
        raise ValueError(f"atoms by degree {counts.tolist()} do not fit into {by_degree}")
    start = np.cumsum(by_degree) - by_degree
    order = np.argsort(degree, kind="stable")
    place = np.empty(len(degree), np.int32)
    sorted_degree = degree[order]
    place[order] = start[sorted_degree] + np.arange(len(degree)) - (np.cumsum(counts) - counts)[sorted_degree]
    return place, int(np.sum(by_degree))


def _spread(values: np.ndarray, place: np.ndarray, total: int) -> np.ndarray:
    """Rows at their places in an array of `total` rows, zeros elsewhere."""
    out = np.zeros((total, *values.shape[1:]), values.dtype)
    out[place] = values
    return out
