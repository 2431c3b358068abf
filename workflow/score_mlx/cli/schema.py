"""`score-mlx schema`: the JSON schemas made from the types."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from score_mlx.system import project


def schema(
    folder: Annotated[Path | None, typer.Argument(help="by default workflow/schemas")] = None,
) -> None:
    """Write the JSON schemas of config.yaml and of run records, made from the types."""
    folder = folder or project.root() / "workflow" / "schemas"
    from score_mlx.system.files import write_text

    for name, text in schemas().items():
        write_text(folder / name, text)
        typer.echo(folder / name)


def schemas() -> dict[str, str]:
    """File name -> text of every generated schema."""
    from score_mlx.config.settings import Config
    from score_mlx.models.families import FAMILIES
    from score_mlx.runs.schema import ClassRecord, RunMeta, RunRecord

    own = {f"run.{name}": family.record for name, family in FAMILIES.items() if family.record is not RunRecord}
    made = {"config": Config, "run": RunRecord, "run.classification": ClassRecord, **own, "run.meta": RunMeta}
    texts = {name: kind.model_json_schema(by_alias=True) for name, kind in made.items()}
    return {
        f"{name}.schema.json": json.dumps(text, indent=2, ensure_ascii=False) + "\n" for name, text in texts.items()
    }
