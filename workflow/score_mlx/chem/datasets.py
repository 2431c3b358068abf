"""A data set, whatever it comes from, becomes three files: molecules.csv, qc.csv and dataset.json."""

from __future__ import annotations

import csv
import difflib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from score_mlx.chem import nci, qc
from score_mlx.chem.csvfile import header_of, read_rows
from score_mlx.errors import UserError
from score_mlx.files import sha256, write_csv, write_text

BUILT_IN = ("esol", "nci")
COLUMNS = ("row", "name", "smiles", "canonical", "target")
UNIT = "log10 mol/L"
# Folders of `results/`, so a data set of that name would write among them.
RESERVED = ("data", "features", "folds", "runs", "logs", "reference")

ESOL_COLUMNS = {
    "smiles_column": "smiles",
    "target_column": "measured log solubility in mols per litre",
    "name_column": "Compound ID",
}
# The paper prints a range of [-8.057, 1.071], which no copy of the data has.
ESOL_FACTS = {"rows": 1128, "lowest target": -11.6, "highest target": 1.58, "distinct molecules": 1117}


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


def dataset_name(dataset: str) -> str:
    """The folder name of a data set: `esol`, `nci`, or the stem of a CSV file's name in letters, digits, '-' and '_'.

    Raises:
        UserError: nothing is left of the stem, it is a built-in's or a results folder's name, or `dataset` is neither a
            built-in nor looks like a CSV file.
    """
    if dataset in BUILT_IN:
        return dataset
    if Path(dataset).suffix.lower() not in (".csv", ".txt"):
        near = difflib.get_close_matches(dataset, BUILT_IN, n=1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        raise UserError(f"dataset = {dataset}: expected {', '.join(BUILT_IN)} or the path of a .csv file{hint}")
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", Path(dataset).stem).strip("-")
    if not name:
        raise UserError(f"dataset = {dataset}: no letter or digit in the file's name to call its results by")
    if name.lower() in BUILT_IN + RESERVED:
        raise UserError(f"dataset = {dataset}: the name '{name}' is taken, expected a file with another name")
    return name


def prepare(
    dataset: str,
    out_folder: str | Path,
    *,
    source: str | Path | None = None,
    smiles_column: str | None = None,
    target_column: str | None = None,
    name_column: str | None = None,
    target: str | None = None,
    unit: str | None = None,
    label: str | None = None,
    drop_bad: bool = False,
) -> dict[str, Any]:
    """Writes `molecules.csv`, `qc.csv` and, last, `dataset.json` into `out_folder`.

    Args:
        dataset: `esol`, `nci` or the path of a CSV file.
        source: the file to read: needed for `esol`; for a CSV file it may say where the file is now.
        smiles_column, target_column, name_column: of a CSV file; the built-in data sets have their own.
        target, unit: what is predicted, for axes and tables; by default the column's name and no unit.
        label: one line that says what the data are, shown on every output.
        drop_bad: leave out rows that cannot be used instead of stopping.

    Returns:
        What `dataset.json` says.

    Raises:
        UserError: the file, a column or a row is not as expected; ESOL is not the ESOL of the paper.
    """
    name = dataset_name(dataset)
    if name == "nci":
        path = Path(source) if source else nci.source_file()
        rows = nci.read_rows(path)
        words = ("solubility by Delaney's equation", UNIT, "NCI stand-in, labels computed by Delaney's equation")
    elif name == "esol":
        if source is None:
            raise UserError("dataset = esol: no source file given, expected the path of delaney-processed.csv")
        path = Path(source)
        rows = read_rows(path, **ESOL_COLUMNS)
        words = ("measured solubility", UNIT, "ESOL")
    else:
        path = Path(source or dataset)
        columns = _columns(path, smiles_column, target_column)
        rows = read_rows(path, *columns, name_column or None)
        words = (columns[1], "", Path(dataset).stem)
    molecules, findings = qc.check(rows, path, drop_bad=drop_bad)
    if name == "esol":
        check_esol(molecules, path)
    shown = [
        given if given is not None else default for given, default in zip((target, unit, label), words, strict=True)
    ]
    return _write(Path(out_folder), name, molecules, findings, shown, sha256(path))


def check_esol(molecules: list[qc.Molecule], path: str | Path) -> None:
    """Holds the data against what is known of ESOL.

    Raises:
        UserError: the first fact that does not hold, with both values.
    """
    targets = [m.target for m in molecules]
    found = (len(molecules), min(targets), max(targets), len({m.canonical for m in molecules}))
    for (fact, expected), value in zip(ESOL_FACTS.items(), found, strict=True):
        if value != expected:
            raise UserError(f"{path}: ESOL's {fact}: found {value:g}, expected {expected:g}")


def load_molecules(path: str | Path) -> Molecules:
    """Reads molecules.csv.

    Raises:
        UserError: missing, other columns, or a row that `prepare` would not write.
    """
    try:
        with Path(path).open(encoding="utf-8", newline="") as stream:
            header, *rows = list(csv.reader(stream)) or [[]]
    except FileNotFoundError:
        raise UserError(f"{path}: no such file, expected a prepared data set") from None
    except (UnicodeDecodeError, csv.Error) as reason:
        raise UserError(f"{path}: not a molecules file ({reason})") from None
    if tuple(header) != COLUMNS:
        raise UserError(f"{path}: columns are {','.join(header) or 'none'}, expected {','.join(COLUMNS)}")
    try:
        row, names, smiles, canonical, targets = zip(*rows, strict=True) if rows else ((),) * 5
        values = np.array([float(t) for t in targets])
        if not np.isfinite(values).all():
            raise ValueError("a target is not finite")
        return Molecules(np.array([int(r) for r in row]), list(names), list(smiles), list(canonical), values)
    except ValueError as reason:
        raise UserError(f"{path}: not as it was written ({reason})") from None


def load_info(folder: str | Path) -> dict[str, Any]:
    """Reads a prepared data set's `dataset.json`.

    Raises:
        UserError: missing or not JSON.
    """
    path = Path(folder) / "dataset.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as reason:
        raise UserError(f"{path}: cannot read it ({reason})") from None


def _columns(path: Path, smiles_column: str | None, target_column: str | None) -> tuple[str, str]:
    for key, value in (("smiles_column", smiles_column), ("target_column", target_column)):
        if not value:
            raise UserError(f"{path}: {key} is not set, expected one of {', '.join(header_of(path))}")
    return smiles_column, target_column


def _write(
    folder: Path, name: str, molecules: list[qc.Molecule], findings: list[qc.Finding], words: list[str], source: str
) -> dict[str, Any]:
    qc.write_report(folder / "qc.csv", findings)
    table = folder / "molecules.csv"
    write_csv(table, COLUMNS, ((m.row, m.name, m.smiles, m.canonical, repr(m.target)) for m in molecules))
    target, unit, label = words
    info = {
        "name": name,
        "rows": len(molecules),
        "target": target,
        "unit": unit,
        "stand_in": name == "nci",
        "label": label,
        "source_sha256": source,
        "sha256": sha256(table),
    }
    write_text(folder / "dataset.json", json.dumps(info, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
    return info
