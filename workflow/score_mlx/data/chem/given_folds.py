"""Folds or a hold-out that the reader gives: a column of the CSV of molecules, or a folds file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from score_mlx.data.chem.csvfile import header_of, read_cells
from score_mlx.data.splits import PARTS
from score_mlx.system.errors import UserError

# How a hold-out's parts are called, in small letters; one column says them, whoever made it.
NAMES = {"train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "dev": "val"}
NAMES |= {"test": "test", "testing": "test"}
SHORT = ("tr", "trn", "va", "vl", "te", "tst")  # as some write them: not known as parts, but no folds either
Labels = Sequence[tuple[int, str]]  # the line and the label of each molecule
MOST = 50  # folds; a column with more different values is hardly one of folds


def from_column(path: str | Path, column: str, rows: Sequence[int], split: str = "file") -> np.ndarray:
    """The fold, or the part of a hold-out, of each molecule as a column of its CSV says, (n,) int64.

    Any labels of folds will do: they are numbered 0, 1, ... in their order, that of numbers where all are whole
    numbers. Those of a hold-out are train, val and test (`NAMES`), all of them and no other.

    Args:
        rows: rows of the CSV that the n molecules are, 0-based below the header.
        split: `file` or `holdout`.

    Raises:
        UserError: no such column, a row without a label, one fold only or more than `MOST`, folds for a hold-out or
            the reverse.
    """
    cells = read_cells(path, [column])
    if max(rows, default=-1) >= len(cells):
        raise UserError(f"{path}: {len(cells)} rows, expected at least {max(rows) + 1}, as when it was prepared")
    return _divided(path, column, [(cells[row].line, cells[row].values[0]) for row in rows], split)


def from_file(path: str | Path, rows: Sequence[int], split: str = "file") -> np.ndarray:
    """The same as a folds file says: columns row and fold (of a hold-out also part), rows in any order.

    Rows are those of molecules.csv, so of the reader's CSV, all of it or what was kept; where they are 0 to n - 1
    instead they are positions in molecules.csv, as in the folds files of this project.

    Args:
        rows, split: as of `from_column`.

    Raises:
        UserError: not such a file, a row twice or none for a molecule, or folds as of `from_column`.
    """
    labels = file_labels(path, split)
    whole_source = set(labels) == set(range(len(labels))) and set(rows) <= set(labels)
    if set(labels) == set(range(len(rows))):
        wanted: Sequence[int] = range(len(rows))
    elif set(labels) == set(rows) or whole_source:
        wanted = rows
    else:
        lacking = sorted(set(rows) - set(labels))
        odd = [f"line {labels[row][0]}: row {row} is none of molecules.csv" for row in sorted(set(labels) - set(rows))]
        raise UserError(f"{path}: {f'no row {lacking[0]}' if lacking else odd[0]}, expected a row for each molecule")
    return _divided(path, _label_column(path, split), [labels[row] for row in wanted], split)


def file_labels(path: str | Path, split: str) -> dict[int, tuple[int, str]]:
    """Row -> (line, label) of a folds file, whatever its molecules are.

    Raises:
        UserError: not such a file, or a row twice.
    """
    labels: dict[int, tuple[int, str]] = {}
    for cell in read_cells(path, ["row", _label_column(path, split)]):
        row = _whole(cell.values[0])
        if row is None or row < 0:
            raise UserError(f"{path}: line {cell.line}: row '{cell.values[0]}', expected a whole number")
        if row in labels:
            raise UserError(f"{path}: line {cell.line}: row {row} is also on line {labels[row][0]}")
        labels[row] = cell.line, cell.values[1]
    return labels


def _label_column(path: str | Path, split: str) -> str:
    """`part` where this project wrote the file of a hold-out, else `fold`."""
    return "part" if split == "holdout" and {"part", "fold"} & set(header_of(path)) == {"part"} else "fold"


def _divided(path: str | Path, column: str, labels: Labels, split: str) -> np.ndarray:
    for line, label in labels:
        if not label:
            raise UserError(f"{path}: line {line}: no fold in column '{column}', expected a number or a name")
    return (_parts if split == "holdout" else _numbered)(path, column, labels)


def _parts(path: str | Path, column: str, labels: Labels) -> np.ndarray:
    """Places in `PARTS`."""
    for line, label in labels:
        if label.casefold() not in NAMES:
            raise UserError(f"{path}: line {line}: '{label}' in column '{column}', expected train, val or test")
    parts = [NAMES[label.casefold()] for _, label in labels]
    for part, use in (("train", "train on"), ("val", "choose the epoch by"), ("test", "test")):
        if part not in parts:
            raise UserError(f"{path}: column '{column}' has no {part}, so there is nothing to {use}")
    return np.array([PARTS.index(part) for part in parts], dtype=np.int64)


def _numbered(path: str | Path, column: str, cells: Labels) -> np.ndarray:
    """Labels as numbers."""
    found = list(dict.fromkeys(label for _, label in cells))
    if len(found) <= len(NAMES) and any(_is_part(label) for label in found):
        raise UserError(
            f"{path}: column '{column}' says {', '.join(found)}: a hold-out (split: holdout) and no folds, "
            "each of which is tested in turn"
        )
    numbers = [number for _, label in cells if (number := _whole(label)) is not None]
    labels = numbers if len(numbers) == len(cells) else [label for _, label in cells]
    known = sorted(set(labels))
    if not 2 <= len(known) <= MOST:
        raise UserError(f"{path}: column '{column}' has {len(known)} different folds, expected 2 to {MOST}")
    return np.array([known.index(label) for label in labels], dtype=np.int64)


def _is_part(label: str) -> bool:
    """Whether a label is a part of a hold-out and hardly a fold: `Train`, `train_set`, `tr`, `validation`."""
    word = label.casefold()
    return word in NAMES or word in SHORT or word.startswith(("train", "valid"))


def _whole(text: str) -> int | None:
    """`2`, or `2.0` as a program writes it whose column had gaps; None for anything else."""
    try:
        return int(text) if text.isdecimal() else int(float(text)) if float(text).is_integer() else None
    except (ValueError, OverflowError):
        return None
