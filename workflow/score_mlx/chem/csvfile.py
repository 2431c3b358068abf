"""Reading a table of molecules that somebody else made: what can be wrong with it is said in one line."""

from __future__ import annotations

import csv
import difflib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from score_mlx.errors import UserError


@dataclass(frozen=True)
class RawRow:
    """One row as the file has it.

    Attributes:
        row: 0-based number among the rows below the header; blank lines do not count.
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


def read_rows(
    path: str | Path, smiles_column: str, target_column: str | None, name_column: str | None = None
) -> list[RawRow]:
    """Rows of a comma-separated UTF-8 file with a header; a byte order mark is accepted.

    Args:
        target_column: None where only SMILES are wanted; targets are then "".

    Raises:
        UserError: no such file, empty, another encoding, no or two such columns, no rows, broken quoting.
    """
    rows = []
    for line, (smiles, target, name), flaw in _lines(path, [smiles_column, target_column, name_column]):
        rows.append(RawRow(len(rows), line, smiles.strip(), target.strip(), name, flaw))
    return rows


def read_column(path: str | Path, column: str) -> list[str]:
    """The cells of one column, blanks around them removed, numbered as the rows of `read_rows`; "" in a flawed row.

    Raises:
        UserError: as of `read_rows`.
    """
    return [cells[0].strip() for _, cells, _ in _lines(path, [column])]


def header_of(path: str | Path) -> list[str]:
    """Names of the columns, [] for an empty file."""
    return [cell.strip() for cell in next(csv.reader(_decode(Path(path))), [])]


def _lines(path: str | Path, columns: Sequence[str | None]) -> list[tuple[int, list[str], str]]:
    """(line where it ends, cells of the columns, flaw) of each row that is not blank; a flaw leaves cells empty."""
    reader = csv.reader(_decode(Path(path)))
    found = []
    try:
        header = [cell.strip() for cell in next(reader, [])]
        if not any(header):
            raise UserError(f"{path}: the file is empty or starts with a blank line, expected a header row")
        places = [_place(path, header, column) if column else None for column in columns]
        for cells in reader:
            if len(cells) != len(header) and any(map(str.strip, cells)):
                flaw = f"{len(cells)} cells, the header has {len(header)}"
                found.append((reader.line_num, [""] * len(places), flaw))
            elif any(map(str.strip, cells)):
                found.append((reader.line_num, ["" if place is None else cells[place] for place in places], ""))
    except csv.Error as reason:
        raise UserError(f"{path}: line {reader.line_num}: not valid CSV ({reason})") from None
    if not found:
        raise UserError(f"{path}: a header but no rows")
    return found


def _decode(path: Path) -> io.StringIO:
    """The text, to be read by lines as the csv module wants them."""
    try:
        content = path.read_bytes()
    except OSError as reason:
        raise UserError(f"{path}: cannot read the file ({reason.strerror})") from None
    try:
        return io.StringIO(content.decode("utf-8-sig"), newline="")
    except UnicodeDecodeError as reason:
        line = content[: reason.start].count(b"\n") + 1
        byte = content[reason.start]
        raise UserError(
            f"{path}: line {line}: byte 0x{byte:02x} is not UTF-8 (Latin-1 or UTF-16?), expected a file saved as UTF-8"
        ) from None


def _place(path: str | Path, header: list[str], column: str) -> int:
    """Position of the one column of that name."""
    if header.count(column) == 1:
        return header.index(column)
    if column in header:
        raise UserError(f"{path}: {header.count(column)} columns are called '{column}', expected one")
    near = _nearest(column, header)
    hint = f"; did you mean '{near}'?" if near else ""
    if len(header) == 1 and any(mark in header[0] for mark in ";\t|"):
        hint = "; the file does not seem to be separated by commas"
    raise UserError(f"{path}: no column '{column}', found {', '.join(header)}{hint}")


def _nearest(column: str, header: list[str]) -> str | None:
    folded = {name.casefold(): name for name in header}
    near = difflib.get_close_matches(column.casefold(), folded, n=1)
    return folded[near[0]] if near else None
