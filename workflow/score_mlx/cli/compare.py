"""`score-mlx compare`: which depth wins on a data set, by a test that holds for folds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from score_mlx.cli.options import show
from score_mlx.cli.outputs import TableOut
from score_mlx.data.splits import Split
from score_mlx.models.graphs.choices import Configuration
from score_mlx.models.graphs.spec import CONFIGS, GraphSpec
from score_mlx.runs.objective import Task
from score_mlx.system.errors import UserError

if TYPE_CHECKING:
    from score_mlx.runs.run import FoldRun


def compare(
    dataset: Annotated[str, typer.Argument(help="a built-in's name or the path of the CSV that was trained on")],
    against: Annotated[Configuration, typer.Option(help="the depth that others are compared with")] = CONFIGS[0],
    epoch: Annotated[Literal["last", "best"], typer.Option(help="best was chosen on the test fold")] = "last",
    split: Annotated[Split | None, typer.Option(help="where records have several")] = None,
    task: Annotated[Task | None, typer.Option(help="where records have both")] = None,
    column: Annotated[
        list[str] | None, typer.Option(help="one of several target columns that were trained on; to be repeated")
    ] = None,
    out: TableOut = None,
    folder: Annotated[Path, typer.Option("--runs", help="folder in which to look for records")] = Path("results/runs"),
) -> None:
    """Compare depths on a data set: every graph network with a record against the same network of another depth.

    Folds share training data, so the test is the corrected paired t test (Nadeau and Bengio 2003), adjusted by Holm for
    the number of comparisons.

    With several target columns each is compared by itself; the end counts how often each depth and each model is the
    best.

    Example: score-mlx compare my.csv
    """
    from score_mlx.data.dataset_names import column_dataset, dataset_name
    from score_mlx.tables import compare as analysis

    names = {name: column_dataset(dataset, name) for name in column or []} or {"": dataset_name(dataset)}
    found = {}
    for name, folder_name in names.items():
        runs = _runs(folder / folder_name, task, split)
        found[name] = runs, analysis.comparison(runs, against, epoch)
    if len({runs[0].spec.task for runs, _ in found.values()}) > 1:
        raise UserError(f"{folder}: some columns are numbers and some classes; expected a --task that all have")
    for name, (runs, rows) in found.items():
        file = out.with_name(f"{out.stem}-{names[name]}{out.suffix}") if out and len(found) > 1 else out
        show(analysis.table(f"Depth on {runs[0].dataset.label}, against {against}", runs, rows, epoch), file)
        typer.echo("\n".join([*[""][: file is None], *analysis.conclusion(rows, runs[0].metric)]))
        if len(found) > 1:
            typer.echo("")
    if len(found) > 1:
        typer.echo("\n".join(analysis.over_columns(found, epoch)))


def _runs(place: Path, task: str | None, split: str | None) -> list[FoldRun]:
    """The graph networks with a record below a data set's folder, of one task and one kind of folds.

    Raises:
        UserError: there are none, or of several.
    """
    from score_mlx.models.families import read_run
    from score_mlx.runs.records import records_below
    from score_mlx.runs.run import FoldRun

    start = f"{place.name}-"
    known = sorted(other.name.removeprefix(start) for other in place.parent.glob(f"{start}*"))
    hint = f"; of target columns there is {' '.join(f'--column {name}' for name in known)}" if known else ""
    paths = records_below(place / GraphSpec.FAMILY, f"trained graph networks{hint}")
    runs = [read_run(path, FoldRun) for path in paths]
    runs = _alike(runs, "task", task, lambda run: run.spec.task, place)
    return _alike(runs, "split", split, lambda run: run.spec.split, place)


def _alike(
    runs: list[FoldRun], option: str, wanted: str | None, value: Callable[[FoldRun], str], place: Path
) -> list[FoldRun]:
    """The runs of a wanted value.

    Raises:
        UserError: there are none, or none is wanted and there are several.
    """
    found = [run for run in runs if wanted in (None, value(run))]
    values = sorted({value(run) for run in found})
    if len(values) != 1:
        there = f"records with {option} {' and '.join(values)}" if values else f"no record with {option} {wanted}"
        raise UserError(f"{place}: {there}; expected a --{option} that records have")
    return found
