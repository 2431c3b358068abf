"""Cross-validation folds: made once, kept in a file, the same for every model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from score_mlx.data.classes import require_binary
from score_mlx.data.splits import DRAWN, PARTS, STRATIFIED
from score_mlx.system.errors import UserError
from score_mlx.system.files import read_csv, write_csv

FOLDS = 5
SEED = 42  # with it, CatBoost's defaults give the RMSE that the paper prints (0.560 against 0.563)


def make_folds(
    canonical: Sequence[str],
    split: str = "kfold",
    repeat: int = 0,
    *,
    targets: np.ndarray | None = None,
    name: str = "targets",
) -> np.ndarray:
    """The fold (0..4) that tests each molecule, (n,) int64, molecules in file order.

    Repeat r shuffles with seed 42 + r. `grouped` starts from the same folds and moves a molecule that occurs again to
    the fold of its first occurrence, so that what the two differ in is the leak and hardly anything else; where that
    leaves a fold less than half of its share, molecules are spread as scaffolds are. `scaffold` keeps molecules of one
    scaffold together (`scaffolds.py`). `stratified` gives each fold its share of both classes.

    Args:
        canonical: SMILES of the n molecules, the same for the same molecule.
        targets: (n,) classes, which `stratified` alone reads.
        name: of the data set, for messages.

    Raises:
        UserError: unknown split or one that a file gives, negative repeat, or fewer molecules, different
            molecules or scaffolds than folds; of `stratified` targets that are no classes, or fewer of one than folds.
    """
    n = len(canonical)
    if split not in DRAWN:
        raise UserError(f"split = {split}: expected one of {', '.join(DRAWN)}")
    if repeat < 0:
        raise UserError(f"repeat = {repeat}: expected 0 or more")
    if n < FOLDS:
        raise UserError(f"{n} molecules: expected at least {FOLDS}, one for each fold")
    if split == "scaffold":
        from score_mlx.data.chem.scaffolds import balanced, scaffolds  # RDKit

        return balanced(scaffolds(canonical), FOLDS, SEED + repeat)
    if split == STRATIFIED:
        return _stratified(targets, SEED + repeat, name)
    from sklearn.model_selection import KFold  # takes seconds, and reading a folds file needs none of it

    folds = np.empty(n, dtype=np.int64)
    for fold, (_, test) in enumerate(KFold(FOLDS, shuffle=True, random_state=SEED + repeat).split(np.zeros(n))):
        folds[test] = fold
    if split == "grouped":
        first: dict[str, int] = {}
        folds = np.array([folds[first.setdefault(smiles, row)] for row, smiles in enumerate(canonical)])
        if np.bincount(folds, minlength=FOLDS).min() * FOLDS * 2 < n:
            from score_mlx.data.chem.scaffolds import balanced

            folds = balanced(canonical, FOLDS, SEED + repeat, "molecules")
    return folds


def _stratified(targets: np.ndarray | None, seed: int, name: str) -> np.ndarray:
    """scikit-learn's stratified folds."""
    from sklearn.model_selection import StratifiedKFold

    if targets is None:
        raise UserError(f"split = {STRATIFIED}: no targets given, expected the classes of the molecules")
    require_binary(targets, name)
    folds, classes = np.empty(len(targets), dtype=np.int64), targets.astype(np.int64)
    for label, count in enumerate(np.bincount(classes)):
        if count < FOLDS:
            raise UserError(
                f"{name}: {count} molecules of class {label}, expected at least {FOLDS}, one for each stratified fold"
            )
    divided = StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(np.zeros(len(classes)), classes)
    for fold, (_, test) in enumerate(divided):
        folds[test] = fold
    return folds


def save_folds(path: str | Path, folds: np.ndarray) -> None:
    """Writes columns `row` (position in molecules.csv) and `fold`."""
    write_csv(path, ("row", "fold"), ((row, int(fold)) for row, fold in enumerate(folds)))


def save_parts(path: str | Path, parts: np.ndarray) -> None:
    """Writes a hold-out: columns `row` (position in molecules.csv) and `part`, one of `PARTS`."""
    write_csv(path, ("row", "part"), ((row, PARTS[part]) for row, part in enumerate(parts)))


def load_parts(path: str | Path, n: int) -> np.ndarray:
    """Reads what `save_parts` wrote, (n,) int64 places in `PARTS`.

    Raises:
        UserError: missing file, other columns, rows out of order, an empty part, or another number of molecules.
    """
    rows = read_csv(path, ("row", "part"), "hold-out", "hold-out file")
    for position, row in enumerate(rows):
        if len(row) != 2 or row[0] != str(position) or row[1] not in PARTS:
            raise UserError(f"{path}: line {position + 2} is '{','.join(row)}', expected '{position},<part>'")
    if len(rows) != n:
        raise UserError(f"{path}: {len(rows)} rows, expected {n}, one for each molecule")
    parts = np.array([PARTS.index(part) for _, part in rows], dtype=np.int64)
    empty = [name for place, name in enumerate(PARTS) if not (parts == place).any()]
    if empty:
        raise UserError(f"{path}: no molecule of {empty[0]}, expected some of {', '.join(PARTS)}")
    return parts


def load_folds(path: str | Path, n: int | None = None) -> np.ndarray:
    """Reads what `save_folds` wrote, (n,) int64.

    Args:
        n: number of molecules the file must cover, if known.

    Raises:
        UserError: missing file, other columns, rows out of order, an empty fold, or another number of molecules.
    """
    rows = read_csv(path, ("row", "fold"), "folds", "folds file")
    folds = np.array([_fold(path, position, row) for position, row in enumerate(rows)], dtype=np.int64)
    if n is not None and len(folds) != n:
        raise UserError(f"{path}: {len(folds)} rows, expected {n}, one for each molecule")
    missing = sorted(set(range(max(folds, default=0) + 1)) - set(folds.tolist()))
    if missing or len(set(folds.tolist())) < 2:
        raise UserError(f"{path}: fold {missing[0] if missing else 1} is empty, expected folds 0, 1, ... without a gap")
    return folds


def _fold(path: str | Path, position: int, row: list[str]) -> int:
    if len(row) != 2 or row[0] != str(position) or not row[1].isdecimal():
        raise UserError(f"{path}: line {position + 2} is '{','.join(row)}', expected '{position},<fold>'")
    return int(row[1])
