"""`score-mlx figure`: what is drawn from run records."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from score_mlx.cli.options import Dataset, Paper, PresetName, Records, Runs, Title, from_config, full, settled_config
from score_mlx.cli.outputs import ending
from score_mlx.experiments.registry import DRAWN_BY
from score_mlx.system.errors import UserError


def figure(
    name: Annotated[str, typer.Argument(help="2 or figure2")],
    out: Annotated[Path, typer.Option(help="write this .png and its .pdf", callback=ending(".png"))],
    records: Records = None,
    title: Title = None,
    paper: Paper = None,
    drawing: Annotated[str | None, typer.Option(help="by default config.yaml's", hidden=True)] = None,
    baseline: Annotated[Path | None, typer.Option(help="run.json of a model to draw as a line")] = None,
    dataset: Dataset = None,
    preset: PresetName = None,
    runs: Runs = Path("results/runs"),
) -> None:
    """Draw a figure from run records.

    While models still train: score-mlx figure 2 --out so_far.png
    """
    from score_mlx.models.families import read_run
    from score_mlx.tables import formats

    name = full("figure", name)
    experiment, drawing = (None, drawing) if drawing and (records or drawing == "schema") else _experiment_of(name)
    if experiment is not None and drawing != "schema" and not records:
        chosen = from_config(experiment, dataset, preset, runs, figure=name)
        records, title, paper = chosen.there, title or chosen.title, paper or chosen.paper
    loaded, line = [read_run(path) for path in records or []], read_run(baseline) if baseline else None
    DRAWN_BY[drawing].draw(drawing, loaded, out, formats.heading(name, title), paper, line)


def _experiment_of(figure: str) -> tuple[str, str]:
    """The experiment that a figure shows, and what the figure is."""
    config = settled_config()
    drawn = config.experiment_of
    if figure not in drawn:
        raise UserError(f"config.yaml: no experiment draws {figure}, expected one of {', '.join(drawn)}")
    return drawn[figure], config.experiments[drawn[figure]].drawings[figure]
