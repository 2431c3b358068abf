"""A data set, whatever it comes from, becomes three files: molecules.csv, qc.csv and dataset.json."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from score_mlx.chem import nci, qc
from score_mlx.chem.csvfile import header_of, read_rows
from score_mlx.dataset_names import dataset_name
from score_mlx.errors import UserError
from score_mlx.files import sha256, write_csv, write_text

COLUMNS = ("row", "name", "smiles", "canonical", "target")

# The paper prints a range of [-8.057, 1.071], which no copy of the data has.
ESOL_FACTS = {"rows": 1128, "lowest target": -11.6, "highest target": 1.58, "distinct molecules": 1117}


@dataclass(frozen=True)
class Table:
    """What a CSV file holds, and how its target is called in tables and on axes.

    Attributes:
        smiles_column, target_column, name_column: columns of its header; names are not needed.
        target, unit: what is predicted; by default the column's name and no unit.
        label: one line that says what the data are, shown on every output; by default the file's name.
    """

    smiles_column: str | None = None
    target_column: str | None = None
    name_column: str | None = None
    target: str | None = None
    unit: str = ""
    label: str | None = None


UNIT = "log10 mol/L"
ESOL = Table(
    smiles_column="smiles",
    target_column="measured log solubility in mols per litre",
    name_column="Compound ID",
    target="measured solubility",
    unit=UNIT,
    label="ESOL",
)
NCI = Table(
    target="solubility by Delaney's equation",
    unit=UNIT,
    label="NCI stand-in, labels computed by Delaney's equation",
)


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


def prepare(
    dataset: str,
    out_folder: str | Path,
    *,
    source: str | Path | None = None,
    table: Table | None = None,
    drop_bad: bool = False,
) -> dict[str, Any]:
    """Writes `molecules.csv`, `qc.csv` and, last, `dataset.json` into `out_folder`.

    Args:
        dataset: `esol`, `nci` or the path of a CSV file.
        source: the file to read: needed for `esol`; for a CSV file it may say where the file is now.
        table: what a CSV file holds; the built-in data sets know it themselves.
        drop_bad: leave out rows that cannot be used instead of stopping.

    Returns:
        What `dataset.json` says.

    Raises:
        UserError: the file, a column or a row is not as expected; ESOL is not the ESOL of the paper.
    """
    name = dataset_name(dataset)
    if name == "nci":
        path, table = Path(source or nci.source_file()), NCI
        rows = nci.read_rows(path)
    else:
        if name == "esol":
            if source is None:
                raise UserError("dataset = esol: no source file given, expected the path of delaney-processed.csv")
            table = ESOL
        path = Path(source or dataset)
        table = _complete(table or Table(), path)
        rows = read_rows(path, table.smiles_column, table.target_column, table.name_column)
    molecules, findings = qc.check(rows, path, drop_bad=drop_bad)
    if name == "esol":
        check_esol(molecules, path)
    info = {"name": name, "target": table.target, "unit": table.unit, "label": table.label, "stand_in": name == "nci"}
    return _write(Path(out_folder), molecules, findings, info | {"source_sha256": sha256(path)})


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


def _complete(table: Table, path: Path) -> Table:
    """The table with its defaults filled in, once it is known that its columns are named."""
    for key in ("smiles_column", "target_column"):
        if not getattr(table, key):
            raise UserError(f"{path}: {key} is not set, expected one of {', '.join(header_of(path))}")
    return replace(table, target=table.target or table.target_column, label=table.label or path.stem)


def _write(
    folder: Path, molecules: list[qc.Molecule], findings: list[qc.Finding], info: dict[str, Any]
) -> dict[str, Any]:
    qc.write_report(folder / "qc.csv", findings)
    path = folder / "molecules.csv"
    write_csv(path, COLUMNS, ((m.row, m.name, m.smiles, m.canonical, repr(m.target)) for m in molecules))
    info = info | {"rows": len(molecules), "sha256": sha256(path)}
    write_text(folder / "dataset.json", json.dumps(info, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
    return info
