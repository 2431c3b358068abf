"""What a layer may ask of a batch of molecules, in two layouts behind the same verbs.

A layer never sees an index. It asks for the features of each message's source or target, sums or normalises messages
at their target, flips them to the opposite bond, or lays atoms out by molecule. `ByDegree` answers without a scatter;
`EdgeList` answers with mlx-graphs' scatter, plain and known to be right. Tests hold the two equal.

Shapes: A atoms, M messages (directed bonds), B molecules, n atoms in the largest, H features.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property, wraps
from typing import Any

import mlx.core as mx

from score_mlx.models.graphs import gathers
from score_mlx.models.graphs.batch import Batch, Shape
from score_mlx.nn import Noise, leaky, softmax
from score_mlx.nn.shapes import fit


def takes(*positional: str, **named: str) -> Callable:
    """A verb's arrays, each as `rows columns`: rows are `atoms`, `messages` or `molecules`; columns of one name agree.

    MLX would read beyond an array of too few rows. Where a kernel computes the verb it checks the same itself.
    """

    def checked(verb: Callable) -> Callable:
        @wraps(verb)
        def call(self: Topology, *arrays: mx.array | None, **others: Any) -> mx.array:
            columns: dict[str, int] = {}
            for kind, array in zip(positional, arrays, strict=False):
                self._hold(verb.__name__, kind, array, columns)
            for name, kind in named.items():
                self._hold(verb.__name__, kind, others.get(name), columns)
            return verb(self, *arrays, **others)

        return call

    return checked


class Topology(ABC):
    """A batch's structure.

    Args:
        arrays: the arrays of `Batch`, on the device.
        shape: their static sizes.

    Attributes:
        atoms (A, F), bonds (M, E): input features.
        atom_id (A,), bond_id (M,), molecule_id (B,): names of rows for `Noise`.
    """

    def __init__(self, arrays: dict[str, mx.array], shape: Shape):
        self._arrays, self.shape = arrays, shape
        self._head_cache: dict[int, tuple[mx.array, mx.array]] = {}
        self.atoms, self.bonds = arrays["atoms"], arrays["bonds"]
        self.atom_id, self.bond_id, self.molecule_id = arrays["atom_id"], arrays["bond_id"], arrays["molecule_id"]
        self._source, self._target, self._reverse = arrays["source"], arrays["target"], arrays["reverse"]

    @classmethod
    def of(cls, batch: Batch) -> Topology:
        """The structure of a batch, its arrays put on MLX's device."""
        return cls({name: mx.array(value) for name, value in batch.arrays.items()}, batch.shape)

    def _hold(self, verb: str, kind: str, array: mx.array | None, columns: dict[str, int]) -> None:
        """Check one array of a verb.

        Raises:
            ValueError: an array has not as many rows as there are atoms, messages or molecules, or other columns.
        """
        if array is None:
            return
        rows, column = kind.split()
        count = {"atoms": self.shape.atoms, "messages": self.shape.messages, "molecules": self.shape.molecules}[rows]
        fit(verb, array, [count, columns.get(column)], f"an array of {rows}")
        if array.ndim != 2:
            raise ValueError(f"{verb}: an array of {rows} has {array.ndim} axes, expected 2")
        columns[column] = array.shape[1]

    # -- messages ------------------------------------------------------------------------------------------------
    @abstractmethod
    def source(self, h: mx.array) -> mx.array:
        """State of the atom that each message comes from: (A, H) -> (M, H)."""

    @abstractmethod
    def target(self, h: mx.array) -> mx.array:
        """State of the atom that each message goes to: (A, H) -> (M, H)."""

    @abstractmethod
    def sum(self, messages: mx.array) -> mx.array:
        """Sum of the messages into each atom: (M, H) -> (A, H); zeros for an atom without bonds."""

    @abstractmethod
    def softmax(self, logits: mx.array) -> mx.array:
        """Softmax over the messages into each atom: (M, heads) -> (M, heads)."""

    @takes(source="atoms hidden", target="atoms hidden", bond="messages hidden")
    def combine(self, *, source=None, target=None, bond=None, slope: float = 1.0) -> mx.array:
        """leaky(state of the source + state of the target + the bond's), slope 1 for none.

        Args:
            source, target: (A, H), or None where it takes no part.
            bond: (M, H), or None.
        """
        parts = [self.source(source)] if source is not None else []
        parts += [self.target(target)] if target is not None else []
        parts += [bond] if bond is not None else []
        return leaky(sum(parts[1:], parts[0]), slope)

    @takes("messages hidden", "messages heads")
    def weigh(self, messages: mx.array, weights: mx.array) -> mx.array:
        """Weighted sum of the messages into each atom: (M, H), (M, heads) -> (A, H); a weight for H / heads columns."""
        return self.sum(_by_column(messages, weights))

    @takes("atoms hidden", "messages heads")
    def attend(self, h: mx.array, weights: mx.array | None = None) -> mx.array:
        """Sum, weighted if asked, of the neighbours' states: (A, H), (M, heads) -> (A, H)."""
        states = self.source(h)
        return self.sum(states if weights is None else _by_column(states, weights))

    @takes("atoms hidden")
    def smooth(self, h: mx.array) -> mx.array:
        """D^-1/2 (A + I) D^-1/2 h with A the adjacency and D the degrees, loops counted: (A, H) -> (A, H)."""
        norm = mx.rsqrt(self.degree + 1)  # (A, 1)
        x = h * norm
        return (self.attend(x) + x) * norm

    @takes("messages hidden")
    def others(self, messages: mx.array) -> mx.array:
        """The sum of the messages into each message's source, less the one from its target: (M, H) -> (M, H)."""
        return self.source(self.sum(messages)) - self.reverse(messages)

    @abstractmethod
    def reverse(self, messages: mx.array) -> mx.array:
        """The message of the opposite bond: (M, H) -> (M, H)."""

    @property
    def degree(self) -> mx.array:
        """Number of messages into each atom: (A, 1)."""
        return self._arrays["degree"][:, None]

    @property
    def bonded(self) -> mx.array:
        """1 where messages come into an atom, else 0: (A, 1)."""
        return self._arrays["bonded"][:, None]

    # -- molecules -----------------------------------------------------------------------------------------------
    @property
    def occupied(self) -> mx.array:
        """(B, n): 1 where the padded layout holds an atom."""
        return self._arrays["occupied"]

    @property
    def pair_id(self) -> mx.array:
        """(B, n, n): names of pairs for `Noise`."""
        return self._arrays["pair_id"]

    @takes("atoms hidden")
    def padded(self, h: mx.array) -> mx.array:
        """Atoms laid out by molecule: (A, H) -> (B, n, H), zeros where a molecule has fewer atoms."""
        a = self._arrays
        return gathers.lay_out(h, a["slots"], a["occupied"], a["place"], a["real"])

    def flat(self, padded: mx.array) -> mx.array:
        """The inverse of `padded`: (B, n, H) -> (A, H); zeros for an atom that is padding."""
        a = self._arrays
        return gathers.flatten(padded, a["slots"], a["occupied"], a["place"], a["real"])

    def by_head(self, h: mx.array, heads: int) -> mx.array:
        """Atoms by molecule and head: (A, H) -> (B, heads, n, H / heads); any finite row where there is no atom."""
        a = self._arrays
        return gathers.split_heads(h, *self._head_places(heads), a["occupied"], a["real"])

    def from_heads(self, x: mx.array) -> mx.array:
        """The inverse of `by_head`: (B, heads, n, width) -> (A, heads width); zeros for an atom that is padding."""
        a = self._arrays
        return gathers.join_heads(x, *self._head_places(x.shape[1]), a["occupied"], a["real"])

    @takes("atoms hidden", "atoms hidden", "atoms hidden", "messages heads", "messages hidden")
    def attend_pairs(self, q, k, v, bias: mx.array, value: mx.array, noise: Noise) -> mx.array:
        """Attention of each atom to all atoms of its molecule, where a bond adds to a pair's logit and to its value.

        logits_ij = q_i.k_j + bias_ij, out_i = sum_j a_ij (v_j + value_ij) with a = dropout(softmax_j(logits)), and bias
        and value zero between atoms without a bond.

        Args:
            q, k, v: (A, H).
            bias, value: (M, heads) and (M, H).

        Returns:
            (A, H), the heads side by side.
        """
        heads = bias.shape[1]
        q, k, v = (self.by_head(x, heads) for x in (q, k, v))
        a = self._arrays
        true = a["real"][self._target]
        bonded = gathers.to_pairs(bias, a["pair_bond"], a["bond_pair"], true)  # (B, heads, n, n)
        nobody = -1e9 * (1 - self.occupied)[:, None, None]
        attention = noise(softmax(q @ k.swapaxes(-1, -2) + bonded + nobody), self.pair_id, axis=1)
        of_bond = gathers.from_pairs(attention, a["pair_bond"], a["bond_pair"], true)  # (M, heads)
        return self.from_heads(attention @ v) + self.weigh(value, of_bond)

    def _head_places(self, heads: int) -> tuple[mx.array, mx.array]:
        """Row (atom, head) at each place (B, heads, n), and place of each row (A, heads)."""
        if heads not in self._head_cache:
            slots, place, n = self._arrays["slots"], self._arrays["place"][:, None], self.shape.longest
            head = mx.arange(heads)
            rows = slots[:, None] * heads + head[:, None]
            self._head_cache[heads] = rows, place + place // n * ((heads - 1) * n) + head * n
        return self._head_cache[heads]

    @cached_property
    def _member(self) -> mx.array:
        """(B, A): 1 where an atom belongs to a molecule, else 0; a padded atom belongs to none."""
        owner = self._arrays["place"] // self.shape.longest
        return (owner == mx.arange(self.shape.molecules)[:, None]) * self._arrays["real"]

    @takes("atoms hidden", "atoms weight")
    def pool(self, h: mx.array, weights: mx.array | None = None) -> mx.array:
        """Sum, weighted if asked, over a molecule's atoms: (A, H), (A, 1) -> (B, H)."""
        return self._member @ (h if weights is None else weights * h)

    @takes("molecules hidden")
    def spread(self, g: mx.array) -> mx.array:
        """The molecule's row for each of its atoms: (B, H) -> (A, H)."""
        return self._member.T @ g

    @takes("atoms logits")
    def softmax_molecule(self, logits: mx.array) -> mx.array:
        """Softmax over a molecule's atoms: (A, 1) -> (A, 1)."""
        padded = self.padded(logits)[..., 0]  # (B, n)
        return self.flat(softmax(padded - 1e9 * (1 - self.occupied))[..., None])


def _by_column(messages: mx.array, weights: mx.array) -> mx.array:
    """(M, H) times (M, heads), each weight for H / heads columns."""
    split = messages.reshape(*weights.shape, messages.shape[1] // weights.shape[1])
    return (split * weights[..., None]).reshape(messages.shape)
