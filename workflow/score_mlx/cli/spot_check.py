"""`score-mlx spot-check`: committed records trained again and compared."""

from __future__ import annotations

import math
import os
import shutil
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from score_mlx.cli.options import show
from score_mlx.cli.outputs import TableOut
from score_mlx.system import project
from score_mlx.system.errors import UserError

if TYPE_CHECKING:
    from score_mlx.report.spot_check import Drawn
    from score_mlx.runs.spec import Spec
    from score_mlx.tables.table import Table


def spot_check(
    count: Annotated[int, typer.Option("--n", "-n", min=1, help="records to train again")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="another one draws other records")] = 0,
    longest: Annotated[
        float | None, typer.Option(min=0, help="draw among records that took at most so many seconds")
    ] = None,
    source: Annotated[Path | None, typer.Option("--from", help="folder of records, by default the committed")] = None,
    results: Annotated[Path, typer.Option(help="where to train; its runs are removed first")] = Path(
        "build/spot-check"
    ),
    cores: Annotated[int | None, typer.Option(min=1, help="runs side by side, by default one a core")] = None,
    out: TableOut = None,
) -> None:
    """Train randomly drawn records again with the present code and compare the results with the records.

    Exit code 1 where one differs by more than noise.

    Example: score-mlx spot-check -n 10 --out results/spot_check.csv
    """
    from score_mlx.report import spot_check as check

    folder = source or project.root() / "results" / "reference" / "runs"
    limit = math.inf if longest is None else longest
    drawn = check.draw(folder, count, seed, limit)
    _train(drawn.specs, folder, results, cores)
    table = _compared(drawn, folder, results / "runs", seed, limit)
    show(table, out)
    differing = check.failed(table.rows)
    typer.echo(f"{count - len(differing)} of {count} records came out as they say")
    if differing:
        raise typer.Exit(1)


def _compared(drawn: Drawn, then: Path, now: Path, seed: int, longest: float) -> Table:
    """The table of the records below `then` beside those trained below `now`."""
    from score_mlx.models.families import read_record, read_run
    from score_mlx.report import spot_check as check
    from score_mlx.runs.run import FoldRun, of_kind
    from score_mlx.tables.table import Table
    from score_mlx.verdict.rerun import Reruns

    reruns = Reruns(of_kind(map(read_run, sorted(then.rglob("run.json"))), FoldRun))
    places = [[spec.path(below) for below in (then, now)] for spec in drawn.specs]
    pairs = [(read_run(old, FoldRun), read_run(new, FoldRun)) for old, new in places]
    science = [read_record(old).science == read_record(new).science for old, new in places]
    rows = check.comparison(pairs, science, reruns)
    notes = check.caption(rows, drawn, seed, longest, reruns)
    return Table("Committed records trained again", check.COLUMNS, rows, notes, check.READABLE)


def _train(specs: list[Spec], reference: Path, results: Path, cores: int | None) -> None:
    """Each of `specs` from the start, below `results`.

    Raises:
        UserError: a run failed, or the folder holds something else than runs of a spot check.
    """
    from score_mlx.cli.queue import command
    from score_mlx.data.chem.parallel import cores as all_cores
    from score_mlx.models.bundles import Wanted
    from score_mlx.models.queue import Queue
    from score_mlx.models.resources import measured

    mark = results / ".spot-check"
    if results.exists() and any(results.iterdir()) and not mark.exists():
        raise UserError(f"{results}: not a folder of spot checks, expected an empty or a new one")
    results.mkdir(parents=True, exist_ok=True)
    mark.touch()
    shutil.rmtree(results / "runs", ignore_errors=True)
    seconds = {run.spec: run.meta.seconds for run in measured(reference)}
    queue = Queue(
        [Wanted(spec, seconds.get(spec)) for spec in specs],
        results,
        lambda specs: command(specs, results, "paper"),
        environment=os.environ | {"MLX_ENABLE_TF32": "0"},  # products in full precision, as committed records have them
        cores=cores or all_cores(),
        say=typer.echo,
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: queue.stop())
    outcome = queue.work()
    if outcome.failed:
        raise UserError("; ".join(f"{path} failed: {why}" for path, why in outcome.failed.items()))
    if outcome.stopped or outcome.left:
        raise UserError(f"stopped with {len(outcome.stopped) + len(outcome.left)} of {len(specs)} records not trained")
