"""Folds by scaffold: what is tested has ring systems that training has not seen, a harder and often fairer question."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from rdkit import rdBase
from rdkit.Chem.Scaffolds import MurckoScaffold

from score_mlx.data.chem.rdkit_io import parse
from score_mlx.system.errors import UserError


def scaffolds(smiles: Sequence[str]) -> list[str]:
    """Bemis-Murcko scaffold of each molecule (rings and what links them) as SMILES; "" where there is no ring.

    Raises:
        UserError: RDKit cannot read a SMILES.
    """
    return [_scaffold(text, position) for position, text in enumerate(smiles)]


def balanced(groups: Sequence[str], folds: int, seed: int, what: str = "scaffolds") -> np.ndarray:
    """The fold (0, 1, ...) of each member so that no group is divided, (n,) int64.

    The largest group first, each to the fold that has fewest members so far: folds are of one size unless a group is
    larger than that. Groups of one size follow one another in an order that `seed` decides, by a checksum, so that no
    library's random stream can change it.

    Args:
        groups: the group of each of the n members.
        what: groups are, for messages.

    Raises:
        UserError: fewer groups than folds.
    """
    members: dict[str, list[int]] = {}
    for row, group in enumerate(groups):
        members.setdefault(group, []).append(row)
    if len(members) < folds:
        raise UserError(f"{len(members)} different {what}: expected at least {folds}, one for each fold")
    order = sorted(members, key=lambda group: (-len(members[group]), _digest(seed, group)))
    fold_of, sizes = np.empty(len(groups), dtype=np.int64), np.zeros(folds, dtype=np.int64)
    for group in order:
        smallest = int(np.argmin(sizes))
        fold_of[members[group]] = smallest
        sizes[smallest] += len(members[group])
    return fold_of


def _scaffold(smiles: str, position: int) -> str:
    molecule = parse(smiles)
    if molecule is None:
        raise UserError(f"molecule {position}: RDKit cannot read the SMILES '{smiles}'")
    with rdBase.BlockLogs():
        return MurckoScaffold.MurckoScaffoldSmiles(mol=molecule)


def _digest(seed: int, text: str) -> bytes:
    return hashlib.sha256(f"{seed}:{text}".encode()).digest()
