"""What a data set is called. A module of its own, without RDKit, because every dry-run asks."""

from __future__ import annotations

import difflib
import hashlib
import re
from pathlib import Path

from score_mlx.system.errors import UserError

FROM_SOURCES = ("esol", "freesolv", "lipo")  # each a file of data/sources.yaml
BUILT_IN = (*FROM_SOURCES, "nci")
# Folders of `results/`, where a data set of one's own has its tables: one of such a name would write among them.
RESERVED = ("data", "features", "folds", "shap", "runs", "logs", "reference")


def dataset_name(dataset: str) -> str:
    """The folder name of a data set: a built-in's, or the stem of a file's name in letters, digits, '-' and '_'.

    A stem in another script is named by its checksum; that of a built-in or of a results folder gets a suffix.

    Raises:
        UserError: `dataset` is neither a built-in nor looks like a file of molecules.
    """
    if dataset in BUILT_IN:
        return dataset
    if Path(dataset).suffix.lower() not in (".csv", ".txt"):
        near = difflib.get_close_matches(dataset, BUILT_IN, n=1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        raise UserError(f"dataset = {dataset}: expected {', '.join(BUILT_IN)} or the path of a .csv file{hint}")
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", Path(dataset).stem).strip("-")
    if not name:
        return f"file-{hashlib.sha256(Path(dataset).stem.encode()).hexdigest()[:8]}"
    return f"{name}-file" if name.lower() in BUILT_IN + RESERVED else name
