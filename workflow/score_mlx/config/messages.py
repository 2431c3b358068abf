"""What a reader is told of a wrong config.yaml: one line with the key, what was found and the nearest valid one."""

from __future__ import annotations

import re
import typing
from typing import Any

from pydantic import BaseModel

from score_mlx.experiments.registry import BEYOND_KINDS, KINDS
from score_mlx.system.errors import did_you_mean

_KINDS_OF = {"experiments": tuple(KINDS), "beyond": tuple(BEYOND_KINDS)}  # of experiment, by where they are listed
_CLEARER = {"model_type": "keys and values", "dict_type": "keys and values", "invalid_key": "text"}


def explain(problem: Any, file: str, base: dict[str, Any], config: type[BaseModel]) -> str:
    """One line for one of pydantic's errors.

    Args:
        problem: the error.
        file: name of the config file.
        base: what stood in it; anything else came from the command line.
        config: the type that was expected.
    """
    keys, value = _place(problem), problem["input"]
    if problem["type"] == "extra_forbidden" or "[key]" in problem["loc"]:
        valid = _valid_keys(keys[:-1], config, base)
        parent = ".".join([*keys[:-1], ""])
        where = file if _stands_in(base, keys) else "--config"
        hint = did_you_mean(keys[-1], valid, 0.5, parent) or f"; valid here: {', '.join(valid)}"
        return f"{where}: unknown key '{'.'.join(keys)}'{hint}"
    if problem["type"] in ("missing", "union_tag_not_found"):
        where = file if _stands_in(base, keys[:-1]) else "--config"
        return f"{where}: key '{'.'.join(keys)}' is missing"
    if problem["type"] == "union_tag_invalid":
        value = value["kind"]
    there = _lookup(base, keys)
    named = problem["type"] == "invalid_key" and _stands_in(base, keys)  # a key that is no text has no value here
    where = file if named or there is value or there == value else "--config"  # NaN equals nothing
    expected = problem["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    expected = _CLEARER.get(problem["type"], expected)
    hint = ""
    if problem["type"] == "literal_error":
        hint = did_you_mean(value, re.findall(r"'(\w+)'", problem["ctx"]["expected"]))
    if problem["type"] == "union_tag_invalid":
        *most, last = kinds = _KINDS_OF[keys[0]]
        expected, hint = f"expected {', '.join(most)} or {last}", did_you_mean(value, kinds)
    elif problem["type"] != "value_error":
        expected = f"expected {expected}"
    return f"{where}: {'.'.join(keys)} = {value!r}: {expected}{hint}"


def _place(problem: Any) -> list[str]:
    """The dotted key without pydantic's own words: which kind of experiment it took it for, that it read a key."""
    keys = [str(k) for k in problem["loc"] if k != "[key]"]
    if len(keys) > 2 and keys[2] in _KINDS_OF.get(keys[0], ()):
        del keys[2]
    if problem["type"].startswith("union_tag"):
        keys.append("kind")
    return keys


def _valid_keys(keys: list[str], config: type[BaseModel], base: dict[str, Any]) -> list[str]:
    """The keys that may stand under `keys`, found by walking the types."""
    kind: Any = config
    for place, key in enumerate(keys):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            kind = kind.model_fields[key].annotation
        elif typing.get_origin(kind) is dict:
            kind = _of_kind(typing.get_args(kind)[1], (_lookup(base, keys[: place + 1]) or {}).get("kind"))
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return list(kind.model_fields)
    return ["table1", "table2", "table7a"]


def _of_kind(union: Any, kind: str | None) -> Any:
    """The member of a union of experiments that has this kind."""
    members = typing.get_args(typing.get_args(union)[0])
    return next((m for m in members if kind in typing.get_args(m.model_fields["kind"].annotation)), members[0])


def _lookup(base: Any, keys: list[str]) -> Any:
    for key in keys:
        if isinstance(base, dict):
            base = base.get(key)
        elif isinstance(base, list) and key.isdigit() and int(key) < len(base):
            base = base[int(key)]
        else:
            return None
    return base


def _stands_in(base: Any, keys: list[str]) -> bool:
    parent = _lookup(base, keys[:-1])
    return isinstance(parent, dict) and keys[-1] in map(str, parent)
