"""`score-mlx verdict`: every published number and every claim, judged from whatever records there are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from score_mlx.cli.outputs import folder

TABLES = (
    "verdict",
    "claims",
    "pairs",
    "contrasts",
    "informativeness",
    "epochs",
    "conclusions",
    "robustness",
    "verdict_summary",
)


def verdict(
    source: Annotated[
        Path, typer.Option("--from", help="folder of run records: ours, or those of another machine")
    ] = Path("results/runs"),
    out: Annotated[
        Path | None, typer.Option(help="write the tables into this folder: .csv, .md and .tex of each", callback=folder)
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(help=f"one of {', '.join(TABLES)}; repeatable"),
    ] = None,
) -> None:
    """Judge the paper by run records: which numbers are reproduced, which claims hold. Nothing is trained.

    Numbers and claims without a record are "not run". A record with cuts or of other molecules counts as not
    comparable; one of another schema or of an unknown preset is refused. Prints the short form, or nothing with --only.

    Example: score-mlx verdict --from results/reference/runs
    """
    from score_mlx.config.file import load
    from score_mlx.system import project
    from score_mlx.system.errors import UserError, unknown
    from score_mlx.verdict.report import Verdict

    for name in only or ():
        if name not in TABLES:
            raise UserError(unknown("table", name, TABLES))
    if only and not out:
        raise UserError("--only: expected --out, the folder to write into")
    root = project.root()
    judged = Verdict(source, load(root / "config.yaml"), root / "data" / "paper")
    if out:
        judged.write(out, only or TABLES)
    if not only:
        typer.echo(judged.short())
