"""Options that name a file to write: of the kind that is written, and no folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from score_mlx.system.errors import UserError

TABLES = (".csv", ".md", ".tex", ".json", ".xlsx", ".html", ".pdf")


def ending(suffix: str) -> Callable[[Path | None], Path | None]:
    """A check of an option: its file ends in `suffix`, whose format it gets whatever it is called."""

    def check(path: Path | None) -> Path | None:
        if path is not None and path.suffix.lower() != suffix:
            raise UserError(f"{path}: expected a file that ends in {suffix}, the only format written here")
        if path is not None and path.is_dir():
            raise UserError(f"{path}: a folder, expected a file to write")
        return path

    return check


def folder(path: Path | None) -> Path | None:
    """A check of an option that names a folder: it is no file and not called like a table.

    Raises:
        UserError: it is.
    """
    if path is not None and (path.is_file() or path.suffix.lower() in TABLES):
        raise UserError(f"{path}: expected a folder, in which several files are written")
    return path


TableOut = Annotated[
    Path | None,
    typer.Option(help="write this .csv and its .md and .tex instead of printing", callback=ending(".csv")),
]
