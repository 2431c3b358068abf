"""A table as the page shows it, read from one of the files that the pipeline writes."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from score_mlx.system.errors import UserError
from score_mlx.tables.formats import read_markdown

NUMBER = re.compile(r"[-+−]?[\d,.]+(e[-+]?\d+)?( ?%)?( ± [\d.,]+)?\*?|diverged")


@dataclass(frozen=True)
class Grid:
    """Rows of text under their heads.

    Attributes:
        title, notes: what is said above it.
        heads: of the columns.
        rows: as many texts each.
    """

    title: str
    heads: list[str]
    rows: list[list[str]]
    notes: tuple[str, ...] = ()

    @property
    def numeric(self) -> list[bool]:
        """Of each column, whether it holds numbers and nothing else, and so stands to the right."""
        columns = zip(*self.rows, strict=True) if self.rows else ([""] for _ in self.heads)
        return [any(column) and all(not text or NUMBER.fullmatch(text) for text in column) for column in columns]

    @property
    def named_by(self) -> int:
        """The column that names the rows: the first one of words."""
        return self.numeric.index(False) if False in self.numeric else 0


def read_grid(path: Path) -> Grid:
    """The .md file of a table.

    Raises:
        UserError: it cannot be read, or holds no table.
    """
    try:
        title, notes, (heads, *rows) = read_markdown(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValueError) as reason:
        raise UserError(f"{path}: not a table ({reason})") from None
    for number, row in enumerate(rows, start=1):
        if len(row) != len(heads):
            raise UserError(f"{path}: row {number} has {len(row)} cells, expected {len(heads)}")
    return Grid(title, heads, rows, tuple(notes))


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
