"""A data set, whatever it comes from, becomes three files: molecules.csv, qc.csv and dataset.json."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from score_mlx.data import classes
from score_mlx.data.chem import nci, qc
from score_mlx.data.chem.columns import some
from score_mlx.data.chem.csvfile import header_of, read_rows, to_stderr
from score_mlx.data.chem.facts import FACTS
from score_mlx.data.chem.numbers import MISSING
from score_mlx.data.chem.prepared import COLUMNS, WORDS, content_sha256, load_info
from score_mlx.data.dataset_names import BUILT_IN, column_dataset, dataset_name, stem
from score_mlx.system.errors import UserError
from score_mlx.system.files import sha256, write_csv, write_text


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
TABLES = {
    "esol": Table(
        smiles_column="smiles",
        target_column="measured log solubility in mols per litre",
        name_column="Compound ID",
        target="measured solubility",
        unit=UNIT,
        label="ESOL",
    ),
    "freesolv": Table(
        smiles_column="smiles",
        target_column="expt",
        name_column="iupac",
        target="hydration free energy",
        unit="kcal/mol",
        label="FreeSolv",
    ),
    "lipo": Table(
        smiles_column="smiles",
        target_column="exp",
        name_column="CMPD_CHEMBLID",
        target="octanol/water logD at pH 7.4",
        label="Lipophilicity",
    ),
}
NCI = Table(
    target="solubility by Delaney's equation",
    unit=UNIT,
    label="NCI stand-in, labels computed by Delaney's equation",
)
SOURCE = ".source"  # beside a reader's molecules, the path of their file


def prepare(
    dataset: str,
    out_folder: str | Path,
    *,
    source: str | Path | None = None,
    table: Table | None = None,
    drop_bad: bool = False,
    task: str | None = None,
    one_of_several: bool = False,
) -> dict[str, Any]:
    """Writes `molecules.csv`, `qc.csv` and, last, `dataset.json` into `out_folder`.

    Args:
        dataset: a built-in's name or the path of a CSV file.
        source: the file to read: needed for a built-in that comes from a file; for a CSV file it may say where it is.
        table: what a CSV file holds; the built-in data sets know it themselves.
        drop_bad: leave out rows that cannot be used instead of stopping.
        one_of_several: the target is one of several columns, whose name the data set has as well; rows without a
            target are left out.
        task: `classification` where targets must be the classes 0 and 1; anything else says so where they are.

    Returns:
        What `dataset.json` says.

    Raises:
        UserError: the file, a column or a row is not as expected; a built-in is not what it is known to be.
    """
    name = dataset_name(dataset)
    if name == "nci":
        path, table = Path(source or nci.source_file()), NCI
        rows = nci.read_rows(path)
    else:
        if name in TABLES:
            if source is None:
                raise UserError(f"dataset = {name}: no source file given, expected that of data/sources.yaml")
            table = TABLES[name]
        path = Path(source or dataset)
        table = _complete(table or Table(), path)
        smiles, target = _columns(table, path)
        rows = read_rows(path, smiles, target, table.name_column)
    if name not in BUILT_IN:
        _require_same_file(Path(out_folder), path)
    if one_of_several and name not in BUILT_IN:
        _, column = _columns(table, path)
        name, table = column_dataset(dataset, column), replace(table, label=_of_column(table.label or "", column))
    classes.refuse_words((row.target for row in rows if row.target.casefold() not in MISSING), str(path))
    molecules, findings = qc.check(rows, path, drop_bad=drop_bad, drop_missing=one_of_several)
    if name not in BUILT_IN:
        _settle_classes(np.array([m.target for m in molecules]), path, task)
    if name in FACTS:
        check_facts(name, molecules, path)
    info = {"name": name, "target": table.target, "unit": table.unit, "label": table.label, "stand_in": name == "nci"}
    written = _write(Path(out_folder), molecules, findings, info | {"source_sha256": sha256(path)})
    if name not in BUILT_IN:
        write_text(Path(out_folder, SOURCE), _unescaped(str(path.resolve())))
    return written


def _of_column(label: str, column: str) -> str:
    """What one of several columns is called; a word that no figure can show is left out."""
    return f"{label}, {column}" if _drawable(column) else label


def _settle_classes(targets: np.ndarray, path: Path, task: str | None) -> None:
    """Says that targets look like classes; where classes are asked for, refuses what are none.

    Raises:
        UserError: targets are no two classes, and the task is classification.
    """
    if task == "classification":
        classes.require_binary(targets, str(path))
    elif told := classes.told(targets):
        to_stderr(f"{path}: {told}")


def check_facts(name: str, molecules: list[qc.Molecule], path: str | Path) -> None:
    """Holds a built-in's molecules against what is known of it.

    Raises:
        UserError: the first fact that does not hold, with both values.
    """
    targets = [m.target for m in molecules]
    found = (len(molecules), min(targets), max(targets), len({m.canonical for m in molecules}))
    for (fact, expected), value in zip(FACTS[name].items(), found, strict=True):
        if value != expected:
            raise UserError(f"{path}: {TABLES[name].label}'s {fact}: found {value:g}, expected {expected:g}")


def describe(folder: Path, out: Path, target: str, unit: str) -> None:
    """Writes the words of tables and figures, which may change after the data were prepared.

    Raises:
        UserError: nothing is prepared in `folder`, or figures cannot show a word.
    """
    _require_drawable(folder, target, unit)
    words = {name: value for name, value in load_info(folder).items() if name in WORDS}
    write_text(out, json.dumps(words | {"target": target, "unit": unit}, indent=2, ensure_ascii=False) + "\n")


def _require_drawable(path: Path, target: str, unit: str) -> None:
    for key, text in (("target_label", target), ("target_unit", unit)):
        if not _drawable(text):
            raise UserError(f"{path}: {key} is {text!r}, expected text without '$' and control characters, for figures")


def _unescaped(path: str) -> str:
    """A path as UTF-8 can write it, also where the system's encoding has no such letters."""
    return path.encode(errors="surrogateescape").decode(errors="replace")


def _require_same_file(folder: Path, path: Path) -> None:
    """Two files of one stem would share all results; the folder remembers which one it is of.

    Raises:
        UserError: it is of another file that is still there.
    """
    note, source = folder / SOURCE, path.resolve()
    before = Path(note.read_text(encoding="utf-8")) if note.is_file() else source
    if before != source and before.is_file():
        raise UserError(
            f"{path}: {folder} holds the molecules of {before}; expected a file with another name, or remove {folder}"
        )


def _columns(table: Table, path: Path) -> tuple[str, str]:
    """The columns of SMILES and targets, once it is known that they are named."""
    smiles, target = table.smiles_column, table.target_column
    if not smiles or not target:
        key = "target_column" if smiles else "smiles_column"
        raise UserError(f"{path}: {key} is not set, expected one of {some(header_of(path))}")
    return smiles, target


def _complete(table: Table, path: Path) -> Table:
    """The table with its defaults filled in, once it is known that its columns are named."""
    _, column = _columns(table, path)
    word = stem(str(path))
    label = table.label or (word if _drawable(word) else dataset_name(str(path)))
    target = table.target or column
    _require_drawable(path, target, table.unit)
    return replace(table, target=target, label=label)


def _drawable(text: str) -> bool:
    """Whether figures show it as it is: between two '$' they would read a formula."""
    return "$" not in text and text.isprintable()


def _write(
    folder: Path, molecules: list[qc.Molecule], findings: list[qc.Finding], info: dict[str, Any]
) -> dict[str, Any]:
    qc.write_report(folder / "qc.csv", findings)
    path = folder / "molecules.csv"
    write_csv(path, COLUMNS, ((m.row, m.name, m.smiles, m.canonical, repr(m.target)) for m in molecules))
    info = info | {"rows": len(molecules), "sha256": content_sha256(path, info["name"])} | qc.counts(findings)
    targets = np.array([m.target for m in molecules])
    if info["name"] not in BUILT_IN and classes.binary(targets):
        info["ones"] = int(targets.sum())
    write_text(folder / "dataset.json", json.dumps(info, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
    return info
