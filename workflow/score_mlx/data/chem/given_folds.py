"""Folds that the reader gives (`split: file`) as a column of the CSV of molecules."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from score_mlx.data.chem.csvfile import read_column
from score_mlx.system.errors import UserError

MOST = 50  # folds; a column with more different values is hardly one of folds


def from_column(path: str | Path, column: str, rows: Sequence[int]) -> np.ndarray:
    """The fold of each molecule as a column of its CSV says, (n,) int64.

    Any labels will do: they are numbered 0, 1, ... in their order, that of numbers where all are whole numbers.

    Args:
        rows: rows of the CSV that the n molecules are, 0-based below the header.

    Raises:
        UserError: no such column, a row without a label, one label only, or more than `MOST`.
    """
    cells = read_column(path, column)
    if max(rows, default=-1) >= len(cells):
        raise UserError(f"{path}: {len(cells)} rows, expected at least {max(rows) + 1}, as when it was prepared")
    labels = [cells[row] for row in rows]
    for row, label in zip(rows, labels, strict=True):
        if not label:
            raise UserError(f"{path}: row {row}, column '{column}': no fold, expected a number or a name")
    kind = int if all(label.isdecimal() for label in labels) else str
    known = sorted(set(map(kind, labels)))
    if not 2 <= len(known) <= MOST:
        raise UserError(f"{path}: column '{column}' has {len(known)} different folds, expected 2 to {MOST}")
    return np.array([known.index(kind(label)) for label in labels], dtype=np.int64)
