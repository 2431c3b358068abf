"""`score-mlx diff`, `adopt`, `export` and `readme`: records compared, taken in, sent on, and shown in a document."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

RecordPath = Annotated[Path, typer.Argument(help="a run.json, or the folder that holds one")]


def diff(a: RecordPath, b: RecordPath) -> None:
    """Say how two run records differ, field by field and fold by fold; exit code 1 where they do.

    Example: score-mlx diff results/runs/esol/graphs/gat/SCORE/default other/runs/esol/graphs/gat/SCORE/default
    """
    from score_mlx.models.check import differences

    lines = differences(_file(a), _file(b))
    typer.echo("\n".join(lines) or "the same run: every field and every epoch of every fold")
    if lines:
        raise typer.Exit(1)


def adopt(
    folder: Annotated[Path, typer.Argument(help="searched for run.json files, e.g. results/reference/runs")],
    results: Annotated[Path, typer.Option(help="folder of data and runs to take them into")] = Path("results"),
    force: Annotated[bool, typer.Option("--force", help="replace records that are there and differ")] = False,
) -> None:
    """Take in run records made elsewhere, so that they are not trained again here.

    All are checked before any is copied. Where a record comes from stays visible: "adopted_from" in its run.meta.json
    and a column in every table.

    Example: score-mlx adopt results/reference/runs
    """
    from score_mlx.models.transfer import adopt as take_in

    taken, there = take_in(folder, results, force=force)
    typer.echo(f"{len(taken)} records taken in, {len(there)} were there already")


def export(
    folder: Annotated[Path, typer.Argument(help="where to write, e.g. results/reference")],
    results: Annotated[Path, typer.Option(help="folder of runs and tables to take from")] = Path("results"),
    figures: Annotated[Path, typer.Option(help="folder of figures to take from")] = Path("paper_figures"),
) -> None:
    """Copy finished records without weights, with tables, figures, config and machine facts, to commit or send them.

    Example: score-mlx export results/reference
    """
    from score_mlx import runtime

    runtime.start()
    from score_mlx.models.transfer import export as copy_out

    typer.echo(f"{copy_out(results, figures, folder)} records in {folder}")


def readme(
    readme: Annotated[Path, typer.Argument(help="README.md, with the lines between which the table goes")],
    table: Annotated[Path, typer.Argument(help="the .md file of a table")],
) -> None:
    """Put the head of a table into README.md."""
    from score_mlx.report.readme import update

    update(readme, table)


def _file(path: Path) -> Path:
    return path / "run.json" if path.is_dir() else path
