"""Reading a table of molecules that somebody else made: what can be wrong with it is said in one line."""

from __future__ import annotations

import csv
import difflib
import io
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


def read_rows(path: str | Path, smiles_column: str, target_column: str, name_column: str | None = None) -> list[RawRow]:
    """Rows of a comma-separated UTF-8 file with a header; a byte order mark is accepted.

    Raises:
        UserError: no such file, empty, another encoding, no or two such columns, no rows, broken quoting.
    """
    reader = csv.reader(_decode(Path(path)))
    try:
        header = [cell.strip() for cell in next(reader, [])]
        if not any(header):
            raise UserError(f"{path}: the file is empty or starts with a blank line, expected a header row")
        wanted = [smiles_column, target_column] + ([name_column] if name_column else [])
        places = [_place(path, header, column) for column in wanted]
        rows = []
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append(_row(len(rows), reader.line_num, cells, len(header), places))
    except csv.Error as reason:
        raise UserError(f"{path}: line {reader.line_num}: not valid CSV ({reason})") from None
    if not rows:
        raise UserError(f"{path}: a header but no rows")
    return rows


def header_of(path: str | Path) -> list[str]:
    """Names of the columns, [] for an empty file."""
    return [cell.strip() for cell in next(csv.reader(_decode(Path(path))), [])]


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


def _row(row: int, line: int, cells: list[str], width: int, places: list[int]) -> RawRow:
    if len(cells) != width:
        return RawRow(row, line, "", "", flaw=f"{len(cells)} cells, the header has {width}")
    smiles, target, *name = (cells[place] for place in places)
    return RawRow(row, line, smiles.strip(), target.strip(), name[0] if name else "")
