"""`score-mlx table`, `figure`, `schema`: what is drawn from run records, and the files made from the types."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from score_mlx import project
from score_mlx.errors import UserError

if TYPE_CHECKING:
    from score_mlx.config import Config

Records = Annotated[
    list[Path] | None,
    typer.Argument(help="run.json files; by default those that config.yaml lists for it and that exist"),
]
Title = Annotated[str | None, typer.Option(help="by default config.yaml's")]
Paper = Annotated[Path | None, typer.Option(help="the paper's values (.csv)")]
Dataset = Annotated[str | None, typer.Option(help="instead of config.yaml's")]
PresetName = Annotated[str | None, typer.Option(help="instead of config.yaml's")]
Runs = Annotated[Path, typer.Option(help="folder in which to look for records")]


def table(
    name: Annotated[str, typer.Argument(help="2 or table2")],
    records: Records = None,
    out: Annotated[Path | None, typer.Option(help="write this .csv and its .md and .tex instead of printing")] = None,
    title: Title = None,
    top: Annotated[int, typer.Option(help="how many of the best are marked")] = 13,
    paper: Paper = None,
    dataset: Dataset = None,
    preset: PresetName = None,
    runs: Runs = Path("results/runs"),
) -> None:
    """Make a table from run records.

    While models still train: score-mlx table 2 prints what is there so far, and which models are not.
    """
    from score_mlx.analysis import formats, tables
    from score_mlx.analysis.runs import load

    name = _full("table", name)
    not_run: list[str] = []
    if not records:
        records, not_run, title, paper = _from_config(name, dataset, preset, runs, title, paper)
    loaded = [load(path) for path in records]
    rows = tables.model_table(loaded, tables.read_paper(paper) if paper else {}, top=top, not_run=not_run)
    heading = f"{_spoken(name)}. {title}" if title else _spoken(name)
    if out is None:
        typer.echo(formats.markdown(rows, heading, tables.caption(loaded)), nl=False)
    else:
        formats.write_all(out, tables.COLUMNS, rows, heading, tables.caption(loaded))


def figure(
    name: Annotated[str, typer.Argument(help="2 or figure2")],
    out: Annotated[Path, typer.Option(help="write this .png and its .pdf")],
    records: Records = None,
    title: Title = None,
    paper: Paper = None,
    baseline: Annotated[Path | None, typer.Option(help="table1.csv, for CatBoost's line")] = None,
    dataset: Dataset = None,
    preset: PresetName = None,
    runs: Runs = Path("results/runs"),
) -> None:
    """Draw a figure from run records.

    While models still train: score-mlx figure 2 --out so_far.png
    """
    from score_mlx.analysis.runs import load
    from score_mlx.analysis.tables import read_paper
    from score_mlx.plots import configurations

    name = _full("figure", name)
    if not records:
        experiment = _experiment_of(name)
        records, _, title, paper = _from_config(experiment, dataset, preset, runs, title, paper)
    configurations.draw(
        [load(path) for path in records],
        out,
        title=f"{_spoken(name)}. {title}" if title else _spoken(name),
        paper=read_paper(paper) if paper else {},
        baseline=configurations.read_baseline(baseline) if baseline else None,
    )


def schema(
    folder: Annotated[Path | None, typer.Argument(help="by default workflow/schemas")] = None,
) -> None:
    """Write the JSON schemas of config.yaml and of run records, made from the types."""
    folder = folder or project.root() / "workflow" / "schemas"
    from score_mlx.files import write_text

    for name, text in schemas().items():
        write_text(folder / name, text)
        typer.echo(folder / name)


def schemas() -> dict[str, str]:
    """File name -> text of every generated schema."""
    from score_mlx.config import Config
    from score_mlx.records import SCHEMA

    made = {"config.schema.json": Config.model_json_schema(), "run.schema.json": SCHEMA["record"]}
    made["run.meta.schema.json"] = SCHEMA["meta"]
    return {name: json.dumps(value, indent=2, ensure_ascii=False) + "\n" for name, value in made.items()}


def _config(dataset: str | None = None, preset: str | None = None) -> Config:
    from score_mlx.config import load
    from score_mlx.presets import resolve

    given = {"dataset": dataset, "preset": preset}
    return resolve(load(project.root() / "config.yaml", {key: value for key, value in given.items() if value}))


def _experiment_of(figure: str) -> str:
    chosen = {experiment.figure: name for name, experiment in _config().experiments.items() if experiment.figure}
    if figure not in chosen:
        raise UserError(f"config.yaml: no experiment draws {figure}, expected one of {', '.join(chosen)}")
    return chosen[figure]


def _from_config(
    name: str, dataset: str | None, preset: str | None, runs: Path, title: str | None, paper: Path | None
) -> tuple[list[Path], list[str], str, Path | None]:
    """The records that exist of an experiment, the models that lack one, its title and the paper's values."""
    config = _config(dataset, preset)
    if name not in config.experiments:
        raise UserError(f"config.yaml: no experiment {name}, expected one of {', '.join(config.experiments)}")
    chosen = config.experiments[name]
    if paper is None and chosen.paper:
        paper = project.root() / "data" / "paper" / chosen.paper
    paths = {spec.model: spec.path(runs) for spec in config.specs(name)}
    there = [path for path in paths.values() if path.exists()]
    if not there:
        raise UserError(f"{runs}: no record of {name} yet, expected for example {next(iter(paths.values()))}")
    missing = [model for model, path in paths.items() if not path.exists()]
    if missing:
        print(f"{len(missing)} of {len(paths)} models of {name} have no record yet", file=sys.stderr)
    return there, missing, title or chosen.title, paper


def _full(kind: str, name: str) -> str:
    return name if name.startswith(kind) else f"{kind}{name}"


def _spoken(name: str) -> str:
    """table2 -> Table 2"""
    kind = name.rstrip("0123456789ab")
    return f"{kind.capitalize()} {name[len(kind) :]}"
