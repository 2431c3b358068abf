"""`score-mlx table`, `figure`, `schema`: what is drawn from run records, and the files made from the types."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from score_mlx import project
from score_mlx.errors import UserError
from score_mlx.experiments import LANGUAGE
from score_mlx.spec import AT_RANDOM

if TYPE_CHECKING:
    from score_mlx.analysis.runs import Run
    from score_mlx.config import Config

Records = Annotated[
    list[Path] | None,
    typer.Argument(help="run.json files; by default those that config.yaml lists for it and that exist"),
]
Title = Annotated[str | None, typer.Option(help="by default config.yaml's")]
Paper = Annotated[Path | None, typer.Option(help="the paper's values (.csv)")]
Dataset = Annotated[str | None, typer.Option(help="instead of config.yaml's")]
PresetName = Annotated[str | None, typer.Option(help="instead of config.yaml's")]
Kind = Annotated[str | None, typer.Option(help="what the records are of, by default config.yaml's", hidden=True)]
Runs = Annotated[Path, typer.Option(help="folder in which to look for records")]
TableOut = Annotated[Path | None, typer.Option(help="write this .csv and its .md and .tex instead of printing")]


def table(
    name: Annotated[str, typer.Argument(help="2 or table2")],
    records: Records = None,
    out: TableOut = None,
    title: Title = None,
    kind: Kind = None,
    top: Annotated[int | None, typer.Option(help="how many of the best are marked, by default config.yaml's")] = None,
    paper: Paper = None,
    dataset: Dataset = None,
    preset: PresetName = None,
    runs: Runs = Path("results/runs"),
) -> None:
    """Make a table from run records.

    While models still train: score-mlx table 2 prints what is there so far, and which models are not.
    """
    from score_mlx.analysis import formats, learned, speedup, steps, tables
    from score_mlx.analysis.runs import load

    name = _full("table", name)
    not_run: list[str] = []
    if not records:
        chosen = _from_config(name, dataset, preset, runs)
        records, not_run, kind = chosen.there, chosen.not_run, chosen.kind
        title, top, paper = title or chosen.title, chosen.top if top is None else top, paper or chosen.paper
    heading = formats.heading(name, title)
    if kind in LANGUAGE:
        _show_language(kind, records, out, heading, paper)
        return
    loaded, top = [load(path) for path in records], top or 0
    if kind == "steps":
        rows = steps.steps_table(loaded, steps.read_paper(paper) if paper else {})
        _show(out, steps.COLUMNS, steps.READABLE, rows, heading, steps.caption(loaded))
        return
    if kind == "learned_dt":
        rows = learned.learned_table(loaded)
        _show(out, learned.columns(loaded), learned.READABLE, rows, heading, learned.caption(loaded))
        return
    if kind == "speedup":
        rows = speedup.speedup_table(loaded, speedup.read_paper(paper) if paper else {})
        _show(out, speedup.COLUMNS, speedup.READABLE, rows, heading, speedup.caption(loaded))
        return
    rows = tables.model_table(loaded, tables.read_paper(paper) if paper else {}, top=top, not_run=not_run)
    _show(out, tables.COLUMNS, tables.READABLE, rows, heading, tables.caption(loaded, top))


def _show_language(kind: str, records: list[Path], out: Path | None, heading: str, paper: Path | None) -> None:
    """A table of language models."""
    from score_mlx.analysis import challenge, characters
    from score_mlx.analysis.language_runs import load

    runs, made = [load(path) for path in records], {"characters": characters, "challenge": challenge}[kind]
    make = characters.characters_table if kind == "characters" else challenge.challenge_table
    rows = make(runs, made.read_paper(paper) if paper else {})
    _show(out, made.COLUMNS, made.READABLE, rows, heading, made.caption(runs))


def sensitivity(
    name: Annotated[str, typer.Argument(help="1 or table1")],
    records: Records = None,
    out: TableOut = None,
    dataset: Dataset = None,
    preset: PresetName = None,
    runs: Runs = Path("results/runs"),
) -> None:
    """Make the table of how much best epoch and repeated molecules move each number, from records of both splits."""
    from score_mlx.analysis import formats
    from score_mlx.analysis import sensitivity as analysis
    from score_mlx.analysis.runs import load

    name = _full("table", name)
    if not records:
        records = [p for split in AT_RANDOM for p in _from_config(name, dataset, preset, runs, split).there]
    loaded = [load(path) for path in records]
    plain, grouped = ([run for run in loaded if run.spec.split == split] for split in AT_RANDOM)
    rows = analysis.sensitivity_table(plain, grouped)
    heading = f"{formats.spoken(name)}, sensitivity to the best epoch and to repeated molecules"
    _show(out, analysis.COLUMNS, analysis.READABLE, rows, heading, analysis.caption(plain))


def shap(
    values: Annotated[Path, typer.Argument(help="the .npz of `score-mlx data shap`")],
    out: TableOut = None,
    figure: Annotated[Path | None, typer.Option(help="write a summary plot, this .png and its .pdf")] = None,
    count: Annotated[int, typer.Option(min=1, help="descriptors in the table")] = 100,
) -> None:
    """Make the table of the descriptors that SHAP ranks highest, and their summary plot."""
    from score_mlx.analysis import selection as analysis
    from score_mlx.classical.selection import Selection

    selection = Selection.load(values)
    rows, columns = analysis.selection_table(selection, count), analysis.columns(len(selection.importance))
    _show(out, columns, analysis.READABLE, rows, "Descriptors by mean |SHAP|", analysis.caption(selection.about))
    if figure:
        from score_mlx.plots import shap_summary

        shap_summary.draw(selection, figure)


def figure(
    name: Annotated[str, typer.Argument(help="2 or figure2")],
    out: Annotated[Path, typer.Option(help="write this .png and its .pdf")],
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
    from score_mlx.analysis import formats
    from score_mlx.analysis.language_runs import load_any as load

    name = _full("figure", name)
    experiment, drawing = (None, drawing) if drawing and (records or drawing == "schema") else _experiment_of(name)
    if drawing != "schema" and not records:
        chosen = _from_config(experiment, dataset, preset, runs, figure=name)
        records, title, paper = chosen.there, title or chosen.title, paper or chosen.paper
    loaded = [load(path) for path in records or []]
    _draw(drawing, loaded, out, formats.heading(name, title), paper, load(baseline) if baseline else None)


def _draw(drawing: str, loaded: list[Run], out: Path, heading: str, paper: Path | None, baseline: Run | None) -> None:
    """The figure of that kind; plotting libraries are imported by the one that needs them."""
    from score_mlx.analysis import steps, tables

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
    made["run.language.schema.json"], made["run.meta.schema.json"] = SCHEMA["language"], SCHEMA["meta"]
    return {name: json.dumps(value, indent=2, ensure_ascii=False) + "\n" for name, value in made.items()}


@dataclass(frozen=True)
class Chosen:
    """What config.yaml says of an experiment, and which of its records exist."""

    kind: str
    there: list[Path]
    not_run: list[str]
    title: str
    top: int
    paper: Path | None


def _from_config(
    name: str,
    dataset: str | None,
    preset: str | None,
    runs: Path,
    split: str | None = None,
    figure: str | None = None,
) -> Chosen:
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


def settled_config(dataset: str | None = None, preset: str | None = None) -> Config:
    """config.yaml with its preset settled for this machine."""
    from score_mlx.config import load
    from score_mlx.presets import resolve

    given = {"dataset": dataset, "preset": preset}
    return resolve(load(project.root() / "config.yaml", {key: value for key, value in given.items() if value}))


def _experiment_of(figure: str) -> tuple[str, str]:
    """The experiment that a figure shows, and what the figure is."""
    experiments = settled_config().experiments
    drawn = {figure: (name, drawing) for name, e in experiments.items() for figure, drawing in e.drawings.items()}
    if figure not in drawn:
        raise UserError(f"config.yaml: no experiment draws {figure}, expected one of {', '.join(drawn)}")
    return drawn[figure]


def _show(out: Path | None, columns, readable, rows, heading: str, notes: list[str]) -> None:
    """Write a table, or print it."""
    from score_mlx.analysis import formats

    if out is None:
        typer.echo(formats.markdown(readable, rows, heading, notes), nl=False)
    else:
        formats.write_all(out, columns, readable, rows, heading, notes)


def _full(kind: str, name: str) -> str:
    """2 -> table2; a name that is no number stays."""
    return f"{kind}{name}" if name[:1].isdigit() else name
