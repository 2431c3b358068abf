"""`score-mlx runs`, `estimate`: which runs there are, what they have cost, and what is still to come."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from score_mlx.cli.options import Dataset, PresetName, settled_config, show
from score_mlx.cli.outputs import TableOut
from score_mlx.system.errors import UserError

if TYPE_CHECKING:
    from score_mlx.config.settings import Config
    from score_mlx.runs.run import Run

Folder = Annotated[Path, typer.Option("--runs", help="folder in which to look for records")]


def runs(
    where: Annotated[
        list[str] | None,
        typer.Argument(help="column=text, e.g. model=gat|gcn options=steps; == for the whole text; all must hold"),
    ] = None,
    out: TableOut = None,
    folder: Folder = Path("results/runs"),
) -> None:
    """List every finished run with its result and its cost.

    Example: score-mlx runs model=SCORE_gat dataset=esol
    """
    from score_mlx.tables import catalogue
    from score_mlx.tables.table import Table

    known = catalogue.catalogue(_known(folder))
    rows = catalogue.matching(known, _conditions(where or [], catalogue.columns(known)))
    seconds = sum(row["seconds"] or 0 for row in rows)
    notes = [f"{len(rows)} runs, {seconds / 3600:.1f} hours one after another."]
    show(Table("Runs", catalogue.columns(rows), rows, notes, catalogue.readable(rows)), out)


def estimate(
    target: Annotated[str, typer.Argument(help="all, table7a, results/table7a.csv, paper_figures/figure13.png ...")],
    jobs: Annotated[int | None, typer.Option(min=1, help="side by side, by default one a core")] = None,
    dataset: Dataset = None,
    preset: PresetName = None,
    folder: Folder = Path("results/runs"),
    reference: Annotated[Path, typer.Option(help="records to go by where this machine has none like it")] = Path(
        "results/reference/runs"
    ),
) -> None:
    """Say how long a target will take here and how much of it is done, from what finished runs have cost.

    Example: score-mlx estimate table7a
    """
    from score_mlx.config.targets import target_specs
    from score_mlx.data.chem.columns import some
    from score_mlx.data.chem.parallel import cores
    from score_mlx.models.estimate import estimate as compute

    config = settled_config(dataset, preset)
    specs, rows = target_specs(config, Path(target).stem), _rows(config)
    here = _known(folder) if folder.exists() else []
    done = {run.spec for run in here}
    # Seconds of other machines are better than none.
    elsewhere = [run for run in (_known(reference) if reference.exists() else []) if run.spec not in done]
    found, side_by_side = compute(specs, done, here + elsewhere, rows), jobs or cores()
    typer.echo(f"{target}: {found.done} of {found.done + found.missing} runs done")
    if found.missing:
        about = f"{_time(found.hours(side_by_side))}, {side_by_side} side by side"
        known = f"about {about}; the longest takes {_time(found.longest / 3600)}" if found.longest else "no estimate"
        typer.echo(f"the other {found.missing}: {known}")
        size = "" if rows is None else f", in proportion to {rows} molecules"
        typer.echo(f"by {len(here)} runs in {folder} and {len(elsewhere)} in {reference}{size}")
    if found.unknown:
        typer.echo(f"not counted, nothing like it has been run: {some(found.unknown)}")


def _time(hours: float) -> str:
    """`3.4 hours`, `12 minutes`, `less than a minute`."""
    if hours >= 1:
        return f"{hours:.1f} hours"
    minutes = round(hours * 60)
    return "less than a minute" if not minutes else "1 minute" if minutes == 1 else f"{minutes} minutes"


def _rows(config: Config) -> int | None:
    """Molecules of a reader's data set: as prepared from this very file, else the rows of it.

    Raises:
        UserError: the file is not there, or has no column of SMILES.
    """
    from score_mlx.data.chem.csvfile import read_rows
    from score_mlx.data.chem.prepared import load_info
    from score_mlx.system import project
    from score_mlx.system.files import sha256

    if not config.own_csv:
        return None
    file, prepared = project.root() / config.own_csv, Path("results", "data", config.dataset_name)
    if file.is_file() and (prepared / "dataset.json").is_file():
        info = load_info(prepared)
        if info.get("source_sha256") == sha256(file):
            return info["rows"]
    return len(read_rows(file, config.smiles_column, config.column, say=lambda line: None))


def _conditions(where: list[str], columns: tuple[str, ...]) -> dict[str, str]:
    """`model=gat` -> {"model": "gat"}."""
    from score_mlx.system.errors import unknown

    pairs = [text.partition("=") for text in where]
    for name, equals, _ in pairs:
        if not equals or name not in columns:
            raise UserError(unknown("column", name, columns))
    return {name: text for name, _, text in pairs}


def _known(folder: Path) -> list[Run]:
    from score_mlx.models.families import read_run
    from score_mlx.runs.records import records_below

    return [read_run(path) for path in records_below(folder)]
