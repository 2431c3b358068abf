"""What a data set is called. A module of its own, without RDKit, because every dry-run asks."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from score_mlx.system.choices import OneOf
from score_mlx.system.errors import UserError, did_you_mean

FROM_SOURCES = ("esol", "freesolv", "lipo")  # each a file of data/sources.yaml
BUILT_IN = (*FROM_SOURCES, "nci")
BuiltIn = OneOf[str, BUILT_IN]
# Folders of `results/`, where a data set of one's own has its tables: one of such a name would write among them.
RESERVED = ("data", "features", "folds", "shap", "runs", "logs", "reference")


# How files of molecules end, as chemists have them (chem/formats.py), each also with .gz.
_PLAIN = (".csv", ".tsv", ".txt", ".smi", ".smiles", ".sdf", ".parquet")
ENDINGS = (*_PLAIN, *(f"{plain}.gz" for plain in _PLAIN))
LISTED = ".csv, .tsv, .smi, .sdf or .parquet, also with .gz"


def ending(path: str) -> str:
    """`my.CSV.gz` -> `.csv.gz`, `my.sdf` -> `.sdf`."""
    name = Path(path).name.lower()
    packed = ".gz" if name.endswith(".gz") else ""
    return Path(name.removesuffix(".gz")).suffix + packed


def stem(path: str) -> str:
    """A file's name without its folder and its ending, `.csv` or `.csv.gz`."""
    return Path(path).name[: -len(ending(path))]


def dataset_name(dataset: str) -> str:
    """The folder name of a data set: a built-in's, or the stem of a file's name in letters, digits, '-' and '_'.

    A stem in another script is named by its checksum; that of a built-in or of a results folder gets a suffix.

    Raises:
        UserError: `dataset` is neither a built-in nor looks like a file of molecules.
    """
    if dataset in BUILT_IN:
        return dataset
    if ending(dataset) not in ENDINGS:
        hint = did_you_mean(dataset, BUILT_IN)
        raise UserError(f"dataset = {dataset}: expected {', '.join(BUILT_IN)} or the path of a file, {LISTED}{hint}")
    name = _plain(stem(dataset), "file")
    return f"{name}-file" if name.lower() in BUILT_IN + RESERVED else name


def column_dataset(dataset: str, column: str) -> str:
    """The folder name of one of several target columns of a file: the file's and the column's.

    Raises:
        UserError: as of `dataset_name`.
    """
    return dataset if dataset in BUILT_IN else f"{dataset_name(dataset)}-{_plain(column, 'column')}"


def _plain(text: str, kind: str) -> str:
    """A text in letters, digits, '-' and '_'; named by its checksum where none of it is left."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", text).strip("-")
    return name or f"{kind}-{hashlib.sha256(text.encode(errors='surrogateescape')).hexdigest()[:8]}"
