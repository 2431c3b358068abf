"""RDKit's 217 molecular descriptors, unscaled; `scaling.py` scales them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rdkit import rdBase
from rdkit.Chem import Descriptors

from score_mlx.data.chem.parallel import ordered_map
from score_mlx.data.chem.rdkit_io import parse
from score_mlx.system.errors import UserError
from score_mlx.system.files import replacing

MANY = 500  # a molecule takes about 6 ms, so processes pay much earlier than for graph features


def compute(smiles: Sequence[str], *, processes: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Descriptors as `Descriptors.CalcMolDescriptors` gives them, unscaled.

    Returns:
        values (N, D) float64, NaN where RDKit fails or the value is not finite, and names (D,); D is 217 with the
        RDKit releases from 2024.9 on.

    Raises:
        UserError: RDKit cannot read a SMILES.
    """
    parts = ordered_map(_compute_chunk, list(smiles), processes=processes, label="descriptors", many=MANY)
    names = np.array([name for name, _ in Descriptors._descList])
    values = np.concatenate([np.zeros((0, len(names))), *parts])
    return np.where(np.isfinite(values), values, np.nan), names


def _compute_chunk(smiles: list[str], first: int) -> np.ndarray:
    rows = []
    for i, text in enumerate(smiles):
        molecule = parse(text)
        if molecule is None:
            raise UserError(f"molecule {first + i}: RDKit cannot read the SMILES '{text}'")
        with rdBase.BlockLogs():
            rows.append(list(Descriptors.CalcMolDescriptors(molecule, missingVal=np.nan, silent=True).values()))
    return np.array(rows, dtype=np.float64)


def save(path: str | Path, values: np.ndarray, names: np.ndarray) -> None:
    """Writes `values` and `names` as a compressed `.npz`; the same arrays give the same bytes."""
    with replacing(path) as temporary:
        np.savez_compressed(temporary, values=values, names=names)
