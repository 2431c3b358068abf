"""`score-mlx figure`: what is drawn from run records."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from score_mlx.cli.options import Dataset, Paper, PresetName, Records, Runs, Title, from_config, full, settled_config
from score_mlx.cli.outputs import ending
from score_mlx.config.experiments import LANGUAGE
from score_mlx.system.errors import UserError

if TYPE_CHECKING:
    from score_mlx.runs.run import FoldRun


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
    if drawing != "schema" and not records:
        chosen = from_config(experiment, dataset, preset, runs, figure=name)
        records, title, paper = chosen.there, title or chosen.title, paper or chosen.paper
    loaded = [read_run(path) for path in records or []]
    _draw(drawing, loaded, out, formats.heading(name, title), paper, read_run(baseline) if baseline else None)


def _draw(
    drawing: str, loaded: list[FoldRun], out: Path, heading: str, paper: Path | None, baseline: FoldRun | None
) -> None:
    """The figure of that kind; plotting libraries are imported by the one that needs them."""
    from score_mlx.tables import steps, tables

    if drawing == "configurations":
        from score_mlx.plots import configurations

        values = tables.read_paper(paper) if paper else {}
        configurations.draw(loaded, out, title=heading, paper=values, baseline=baseline)
    elif drawing == "steps":
        from score_mlx.plots import steps as depths

        depths.draw(loaded, out, title=heading, paper=steps.read_paper(paper) if paper else {})
    elif drawing == "schema":
        from score_mlx.plots import schema

        schema.draw(out, title=f"{heading}. Depth as a stack and as a recurrence")
    elif drawing.startswith("baselines"):
        from score_mlx.plots import baselines

        draw = baselines.draw if drawing == "baselines" else baselines.draw_beside_schema
        draw(loaded, out, title=heading, paper=tables.read_paper(paper) if paper else {})
    elif drawing in LANGUAGE:
        from score_mlx.plots import challenge, losses

        {"losses": losses, "challenge": challenge}[drawing].draw(loaded, out, title=heading)
    else:
        from score_mlx.plots import curves

        if drawing == "integrators":
            curves.draw_integrators(loaded, out, title=heading)
        else:  # one architecture of several, so the experiment's title is not the figure's
            draw = curves.draw_forms if drawing == "forms" else curves.draw_warp
            draw(loaded, out, title=heading.split(". ")[0])


def _experiment_of(figure: str) -> tuple[str, str]:
    """The experiment that a figure shows, and what the figure is."""
    config = settled_config()
    drawn = config.experiment_of
    if figure not in drawn:
        raise UserError(f"config.yaml: no experiment draws {figure}, expected one of {', '.join(drawn)}")
    return drawn[figure], config.experiments[drawn[figure]].drawings[figure]
