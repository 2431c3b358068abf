"""`score-mlx sample`: text from a trained language model, or from one that still trains."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from score_mlx.models.families import family_of, inputs_of, read_record, spec_from_path, spec_of
from score_mlx.system.errors import UserError


def sample(
    run: Annotated[
        str, typer.Argument(help="run.json of a language model, its folder, also while it trains, or its https address")
    ],
    tokens: Annotated[int, typer.Option(min=1, max=100_000, help="how many to write")] = 500,
    temperature: Annotated[float, typer.Option(min=0.01, max=100, help="1: as the model says; less: bolder")] = 1.0,
    seed: Annotated[int, typer.Option(min=0, max=2**31, help="another one, another text")] = 1337,
    which: Annotated[str, typer.Option(metavar="best|last", help="weights of a finished run")] = "last",
    results: Annotated[Path, typer.Option(help="folder of prepared texts")] = Path("results"),
) -> None:
    """Write text with a trained model's weights; of a run in progress, with those of its checkpoint.

    A folder that `weights export` wrote, or its https address, needs no prepared text; its checksums are checked first.

    Example: score-mlx sample results/runs/tinyshakespeare-char/language/chargpt/SCORE_skip05/default
    """
    if which not in ("best", "last"):
        raise UserError(f"--which {which}: expected best or last")
    from score_mlx.weights.export import VOCABULARY
    from score_mlx.weights.opened import opened

    record = opened(str(run))
    record = record if record.name == "run.json" else record / "run.json"
    # A run that still trains has no record, but its path says what it is.
    spec = spec_of(read_record(record), record) if record.is_file() else spec_from_path(record)
    files, weights = inputs_of(spec, results), _weights(record, which)
    write = family_of(spec).writer(spec, files, weights, record.with_name(VOCABULARY))
    typer.echo(write(tokens, seed, temperature))


def _weights(record: Path, which: str) -> Path:
    """A finished run's file, or the checkpoint of one in progress."""
    weights = record.parent / "weights" / f"{which}.safetensors"
    checkpoint = record.parent / "checkpoints" / "last.safetensors"
    return checkpoint if checkpoint.exists() and not weights.exists() else weights
