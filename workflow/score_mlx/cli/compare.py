"""`score-mlx compare`: which depth wins on a data set, by a test that holds for folds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from score_mlx.cli.options import show
from score_mlx.cli.outputs import TableOut
from score_mlx.data.splits import SPLITS
from score_mlx.models.graphs.spec import CONFIGS, GraphSpec
from score_mlx.system.errors import UserError


def compare(
    dataset: Annotated[str, typer.Argument(help="a built-in's name or the path of the CSV that was trained on")],
    against: Annotated[Literal[CONFIGS], typer.Option(help="the depth that others are compared with")] = CONFIGS[0],
    epoch: Annotated[Literal["last", "best"], typer.Option(help="best was chosen on the test fold")] = "last",
    split: Annotated[Literal[SPLITS] | None, typer.Option(help="where records have several")] = None,
    out: TableOut = None,
    folder: Annotated[Path, typer.Option("--runs", help="folder in which to look for records")] = Path("results/runs"),
) -> None:
    """Say which depth wins on a data set: every graph network with a record beside the same one of another depth.

    Folds share training data, so the test is the corrected paired t test (Nadeau and Bengio 2003), adjusted by Holm for
    the number of comparisons.

    Example: score-mlx compare my.csv
    """
    from score_mlx.data.dataset_names import dataset_name
    from score_mlx.models.families import read_run
    from score_mlx.runs.run import FoldRun
    from score_mlx.tables import compare as analysis
    from score_mlx.tables.table import Table

    name = dataset_name(dataset)
    place = folder / name / GraphSpec.FAMILY
    paths = sorted(place.rglob("run.json"))
    if not paths:
        raise UserError(f"{place}: no run.json below it, expected trained graph networks")
    runs = [run for path in paths if (run := read_run(path, FoldRun)).spec.split == split or split is None]
    splits = sorted({run.spec.split for run in runs})
    if len(splits) != 1:
        found = f"records with split {' and '.join(splits)}" if splits else f"no record with split {split}"
        raise UserError(f"{folder / name}: {found}; expected a --split that records have")
    rows = analysis.comparison(runs, against, epoch)
    title, notes = f"Depth on {runs[0].dataset.label}, against {against}", analysis.caption(runs, epoch)
    show(Table(title, analysis.COLUMNS, rows, notes, analysis.READABLE), out)
    typer.echo("\n".join([*[""][: out is None], *analysis.conclusion(rows)]))
