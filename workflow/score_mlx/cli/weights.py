"""`score-mlx weights`: trained weights as folders to publish."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

import typer

from score_mlx import runtime
from score_mlx.cli.options import Dataset, PresetName, from_config, full
from score_mlx.system import project
from score_mlx.system.errors import UserError

app = typer.Typer(no_args_is_help=True, help="Trained weights as folders to publish.")


@app.command()
def export(
    name: Annotated[
        str, typer.Argument(help="an experiment of config.yaml (2 or table2, figure3), or the folder of one run")
    ],
    out: Annotated[Path, typer.Option(help="folder to write, one folder a model in it")] = Path("build/weights"),
    runs: Annotated[Path, typer.Option(help="folder in which to look for records")] = Path("results/runs"),
    dataset: Dataset = None,
    preset: PresetName = None,
) -> None:
    """Write the weights of a table's models, or of one run, each with config, record, model card and checksums.

    Such a folder can be uploaded to a model hub as it is, and `score-mlx predict` takes it or its address. Models that
    keep no weights (trees, SVR, Lasso) are left out. Of a language model, which has no folds, `score-mlx sample` writes
    text.

    Example: score-mlx weights export table2 --out build/weights
    """
    runtime.start()
    from score_mlx.data.sources import load_sources
    from score_mlx.weights.export import export_run
    from score_mlx.weights.sums import verify

    sources = load_sources(project.root() / "data" / "sources.yaml")
    if (Path(name) / "run.json").is_file():
        records, results = [Path(name) / "run.json"], None
    else:
        found = from_config(full("table", name), dataset, preset, runs).there
        records, results = [record for record in found if (record.parent / "weights").is_dir()], runs.parent
    if not records:
        raise UserError(
            f"{runs}: no weights of {name}; records from other machines come without them, training here makes them"
        )
    for record in records:
        folder = out / _label(record)
        export_run(record, folder, sources, results)
        verify(folder)
        typer.echo(folder)


@app.command()
def check(folder: Annotated[Path, typer.Argument(help="of one model, as `weights export` writes it")]) -> None:
    """Hold a model's folder to its checksums; exit code 2 where a file is missing or changed.

    Example: score-mlx weights check build/weights/SCORE_gat
    """
    from score_mlx.weights.sums import read_sums, verify

    verify(folder)
    typer.echo(f"{folder}: {len(read_sums(folder / 'SHA256SUMS'))} files as listed")


@app.command()
def measure(
    model: Annotated[str, typer.Argument(help="folder that `weights export` wrote, its address, or a run's folder")],
    which: Annotated[Literal["best", "last"], typer.Option(help="weights")] = "best",
    results: Annotated[
        Path | None,
        typer.Option(help="folder of prepared data, which are made where missing"),
    ] = None,
) -> None:
    """Compute the error of stored weights again, on the data that they were tested on; exit code 1 where it is another.

    With the same MLX, BLAS and kernels it is the record's to 1e-6; elsewhere sums are rounded otherwise, up to 1e-4.

    Example: score-mlx weights measure build/weights/esol-SCORE_gat
    """
    runtime.start()
    from score_mlx.cli.data import ensure
    from score_mlx.models.families import read_record, spec_of
    from score_mlx.runs.spec import results_of
    from score_mlx.weights.measured import measured
    from score_mlx.weights.opened import opened

    record = opened(model)
    spec = spec_of(read_record(record), record)
    place = results or results_of(spec, record)
    ensure(spec, place)
    found = measured(record, place, which)
    for value in found:
        typer.echo(value)
    if any(value.differs for value in found):
        raise typer.Exit(1)


def _label(record: Path) -> str:
    """A folder's name: the model, and what of it is not the default, as hubs take it (no blanks)."""
    from score_mlx.models.families import spec_from_path

    spec = spec_from_path(record)
    name = f"{spec.dataset}-{spec.model}" + ("" if spec.options == "default" else f"-{spec.options}")
    return re.sub(r"[^\w.,=+-]+", "_", name).strip("_")


def release(
    out: Annotated[Path, typer.Argument(help="folder to write, emptied first")] = Path("build/release"),
    weights: Annotated[Path, typer.Option(help="folder of models that `weights export` wrote")] = Path("build/weights"),
    metadata: Annotated[bool, typer.Option("--metadata", help="only renew .zenodo.json from CITATION.cff")] = False,
) -> None:
    """Make the files of a release: the last commit's code, exported weights, metadata, checksums. Nothing is uploaded.

    Example: score-mlx release build/release
    """
    from score_mlx.weights.release import release as make
    from score_mlx.weights.release import write_metadata

    if metadata:
        typer.echo(write_metadata(project.root()))
        return
    for path in make(project.root(), out, weights if weights.is_dir() else None):
        typer.echo(f"{path.stat().st_size:12,}  {path}")
