"""`score-mlx table`, `sensitivity`, `shap`: what is tabulated from run records."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from score_mlx.cli.chosen import Dataset, Paper, PresetName, Records, Runs, Title, from_config, full
from score_mlx.settings.experiments import LANGUAGE
from score_mlx.spec import AT_RANDOM

Kind = Annotated[str | None, typer.Option(help="what the records are of, by default config.yaml's", hidden=True)]
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

    name = full("table", name)
    not_run: list[str] = []
    if not records:
        chosen = from_config(name, dataset, preset, runs)
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

    name = full("table", name)
    if not records:
        records = [p for split in AT_RANDOM for p in from_config(name, dataset, preset, runs, split).there]
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


def _show(out: Path | None, columns, readable, rows, heading: str, notes: list[str]) -> None:
    """Write a table, or print it."""
    from score_mlx.analysis import formats

    if out is None:
        typer.echo(formats.markdown(readable, rows, heading, notes), nl=False)
    else:
        formats.write_all(out, columns, readable, rows, heading, notes)
