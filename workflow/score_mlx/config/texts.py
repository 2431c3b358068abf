"""Text of config.yaml as somebody wrote it: a column called 400, NO or `a #1` is no number, no boolean, no comment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from score_mlx.config import columns

# Keys that hold a name or a path. YAML's types say nothing about these.
NAMES = (
    "dataset", "smiles_column", "target_column", "name_column", "fold_column", "target_label", "target_unit", "records",
)  # fmt: skip
# Keys, at any depth, below which everything is text as well.
WHOLE = ("title", "data_folders")
NULLS = ("", "~", "null")


def of_file(path: str | Path) -> dict[str, Any]:
    """The texts of a YAML file as they stand there, without their quotes, at their places; null ones are left out.

    The file is one that YAML reads.
    """
    return _texts_of(Path(path).read_text(encoding="utf-8"))


def of_arguments(arguments: Iterable[str] | None) -> dict[str, Any]:
    """The texts of `--config key=value ...` as the shell passes them, without outer quotes."""
    found: dict[str, Any] = {}
    for argument in arguments or ():
        key, equals, value = argument.partition("=")
        if not equals:
            continue
        if key in NAMES:
            quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
            several = columns.listed(value) if key == columns.KEY else None
            found[key] = several or (value[1:-1] if quoted else None if value in NULLS else value)
        else:
            found = merge(found, _texts_of(f"{key}: {value}"))
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
    whole = dict(config)
    for file in files:
        whole = merge(whole, of_file(file))
    return merge(whole, of_arguments(arguments))


def merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """`over` laid over `base`; nested mappings are merged, anything else is replaced."""
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = merge(merged[key], value) if both else value
    return merged


def _texts_of(text: str) -> dict[str, Any]:
    try:
        plain, typed = yaml.load(text, Loader=yaml.BaseLoader), yaml.safe_load(text)
    except yaml.YAMLError:  # who reads the file or the option for its values says so
        return {}
    return _texts(plain, typed) if isinstance(plain, dict) and isinstance(typed, dict) else {}


def _texts(plain: dict[str, Any], typed: dict[str, Any]) -> dict[str, Any]:
    """The part of `plain` that is text, by the keys of `typed`, which has null and merged mappings (`<<`)."""
    plain, found = _flat(plain), {}
    for key, value in typed.items():
        written = plain.get(key)
        if value is None or written is None:
            continue
        if key in WHOLE or key == columns.KEY or (key in NAMES and isinstance(written, str)):
            found[key] = written
        elif isinstance(value, dict) and isinstance(written, dict) and (below := _texts(written, value)):
            found[key] = below
    return found


def _flat(plain: dict[str, Any]) -> dict[str, Any]:
    """A mapping with what it takes over by `<<`."""
    over = plain.get("<<", [])
    flat: dict[str, Any] = {}
    for one in reversed(over if isinstance(over, list) else [over]):
        flat |= _flat(one) if isinstance(one, dict) else {}
    return flat | plain
