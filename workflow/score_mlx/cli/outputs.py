"""Options that name a file to write: of the kind that is written, and no folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from score_mlx.system.errors import UserError


def ending(suffix: str) -> Callable[[Path | None], Path | None]:
    """A check of an option: its file ends in `suffix`, whose format it gets whatever it is called."""

    def check(path: Path | None) -> Path | None:
        if path is not None and path.suffix.lower() != suffix:
            raise UserError(f"{path}: expected a file that ends in {suffix}, the only format written here")
        if path is not None and path.is_dir():
            raise UserError(f"{path}: a folder, expected a file to write")
        return path

    return check


TableOut = Annotated[
    Path | None,
    typer.Option(help="write this .csv and its .md and .tex instead of printing", callback=ending(".csv")),
]
