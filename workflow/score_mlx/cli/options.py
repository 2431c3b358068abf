"""What the commands that draw from run records have in common: their options, and what config.yaml chooses."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from score_mlx.system import project
from score_mlx.system.errors import UserError

if TYPE_CHECKING:
    from score_mlx.config.settings import Config
    from score_mlx.tables.table import Table

Records = Annotated[
    list[Path] | None,
    typer.Argument(help="run.json files; by default those that config.yaml lists for it and that exist"),
]
Title = Annotated[str | None, typer.Option(help="by default config.yaml's")]
Paper = Annotated[Path | None, typer.Option(help="the paper's values (.csv)")]
Dataset = Annotated[str | None, typer.Option(help="instead of config.yaml's")]
PresetName = Annotated[str | None, typer.Option(help="instead of config.yaml's")]
Runs = Annotated[Path, typer.Option(help="folder in which to look for records")]


def settled_config(dataset: str | None = None, preset: str | None = None) -> Config:
    """config.yaml with its preset settled for this machine."""
    from score_mlx.config.file import load
    from score_mlx.config.presets import resolve

    given = {"dataset": dataset, "preset": preset}
    return resolve(load(project.root() / "config.yaml", {key: value for key, value in given.items() if value}))


@dataclass(frozen=True)
class Chosen:
    """What config.yaml says of an experiment, and which of its records exist."""

    kind: str
    there: list[Path]
    not_run: list[str]
    title: str
    top: int
    paper: Path | None


def from_config(
    name: str,
    dataset: str | None,
    preset: str | None,
    runs: Path,
    split: str | None = None,
    figure: str | None = None,
) -> Chosen:
    """What config.yaml says of the experiment `name`, or of one of its figures.

    Raises:
        UserError: no such experiment, or none of its records exists.
    """
    config = settled_config(dataset, preset)
    if name not in config.experiments:
        raise UserError(f"config.yaml: no experiment {name}, expected one of {', '.join(config.experiments)}")
    chosen = config.experiments[name]
    paper = project.root() / "data" / "paper" / chosen.paper if chosen.paper else None
    specs = config.figure_specs(name, figure) if figure else config.specs(name, split)
    there = [spec.path(runs) for spec in specs if spec.path(runs).exists()]
    if not there:
        raise UserError(f"{runs}: no record of {name} yet, expected for example {specs[0].path(runs)}")
    missing = [spec.model for spec in specs if not spec.path(runs).exists()]
    if missing:
        print(f"{len(missing)} of {len(specs)} models of {name} have no record yet", file=sys.stderr)
    return Chosen(chosen.kind, there, missing, chosen.title, chosen.top, paper)


def full(kind: str, name: str) -> str:
    """2 -> table2; a name that is no number stays."""
    return f"{kind}{name}" if name[:1].isdigit() else name


def show(table: Table, out: Path | None) -> None:
    """Write a table (.csv, .md, .tex and .json), or print it."""
    if out is None:
        typer.echo(table.grid.markdown(), nl=False)
    else:
        table.write(out)
