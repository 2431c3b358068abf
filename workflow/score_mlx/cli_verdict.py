"""`score-mlx verdict`: every published number and every claim, judged from whatever records there are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def verdict(
    source: Annotated[
        Path, typer.Option("--from", help="folder of run records: ours, or those of another machine")
    ] = Path("results/runs"),
    out: Annotated[
        Path | None, typer.Option(help="folder for verdict.csv, each with its .md and .tex; by default printed only")
    ] = None,
) -> None:
    """Judge the paper by run records: which numbers are reproduced, which claims hold. Nothing is trained.

    What has no record yet reads "not run". A record with cuts or of other molecules counts as not comparable; one of
    another schema or of an unknown preset is refused.

    Example: score-mlx verdict --from results/reference/runs
    """
    from score_mlx import project
    from score_mlx.analysis import formats
    from score_mlx.config import load
    from score_mlx.verdict import numbers
    from score_mlx.verdict.pool import Evidence, Pool, paper_protocol
    from score_mlx.verdict.published import read_published

    root = project.root()
    evidence = Evidence(Pool.read(source), paper_protocol(load(root / "config.yaml")), repeats=(0,))
    rows = numbers.verdict_table(evidence, read_published(root / "data" / "paper"))
    if out:
        formats.write_all(
            out / "verdict.csv", numbers.COLUMNS, numbers.READABLE, rows, "Every published number", numbers.caption()
        )
