"""config.yaml as a file: read, checked and written, with one line for the reader where something is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from score_mlx.config import texts
from score_mlx.config.messages import explain
from score_mlx.config.settings import Config
from score_mlx.config.texts import merge
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.runs import plugins
from score_mlx.system.errors import UserError
from score_mlx.system.files import write_text


def load(path: str | Path, overrides: dict[str, Any] | None = None) -> Config:
    """config.yaml with `overrides` (as from `--config`) laid over it, key by key; makes its plugins known.

    Raises:
        UserError: one line with the file, the key, what was found and the nearest valid key or range.
    """
    path = Path(path)
    try:
        base = yaml.safe_load(path.read_text(encoding="utf-8"))
        base = merge(base, texts.of_file(path)) if isinstance(base, dict) else base
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(base, dict):
        raise UserError(f"{path}: expected keys and values, found {type(base).__name__}")
    merged = merge(base, overrides or {})
    plugins.register(merged.get("plugins"), path.parent, taken=GraphSpec.CHOICES)  # their names are valid below
    return validate(merged, path.name, base)


def validate(values: dict[str, Any], file: str = "config.yaml", base: dict[str, Any] | None = None) -> Config:
    """`values` as a Config. `base` is what stood in `file`: anything else came from the command line."""
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        problems = sorted(error.errors(), key=lambda p: p["type"] != "extra_forbidden")  # misspelt keys first
        line = explain(problems[0], file, values if base is None else base, Config)
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise UserError(line + more) from None


def retyped(given: Any) -> Any:
    """`--config` as config.yaml would be read: Snakemake leaves `true`, `null` and all nested numbers there as text."""
    if isinstance(given, dict):
        return {key: retyped(value) for key, value in given.items()}
    if isinstance(given, list):
        return [retyped(value) for value in given]
    if isinstance(given, str) and given:
        try:
            value = yaml.safe_load(given)
        except yaml.YAMLError:
            return given
        return value if value is None or isinstance(value, bool | int | float) else given
    return given


def dump(config: Config, path: Path) -> None:
    """Write `config` as YAML that `load` reads back to the same values; an unchanged file is left alone."""
    values = yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=120)
    text = f"# Written by the pipeline: config.yaml with --config and the preset applied.\n{values}"
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        write_text(path, text)
