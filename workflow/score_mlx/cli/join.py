"""`score-mlx join`: the parts of a table that the paper prints under one number, as one table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from score_mlx.cli.outputs import ending


def join(
    parts: Annotated[list[Path], typer.Argument(help="the .csv of each part, its .md and .tex beside it")],
    out: Annotated[
        Path, typer.Option(help="the .csv of the whole, beside which come its .md and .tex", callback=ending(".csv"))
    ],
) -> None:
    """Put tables one below the other, with a column that names the part.

    Example: score-mlx join results/table7a.csv results/table7b.csv --out results/table7.csv
    """
    from score_mlx.tables import parts as tables

    tables.join(parts, out)
    typer.echo(str(out))
