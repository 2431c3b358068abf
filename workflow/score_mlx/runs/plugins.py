"""Architectures and integrators from files outside the package: a name in config.yaml, a file with the code.

    plugins:
      arch: {sage: my/sage.py}
      integrator: {ralston: my/ralston.py}

An architecture's file has a `RECIPE`, as each file of an architecture in `graphs/`. An integrator's has a function
`step(f, h, dt)` like those of `depth.py`. Names are known everywhere at once; a file is run only by the job that trains
with it.

`config.file.load` registers what config.yaml lists, for this process. Jobs are processes of their own: whoever starts
one tells it by `environment`, and the command line takes that up (`begin`) before anything asks for a name.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

from score_mlx.system import project
from score_mlx.system.errors import UserError
from score_mlx.system.parsed import is_mapping

KINDS = {"arch": "RECIPE", "integrator": "step"}  # and what a file of each must have
VARIABLE = "SCORE_MLX_PLUGINS"
Files = dict[str, dict[str, Path]]  # kind -> name -> file

_registered: Files = {}


def register(given: Any, folder: str | Path, taken: Mapping[str, Sequence[str]] | None = None) -> None:
    """Make the plugins of a config known to this process, and forget all others.

    Args:
        given: the value of `plugins` in config.yaml, not yet checked.
        folder: of config.yaml; files are relative to it.
        taken: names of each kind that the package has itself.

    Raises:
        UserError: another shape, a name that is taken or no word, or no such file.
    """
    files = _read(given, folder)
    for kind, named in files.items():
        for name in set(named) & set((taken or {}).get(kind, ())):
            raise UserError(f"config.yaml: plugins.{kind}: the package has a {name} itself, expected another name")
    _registered.clear()
    _registered.update(files)


def begin() -> None:
    """Register this command's plugins: those of the process that started it, else those of config.yaml."""
    told = os.environ.get(VARIABLE)
    if told is None:
        _from_project()
        return
    _registered.clear()
    _registered.update({k: {n: Path(path) for n, path in named.items()} for k, named in json.loads(told).items()})


def environment() -> dict[str, str]:
    """The environment variables that pass the plugins known here to another process."""
    return {VARIABLE: json.dumps({k: {n: str(p) for n, p in named.items()} for k, named in _registered.items()})}


def names(kind: str) -> tuple[str, ...]:
    """Names of that kind, () where there is no plugin."""
    return tuple(_registered.get(kind, ()))


def file(kind: str, name: str) -> Path | None:
    """The file of a plugin, None for a name that is not a plugin's."""
    return _registered.get(kind, {}).get(name)


def load(kind: str, name: str) -> Any:
    """The object in a plugin's file: an architecture's `RECIPE` or an integrator's `step`. The file is run once.

    Raises:
        UserError: it cannot be run, or lacks what its kind must have.
    """
    path = file(kind, name)
    if path is None:
        raise UserError(f"{kind} = {name}: not built in and not listed under plugins in config.yaml")
    offered = vars(_run(path, kind, name))
    if KINDS[kind] not in offered:
        raise UserError(f"{path}: no {KINDS[kind]}, expected one in the file of an {kind}")
    return offered[KINDS[kind]]


def files(chosen: Mapping[str, Any]) -> dict[str, Path]:
    """Kind -> file of each plugin among the fields of a spec; {} for none."""
    return {kind: path for kind in KINDS if (path := file(kind, chosen.get(kind, "")))}


def provenance(chosen: Mapping[str, Any]) -> dict[str, str]:
    """`arch sage` -> SHA-256 of its file, for each plugin among the fields of a spec; {} for none."""
    used = files(chosen)
    return {f"{kind} {chosen[kind]}": hashlib.sha256(path.read_bytes()).hexdigest() for kind, path in used.items()}


def _from_project() -> None:
    """config.yaml of the project that the working directory is in; one that cannot be read is ignored here."""
    try:
        home = project.root()
        text = (home / "config.yaml").read_text(encoding="utf-8")
        # most list none; without parsing, short commands stay fast
        given = yaml.safe_load(text) if re.search(r"^plugins:(?!\s*\{\}\s*(#|$))", text, re.MULTILINE) else None
    except (UserError, OSError, ValueError, yaml.YAMLError):
        return
    if is_mapping(given) and given.get("plugins"):
        register(given["plugins"], home)


def _read(given: Any, folder: str | Path) -> Files:
    if given is None:
        return {}
    if not is_mapping(given) or not set(given) <= set(KINDS):
        found = ", ".join(map(str, given)) if is_mapping(given) else repr(given)
        raise UserError(f"config.yaml: plugins has {found}, expected the keys {' and '.join(KINDS)}")
    return {kind: _files(kind, named, Path(folder)) for kind, named in given.items() if named}


def _files(kind: str, named: Any, folder: Path) -> dict[str, Path]:
    if not is_mapping(named):
        raise UserError(f"config.yaml: plugins.{kind} = {named!r}: expected names with a file each")
    for name, path in named.items():
        if not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9]*", name):
            raise UserError(f"config.yaml: plugins.{kind}: name {name!r}, expected small letters and digits")
        if not isinstance(path, str) or not (folder / path).is_file():
            raise UserError(f"config.yaml: plugins.{kind}.{name} = {path!r}: no such file, expected one of Python code")
    return {name: (folder / path).resolve() for name, path in named.items()}


@cache
def _run(path: Path, kind: str, name: str) -> ModuleType:
    found = importlib.util.spec_from_file_location(f"score_mlx_plugin_{kind}_{name}", path)
    if found is None or found.loader is None:
        raise UserError(f"{path}: expected a file of Python code (.py)")
    module = importlib.util.module_from_spec(found)
    try:
        found.loader.exec_module(module)
    except Exception as reason:
        raise UserError(f"{path}: {type(reason).__name__}: {reason}") from None
    return module
