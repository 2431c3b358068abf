"""Text of config.yaml as somebody wrote it: a column called 400, NO or `a #1` is no number, no boolean, no comment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

# Keys that hold names and paths. YAML's types say nothing about these.
TEXTS = (
    "dataset", "smiles_column", "target_column", "name_column", "fold_column", "target_label", "target_unit", "records",
)  # fmt: skip
NULLS = ("", "~", "null")


def of_file(path: str | Path) -> dict[str, str]:
    """The scalars under `TEXTS` as they stand in a YAML file, without their quotes; those that are null are left out.

    The file is one that YAML reads.
    """
    text = Path(path).read_text(encoding="utf-8")
    plain, typed = yaml.load(text, Loader=yaml.BaseLoader), yaml.safe_load(text)
    if not isinstance(plain, dict) or not isinstance(typed, dict):
        return {}
    known = {key: value for key, value in plain.items() if key in TEXTS and isinstance(value, str)}
    return {key: value for key, value in known.items() if typed.get(key) is not None}


def of_arguments(arguments: Iterable[str] | None) -> dict[str, str | None]:
    """The values under `TEXTS` of `--config key=value ...` as the shell passes them, without outer quotes."""
    found: dict[str, str | None] = {}
    for argument in arguments or ():
        key, equals, value = argument.partition("=")
        if equals and key in TEXTS:
            quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
            found[key] = value[1:-1] if quoted else None if value in NULLS else value
    if found.get("target_unit", "") is None:
        found["target_unit"] = ""  # a unit may be none, but is a text
    return found


def given(config: Mapping[str, Any], files: Iterable[str | Path], arguments: Iterable[str] | None) -> dict[str, Any]:
    """What Snakemake was given, with names and paths as they were written.

    Args:
        config: Snakemake's, of all files and arguments, values already of YAML's types.
        files: those of `--configfile`, the later ones over the earlier.
        arguments: those of `--config`, over all files.
    """
    texts: dict[str, Any] = {}
    for file in files:
        texts |= of_file(file)
    return dict(config) | texts | of_arguments(arguments)
