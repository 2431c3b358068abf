"""What a data set is called. A module of its own, without RDKit, because every dry-run asks."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

from score_mlx.system.errors import UserError

FROM_SOURCES = ("esol", "freesolv", "lipo")  # each a file of data/sources.yaml
BUILT_IN = (*FROM_SOURCES, "nci")
# Folders of `results/`, where a data set of one's own has its tables: one of such a name would write among them.
RESERVED = ("data", "features", "folds", "shap", "runs", "logs", "reference")


def dataset_name(dataset: str) -> str:
    """The folder name of a data set: a built-in's, or the stem of a CSV file's name in letters, digits, '-' and '_'.

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
