"""`score-mlx beyond`: the tables and figures of experiments that the paper lacks."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from score_mlx.cli.options import Dataset, PresetName, Runs, settled_config, show
from score_mlx.cli.outputs import TableOut
from score_mlx.runs.spec import unknown
from score_mlx.system.errors import UserError

if TYPE_CHECKING:
    from score_mlx.config.settings import Config


def beyond(
    name: Annotated[str, typer.Argument(help="a key of config.yaml's `beyond`, as factorial")],
    out: TableOut = None,
    figure: Annotated[
        Path | None, typer.Option(help="draw this .png and its .pdf, where the kind has a figure")
    ] = None,
    config_file: Annotated[Path | None, typer.Option("--config", help="by default the project's config.yaml")] = None,
    dataset: Dataset = None,
    preset: PresetName = None,
    runs: Runs = Path("results/runs"),
) -> None:
    """Make the tables of an experiment beyond the paper from the existing records; missing ones are named.

    Example: score-mlx beyond factorial --runs results/reference/runs
    """
    from score_mlx.config.file import load

    config = load(config_file) if config_file else settled_config(dataset, preset)
    if name not in config.beyond:
        raise UserError("config.yaml: " + unknown("experiment of beyond", name, config.beyond))
    make(name, config, runs, out, figure)


def make(name: str, config: Config, folder: Path, out: Path | None, figure: Path | None) -> None:
    """Tables into `out`, or on the terminal, and the figure, from the records below `folder`.

    Raises:
        UserError: none of its records is there, or table and figure would overwrite each other.
    """
    from score_mlx.models.families import read_run
    from score_mlx.runs.run import FoldRun

    if out and figure and out.with_suffix("") == figure.with_suffix(""):
        raise UserError(f"{figure}: a figure's caption is a .md file too, expected another folder or name than {out}")
    specs = config.beyond_specs(name)
    there = {spec: read_run(spec.path(folder), FoldRun) for spec in specs if spec.path(folder).exists()}
    missing = [spec for spec in specs if spec not in there]
    if not there:
        raise UserError(f"{folder}: no record of {name} yet, expected for example {specs[0].path(folder)}")
    if missing:
        first = missing[0].path(folder)
        print(f"{name}: {len(missing)} of {len(specs)} records are missing, first {first}", file=sys.stderr)
    chosen = config.beyond[name]
    for ending, table in chosen.tables(config, there, missing).items():
        if ending and out is None:
            typer.echo()
        show(table, out and out.with_name(f"{out.stem}{ending}.csv"))
    if figure and chosen.drawn:
        chosen.draw(there, missing, figure)
