"""`score-mlx report`, `crate`: what a referee and what a machine reads of all results."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from score_mlx import project
from score_mlx.cli_show import Dataset, PresetName, Runs, settled_config

Tables = Annotated[Path | None, typer.Option(help="folder of tables and verdicts, by default results")]
ConfigFile = Annotated[
    Path | None, typer.Option(help="config.resolved.yaml of the results, instead of config.yaml", hidden=True)
]
Figures = Annotated[Path | None, typer.Option(help="folder of figures, by default paper_figures")]


def report(
    out: Annotated[Path, typer.Option(help="write this .html")] = Path("results/report.html"),
    tables: Tables = None,
    figures: Figures = None,
    runs: Runs = Path("results/runs"),
    results: Annotated[Path, typer.Option(help="folder of the prepared data")] = Path("results"),
    dataset: Dataset = None,
    preset: PresetName = None,
    config: ConfigFile = None,
) -> None:
    """Make one page of all tables, figures, verdicts, claims, costs and where they come from.

    It holds everything itself: no network, no scripts. What has not been made is named there, with its command.

    Example: score-mlx report --tables results/reference --figures results/reference --runs results/reference/runs
    """
    from score_mlx.config import load
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
