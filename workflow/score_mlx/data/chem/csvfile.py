"""Reading a table of molecules that somebody else made: what can be wrong with it is said in one line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from score_mlx.data.chem import formats
from score_mlx.data.chem.columns import place
from score_mlx.system.errors import UserError

SHOWN = 5  # blank lines whose numbers are given


@dataclass(frozen=True)
class RawRow:
    """One row as the file has it.

    Attributes:
        row: 0-based number among the rows below the header; only blank lines do not count.
        line: 1-based line of the file where the row ends, for messages.
        smiles, target, name: the cells, blanks around them removed but for the name; name is "" without a column.
        flaw: what is wrong with the row as a whole, or "".
    """

    row: int
    line: int
    smiles: str
    target: str
    name: str = ""
    flaw: str = ""


def to_stderr(line: str) -> None:
    """The default of `say`."""
    print(line, file=sys.stderr, flush=True)


def read_rows(
    path: str | Path,
    smiles_column: str,
    target_column: str | None,
    name_column: str | None = None,
    say: Callable[[str], None] = to_stderr,
) -> list[RawRow]:
    """Rows of a file of molecules, in any of the `formats`; a byte order mark is accepted.

    Every line below the header is a row, empty cells or not; only blank lines are skipped, and `say` is told of them.

    Args:
        target_column: None where only SMILES are wanted; targets are then "".

    Raises:
        UserError: no such file, empty, another encoding, no or two such columns, no rows, broken quoting.
    """
    found = list(_lines(path, [smiles_column, target_column, name_column], say))
    _tell_blank([line for line, cells, _ in found if cells is None], path, say)
    rows = []
    for line, cells, flaw in found:
        if cells is not None:
            smiles, target, name = cells
            rows.append(RawRow(len(rows), line, smiles.strip(), target.strip(), name, flaw))
    return rows


@dataclass(frozen=True)
class Cells:
    """Some cells of a row, blanks around them removed, and the line where it ends; all are "" in a flawed row."""

    line: int
    values: list[str]


def read_cells(path: str | Path, columns: Sequence[str]) -> list[Cells]:
    """The cells of some columns, numbered as the rows of `read_rows`.

    Raises:
        UserError: as of `read_rows`.
    """
    lines = _lines(path, columns)
    return [Cells(line, [cell.strip() for cell in cells]) for line, cells, _ in lines if cells is not None]


def header_of(path: str | Path) -> list[str]:
    """Names of the columns, [] for an empty file."""
    _, _, header = next(formats.records(path, (), lambda line: None), (0, False, []))
    return [cell.strip() for cell in header]


def _lines(
    path: str | Path, columns: Sequence[str | None], say: Callable[[str], None] = lambda line: None
) -> Iterator[tuple[int, list[str] | None, str]]:
    """(line where it ends, cells of the columns, flaw) of each line; a flaw leaves cells empty, a blank line has none.

    Raises:
        UserError: as of `read_rows`.
    """
    records = formats.records(path, [column for column in columns if column], say)
    _, _, header = next(records, (0, False, []))
    header = [cell.strip() for cell in header]
    if not any(header):
        raise UserError(f"{path}: the file is empty or starts with a blank line, expected a header row")
    places = [place(path, header, column) if column else None for column in columns]
    rows = 0
    for line, blank, cells in records:
        rows += not blank
        if blank:
            yield line, None, ""
        elif len(cells) != len(header):
            count = f"{len(cells)} {'cell' if len(cells) == 1 else 'cells'}"
            yield line, [""] * len(places), f"{count}, the header has {len(header)}"
        else:
            yield line, ["" if there is None else cells[there] for there in places], ""
    if not rows:
        raise UserError(f"{path}: a header but no rows")


def _tell_blank(lines: list[int], path: str | Path, say: Callable[[str], None]) -> None:
    if lines:
        numbers = ", ".join(map(str, lines[:SHOWN])) + (", ..." if len(lines) > SHOWN else "")
        count = f"{len(lines)} blank lines were" if len(lines) > 1 else "a blank line was"
        say(f"{path}: {count} skipped: line {numbers}")
