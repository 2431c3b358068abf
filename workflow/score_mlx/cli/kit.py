"""`score-mlx kit`: a borrowed machine without network trains a list of runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from score_mlx.cli.options import Dataset, PresetName, settled_config
from score_mlx.system import project

app = typer.Typer(no_args_is_help=True, help="Train on a borrowed machine without network: pack, run there, take in.")
Results = Annotated[Path, typer.Option(help="folder of data and runs")]


@app.command()
def pack(
    what: Annotated[
        list[str],
        typer.Argument(help="files with a record's path or a target a line, the most important first; or targets"),
    ],
    out: Annotated[Path, typer.Option(help="folder for the kit, which is replaced")] = Path("build/kit"),
    part_mb: Annotated[float, typer.Option(min=0.01, help="largest part, in MB (10^6 bytes)")] = 60,
    lock: Annotated[
        Path | None,
        typer.Option(help="of the borrowed machine, e.g. envs/linux-cuda.lock; by default what is installed here"),
    ] = None,
    python: Annotated[str, typer.Option(help="of the borrowed machine, by default this one's version")] = "",
    compression: Annotated[int, typer.Option(min=0, max=9, help="level of xz: 0 is fast, 9 small")] = 6,
    dataset: Dataset = None,
    preset: PresetName = None,
    results: Results = Path("results"),
) -> None:
    """Pack code, packages, prepared data, checkpoints and a list of runs into parts of limited size.

    On the borrowed machine, beside the parts: python3 run.py --hours 0.15 --out OUT. Here: score-mlx kit take OUT.

    Example: score-mlx kit pack language.txt --lock envs/linux-cuda.lock --python 3.12 --preset paper
    """
    from score_mlx.cli.data import ensure
    from score_mlx.cli.queue import listed
    from score_mlx.kit.pack import pack as write
    from score_mlx.kit.portable import MB

    config = settled_config(dataset, preset)
    runs = listed(what, config)
    for spec, _ in runs:
        ensure(spec, results)
    manifest = write(
        runs,
        out,
        root=project.root(),
        results=results,
        preset=config.preset,
        size=int(part_mb * MB),
        lock=lock,
        python=python,
        compression=compression,
    )
    for part in manifest["parts"]:
        typer.echo(f"{out / part['name']}: {part['bytes'] / MB:.1f} MB")
    typer.echo(f"{manifest['runs']} runs; on the other machine, with Python {manifest['python']}: python3 run.py")


@app.command()
def take(
    folder: Annotated[Path, typer.Argument(help="what run.py has written there")],
    results: Results = Path("results"),
) -> None:
    """Take in what came back: records as `score-mlx adopt` does, and checkpoints to go on from.

    Example: score-mlx kit take OUT
    """
    from score_mlx.kit.pack import take as take_in

    taken, there, begun = take_in(folder, results)
    typer.echo(f"{len(taken)} records taken in, {len(there)} were there already, {begun} runs go on from checkpoints")
