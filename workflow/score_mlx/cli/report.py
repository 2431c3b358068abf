"""`score-mlx report`, `crate`: what a referee and what a machine reads of all results."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from score_mlx.cli.options import Dataset, PresetName, Runs, settled_config
from score_mlx.cli.outputs import ending
from score_mlx.system import project

Tables = Annotated[Path | None, typer.Option(help="folder of tables and verdicts, by default results")]
ConfigFile = Annotated[
    Path | None, typer.Option(help="config.resolved.yaml of the results, instead of config.yaml", hidden=True)
]
Figures = Annotated[Path | None, typer.Option(help="folder of figures, by default paper_figures")]


def report(
    out: Annotated[Path, typer.Option(help="write this .html", callback=ending(".html"))] = Path("results/report.html"),
    tables: Tables = None,
    figures: Figures = None,
    runs: Runs = Path("results/runs"),
    results: Annotated[Path, typer.Option(help="folder of the prepared data")] = Path("results"),
    dataset: Dataset = None,
    preset: PresetName = None,
    config: ConfigFile = None,
) -> None:
    """Make one page of all tables, figures, verdicts, claims, costs and where they come from.

    The page is one file, without network and scripts. It names what has not been made, with the command that makes it.

    Example: score-mlx report --tables results/reference --figures paper_figures/reference --runs results/reference/runs
    """
    from score_mlx.config.file import load
    from score_mlx.report.page import Places, write_page

    settled = load(config) if config else settled_config(dataset, preset)
    places = Places(
        project=project.root(),
        tables=tables or Path(settled.tables_folder),
        figures=figures or Path(settled.figures_folder),
        runs=runs,
        results=results,
    )
    for line in write_page(out, settled, places):
        typer.echo(line)
    typer.echo(f"{out}: {out.stat().st_size / 2**20:.1f} MB")


def crate(
    folder: Annotated[Path, typer.Argument(help="a folder of results with runs/ in it")] = Path("results"),
    check: Annotated[bool, typer.Option(help="hold it to its profiles, which takes seconds for every few runs")] = True,
    advice: Annotated[bool, typer.Option("--advice", help="list recommendations that are not followed")] = False,
) -> None:
    """Describe a folder of results for machines: a Provenance Run Crate, checked offline by roc-validator.

    Writes ro-crate-metadata.json, and a copy of the workflow into the folder. Exit code 1 where a profile's requirement
    is not met.

    Example: score-mlx crate results/reference
    """
    from score_mlx.report.crate import NAME, write_crate

    runs = write_crate(folder, project.root())
    typer.echo(f"{folder / NAME}: {runs} runs")
    if not check:
        return
    from score_mlx.report.crate_check import PROFILE, check_crate

    found = check_crate(folder)
    typer.echo(f"{PROFILE} and the profiles below it: {found.made} checks, {len(found.broken)} requirements not met")
    typer.echo(f"{len(found.advice)} recommendations not followed" + ("" if advice else ", see --advice"))
    for line in [*found.broken, *(found.advice if advice else [])]:
        typer.echo(f"  {line}")
    for line in found.skipped:
        typer.echo(f"not checked: {line}")
    if found.broken:
        raise typer.Exit(1)
