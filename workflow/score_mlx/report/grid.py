"""The rows of the .csv files that the page reads."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from score_mlx.system.errors import UserError
from score_mlx.tables.table import Grid


def read_rows(path: Path, needed: Sequence[str]) -> list[dict[str, str]]:
    """The rows of a .csv by its heads; [] where there is no such file, since the page then says so.

    Raises:
        UserError: not a CSV, or one of the columns `needed` is not there.
    """
    if not path.exists():
        return []
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream, restkey="", restval="")
            heads, rows = reader.fieldnames or [], list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as reason:
        raise UserError(f"{path}: not a CSV file ({reason})") from None
    lacking = [name for name in needed if name not in heads]
    if lacking:
        raise UserError(f"{path}: column {lacking[0]} is missing, found {', '.join(heads) or 'none'}")
    for number, row in enumerate(rows, start=2):
        if "" in row:
            raise UserError(f"{path}: line {number} has more cells than the {len(heads)} of the head")
    return rows


def grid_of(rows: list[dict[str, str]], title: str) -> Grid | None:
    """Rows of a .csv as they are; None without rows."""
    if not rows:
        return None
    return Grid(title, [name.replace("_", " ") for name in rows[0]], [list(row.values()) for row in rows])
