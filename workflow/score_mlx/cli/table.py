"""`score-mlx table`, `sensitivity`, `shap`: what is tabulated from run records."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from score_mlx.cli.options import Dataset, Paper, PresetName, Records, Runs, Title, from_config, full, show
from score_mlx.cli.outputs import TableOut
from score_mlx.data.splits import AT_RANDOM

Kind = Annotated[str | None, typer.Option(help="what the records are of, by default config.yaml's", hidden=True)]


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
    from score_mlx.experiments.models.settings import ModelsExperiment
    from score_mlx.experiments.registry import KINDS
    from score_mlx.models.families import read_run
    from score_mlx.tables import formats

    name = full("table", name)
    not_run: list[str] = []
    if not records:
        chosen = from_config(name, dataset, preset, runs)
        records, not_run, kind = chosen.there, chosen.not_run, chosen.kind
        title, top, paper = title or chosen.title, chosen.top if top is None else top, paper or chosen.paper
    made_by = KINDS.get(kind or "", ModelsExperiment)
    loaded = [read_run(path, made_by.run_kind) for path in records]
    show(made_by.table(formats.heading(name, title), loaded, paper, top or 0, not_run), out)


def sensitivity(
    name: Annotated[str, typer.Argument(help="1 or table1")],
    records: Records = None,
    out: TableOut = None,
    dataset: Dataset = None,
    preset: PresetName = None,
    runs: Runs = Path("results/runs"),
) -> None:
    """Make the table of how much best epoch and repeated molecules move each number, from records of both splits."""
    from score_mlx.models.families import read_run
    from score_mlx.runs.run import FoldRun
    from score_mlx.tables import formats
    from score_mlx.tables import sensitivity as analysis
    from score_mlx.tables.table import Table

    name = full("table", name)
    if not records:
        records = [p for split in AT_RANDOM for p in from_config(name, dataset, preset, runs, split).there]
    loaded = [read_run(path, FoldRun) for path in records]
    plain, grouped = ([run for run in loaded if run.spec.split == split] for split in AT_RANDOM)
    rows = analysis.sensitivity_table(plain, grouped)
    heading = f"{formats.spoken(name)}, sensitivity to the best epoch and to repeated molecules"
    show(Table(heading, analysis.COLUMNS, rows, analysis.caption(plain), analysis.READABLE), out)


def shap(
    values: Annotated[Path, typer.Argument(help="the .npz of `score-mlx data shap`")],
    out: TableOut = None,
    figure: Annotated[Path | None, typer.Option(help="write a summary plot, this .png and its .pdf")] = None,
    count: Annotated[int, typer.Option(min=1, help="descriptors in the table")] = 100,
) -> None:
    """Make the table of the descriptors that SHAP ranks highest, and their summary plot."""
    from score_mlx.models.classical.selection import Selection
    from score_mlx.tables import selection as analysis
    from score_mlx.tables.table import Table

    selection = Selection.load(values)
    rows, columns = analysis.selection_table(selection, count), analysis.columns(len(selection.importance))
    show(Table("Descriptors by mean |SHAP|", columns, rows, analysis.caption(selection), analysis.READABLE), out)
    if figure:
        from score_mlx.plots import shap_summary

        shap_summary.draw(selection, figure)
