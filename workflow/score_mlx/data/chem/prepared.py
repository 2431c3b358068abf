"""Reading a prepared data set: plain files, so no chemistry is imported by a job that only trains."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from score_mlx.data.dataset_names import BUILT_IN
from score_mlx.data.described import DataSet
from score_mlx.system.errors import UserError
from score_mlx.system.files import read_csv, sha256

INFO = ("name", "label", "unit", "stand_in", "rows", "sha256")  # what a record repeats of dataset.json
WORDS = ("label", "unit", "target", "dropped", "repeated", "apart", "ones")  # what else of it tables show
COLUMNS = ("row", "name", "smiles", "canonical", "target")


@dataclass(frozen=True)
class Molecules:
    """The N molecules of a data set, in file order.

    Attributes:
        rows: (N,) int64, rows of the source file.
        names, smiles, canonical: N texts each.
        targets: (N,) float64, unscaled, in the unit of the data set.
    """

    rows: np.ndarray
    names: list[str]
    smiles: list[str]
    canonical: list[str]
    targets: np.ndarray

    def __len__(self) -> int:
        return len(self.smiles)


def load_molecules(path: str | Path) -> Molecules:
    """Reads molecules.csv.

    Raises:
        UserError: missing, other columns, or a row that `prepare` would not write.
    """
    rows = read_csv(path, COLUMNS, "molecules", "file, expected a prepared data set")
    try:
        row, names, smiles, canonical, targets = zip(*rows, strict=True) if rows else ((),) * 5
        values = np.array([float(t) for t in targets])
        if not np.isfinite(values).all():
            raise ValueError("a target is not finite")
        return Molecules(np.array([int(r) for r in row]), list(names), list(smiles), list(canonical), values)
    except ValueError as reason:
        raise UserError(f"{path}: changed since it was prepared ({reason})") from None


def content_sha256(path: str | Path, name: str) -> str:
    """Checksum of what a run reads of molecules.csv.

    Of a built-in data set that is the whole file, as records have it; of any other, all but the molecules' names.

    Raises:
        UserError: as of `load_molecules`.
    """
    if name in BUILT_IN:
        return sha256(path)
    rows = read_csv(path, COLUMNS, "molecules", "file, expected a prepared data set")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([COLUMNS, *([row, "", *rest] for row, _, *rest in rows)])
    return hashlib.sha256(text.getvalue().encode()).hexdigest()


def load_info(folder: str | Path) -> dict[str, Any]:
    """Reads a prepared data set's `dataset.json`.

    Raises:
        UserError: missing, not JSON, or without something that `prepare` writes.
    """
    path = Path(folder) / "dataset.json"
    try:
        info = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as reason:
        raise UserError(f"{path}: cannot read it ({reason})") from None
    missing = [key for key in INFO if not isinstance(info, dict) or key not in info]
    if missing:
        raise UserError(f"{path}: no {missing[0]}, expected what `score-mlx data prepare` writes")
    return info


def _words(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        words = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as reason:
        raise UserError(f"{path}: cannot read it ({reason})") from None
    return words if isinstance(words, dict) else {}


def described(dataset: DataSet, folder: str | Path) -> DataSet:
    """A record's data in the words that the prepared data have for them today, which change without a new training.

    Args:
        folder: of the prepared data; without the same data there the record's own words stay.
    """
    if dataset.name in BUILT_IN or not (Path(folder) / "dataset.json").is_file():
        return dataset
    info = load_info(folder)
    words = {name: value for name, value in (info | _words(Path(folder) / "words.json")).items() if name in WORDS}
    return dataset.model_copy(update=words) if info["sha256"] == dataset.sha256 else dataset
