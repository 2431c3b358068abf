"""Several target columns of one file: each is a data set of its own, and everything is made once for each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, BeforeValidator, ValidationInfo

from score_mlx.data.dataset_names import column_dataset
from score_mlx.experiments.base import Name
from score_mlx.system.errors import UserError

KEY = "target_column"
FOLDERS = ("", "data/", "features/", "folds/", "runs/", "shap/", "logs/")  # of results, where a data set has one


def listed(text: str) -> list[str] | None:
    """`[a, b]` as the command line has it: the names; None for a text that is one name."""
    if not (text.startswith("[") and text.endswith("]")):
        return None
    try:
        names = yaml.load(text, Loader=yaml.BaseLoader)  # a column called 400 or NO is a text
    except yaml.YAMLError:
        return None
    return names if isinstance(names, list) and all(isinstance(name, str) for name in names) else None


def checked(value: Any) -> Any:
    """A column's name, or a list of different names that lead to different folders.

    Raises:
        ValueError: it is neither.
    """
    if isinstance(value, str) and value:
        return value
    names = value if isinstance(value, list) else []
    if not names or not all(isinstance(name, str) and name for name in names):
        raise ValueError("expected the name of a column or a list of names")
    folders: dict[str, str] = {}
    for name in names:
        folder = column_dataset("any.csv", name)
        if folder in folders:
            raise ValueError(f"'{folders[folder]}' and '{name}' would share a folder, expected names that differ more")
        folders[folder] = name
    return value


def _of_one(value: str | None, info: ValidationInfo) -> str | None:
    """A label of a target, of which there is one."""
    if value is not None and isinstance(info.data.get(KEY), list):
        raise ValueError(f"expected null with a list of {KEY}, whose names are the labels")
    return value


TargetColumn = Annotated[Name | list[Name], BeforeValidator(checked)]
TargetLabel = Annotated[Name | None, AfterValidator(_of_one)]


def only(value: str | list[str]) -> str:
    """The one target column.

    Raises:
        UserError: there are several.
    """
    if isinstance(value, str):
        return value
    if len(value) > 1:
        raise UserError(
            f"{KEY}: {', '.join(value)}: expected one of them here, such as {KEY}='{json.dumps(value[:1])}'"
        )
    return value[0]


def of_column(arguments: Sequence[str], dataset: str, whole: str, column: str) -> list[str]:
    """Arguments of Snakemake for one of several columns.

    Args:
        arguments: those for all.
        dataset: the file.
        whole: the name that the file has for people, whose folder targets name.
        column: one of its columns, whose folder they are to name.
    """
    name, chosen = column_dataset(dataset, column), f"{KEY}={json.dumps([column], ensure_ascii=False)}"
    kept = [_moved(argument, whole, name) for argument in arguments if not argument.startswith(f"{KEY}=")]
    for flag in ("--config", "-C"):
        if flag in kept:
            place = kept.index(flag) + 1
            return [*kept[:place], chosen, *kept[place:]]
    place = kept.index("--") if "--" in kept else len(kept)
    return [*kept[:place], "--config", chosen, *kept[place:]]


def _moved(argument: str, whole: str, name: str) -> str:
    for folder in FOLDERS:
        start = f"results/{folder}{whole}/"
        if argument.startswith(start):
            return f"results/{folder}{name}/{argument.removeprefix(start)}"
    return argument
