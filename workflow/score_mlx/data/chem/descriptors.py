"""RDKit's 217 molecular descriptors, unscaled; `scaling.py` scales them."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rdkit import Chem, rdBase
from rdkit.Chem import Descriptors

from score_mlx.data.chem.parallel import ordered_map
from score_mlx.data.chem.rdkit_io import parse
from score_mlx.system.errors import UserError
from score_mlx.system.files import replacing

# Of a chain of 200 atoms these two take 16 s and of 400 a minute, the other 215 descriptors 0.1 s and 2 s. A limit in
# atoms and not in seconds gives the same values on every machine.
LARGE, SLOW = 150, ("Ipc", "AvgIpc")
LINE_SECONDS = 20  # between two lines of progress
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
    rows, said = [], time.monotonic()
    for i, text in enumerate(smiles):
        molecule = parse(text)
        if molecule is None:
            raise UserError(f"molecule {first + i}: RDKit cannot read the SMILES '{text}'")
        with rdBase.BlockLogs():
            rows.append(_of_large(molecule) if molecule.GetNumHeavyAtoms() > LARGE else _of(molecule))
        if time.monotonic() - said > LINE_SECONDS:  # a chunk of large molecules takes minutes
            said, atoms = time.monotonic(), molecule.GetNumHeavyAtoms()
            print(f"descriptors: molecule {first + i} of {atoms} atoms is done", file=sys.stderr, flush=True)
    return np.array(rows, dtype=np.float64)


def _of(molecule: Chem.Mol) -> list[float]:
    return list(Descriptors.CalcMolDescriptors(molecule, missingVal=np.nan, silent=True).values())


def _of_large(molecule: Chem.Mol) -> list[float]:
    """The same without those that take minutes, which are missing."""
    values = []
    for name, compute_one in Descriptors._descList:
        try:
            values.append(np.nan if name in SLOW else compute_one(molecule))
        except Exception:  # as CalcMolDescriptors does
            values.append(np.nan)
    return values


def save(path: str | Path, values: np.ndarray, names: np.ndarray) -> None:
    """Writes `values` and `names` as a compressed `.npz`; the same arrays give the same bytes."""
    with replacing(path) as temporary:
        np.savez_compressed(temporary, values=values, names=names)
