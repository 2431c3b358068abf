"""`score-mlx compare`: which depth wins on a data set, by a test that holds for folds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from score_mlx.cli.options import show
from score_mlx.cli.outputs import TableOut
from score_mlx.data.splits import SPLITS
from score_mlx.models.graphs.spec import CONFIGS, GraphSpec
from score_mlx.runs.objective import TASKS
from score_mlx.system.errors import UserError

if TYPE_CHECKING:
    from score_mlx.runs.run import FoldRun


def compare(
    dataset: Annotated[str, typer.Argument(help="a built-in's name or the path of the CSV that was trained on")],
    against: Annotated[Literal[CONFIGS], typer.Option(help="the depth that others are compared with")] = CONFIGS[0],
    epoch: Annotated[Literal["last", "best"], typer.Option(help="best was chosen on the test fold")] = "last",
    split: Annotated[Literal[SPLITS] | None, typer.Option(help="where records have several")] = None,
    task: Annotated[Literal[TASKS] | None, typer.Option(help="where records have both")] = None,
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

    name = dataset_name(dataset)
    place = folder / name / GraphSpec.FAMILY
    paths = sorted(place.rglob("run.json"))
    if not paths:
        raise UserError(f"{place}: no run.json below it, expected trained graph networks")
    runs = [read_run(path, FoldRun) for path in paths]
    runs = _alike(runs, "task", task, lambda run: run.spec.task, folder / name)
    runs = _alike(runs, "split", split, lambda run: run.spec.split, folder / name)
    rows = analysis.comparison(runs, against, epoch)
    show(analysis.table(f"Depth on {runs[0].dataset.label}, against {against}", runs, rows, epoch), out)
    typer.echo("\n".join([*[""][: out is None], *analysis.conclusion(rows, runs[0].metric)]))


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
