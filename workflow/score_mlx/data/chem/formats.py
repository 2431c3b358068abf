"""Files of molecules as chemists have them, each as records of text cells whose first is the header.

A record is (line of the file where it ends, whether that line is blank, its cells). Recognised by the ending of the
file's name, before `.gz` if there is one:

    .csv, .txt, .tsv  separated by comma, semicolon, tab or bar, whichever gives the columns that are asked for
    .smi, .smiles     a SMILES and, after a blank or a tab, a name; no header: the columns are smiles and name
    .sdf              one molecule a record; the columns are smiles, name and the properties
    .parquet          with pyarrow
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from score_mlx.data.dataset_names import ending
from score_mlx.system.errors import UserError

Record = tuple[int, bool, list[str]]
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


def records(path: str | Path, columns: Sequence[str], say: Callable[[str], None]) -> Iterator[Record]:
    """The records of a file, its header first.

    Args:
        columns: that are wanted; they decide which separator a text has.
        say: is told what was recognised that is not the rule.

    Raises:
        UserError: no such file, damaged, not UTF-8, broken quoting, or two separators that both give these columns.
    """
    kind = ending(str(path)).removesuffix(".gz")
    if kind == ".parquet":
        return _parquet(path, _bytes(path))
    text = _decode(path, _bytes(path))
    if kind in (".smi", ".smiles"):
        return _smi(text)
    return _sdf(text) if kind == ".sdf" else _delimited(path, text, _separator(path, text, columns, kind, say))


def _bytes(path: str | Path) -> bytes:
    try:
        content = Path(path).read_bytes()
        return gzip.decompress(content) if str(path).lower().endswith(".gz") else content
    except (EOFError, zlib.error, gzip.BadGzipFile) as reason:
        raise UserError(f"{path}: not a whole gzip file ({reason})") from None
    except OSError as reason:
        raise UserError(f"{path}: cannot read the file ({reason.strerror})") from None


def _decode(path: str | Path, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as reason:
        line = content[: reason.start].count(b"\n") + 1
        byte = content[reason.start]
        raise UserError(
            f"{path}: line {line}: byte 0x{byte:02x} is not UTF-8 (Latin-1 or UTF-16?), expected a file saved as UTF-8"
        ) from None


def _separator(path: str | Path, text: str, columns: Sequence[str], kind: str, say: Callable[[str], None]) -> str:
    """The one under which the header has the wanted columns; by the file's ending where none or only one column has."""
    usual = "\t" if kind == ".tsv" else ","
    headers = {mark: _header(text, mark) for mark in SEPARATORS}
    fitting = [mark for mark, header in headers.items() if columns and all(map(header.count, columns))]
    if not fitting and len(headers[usual]) == 1:  # for the message, which names the columns
        return max(headers, key=lambda mark: len(headers[mark]))
    if not fitting or all(len(headers[mark]) == 1 for mark in fitting):
        return usual
    if len(fitting) > 1:
        both = " or ".join(f"{SEPARATORS[mark]} ({', '.join(headers[mark])})" for mark in fitting)
        raise UserError(f"{path}: the header may be separated by {both}; expected one reading, rename a column")
    if fitting[0] != usual:
        say(f"{path}: read as separated by {SEPARATORS[fitting[0]]}")
    return fitting[0]


def _header(text: str, mark: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader(io.StringIO(text, newline=""), delimiter=mark), [])]
    except csv.Error:
        return []


def _delimited(path: str | Path, text: str, mark: str) -> Iterator[Record]:
    read: list[str] = []  # the lines of the record at hand, to tell a blank line from a row of empty cells

    def remembered() -> Iterator[str]:
        for line in io.StringIO(text, newline=""):
            read.append(line)
            yield line

    reader = csv.reader(remembered(), strict=True, delimiter=mark)
    while True:
        first = reader.line_num + 1
        read.clear()
        try:
            cells = next(reader, None)
        except csv.Error as reason:
            if "unexpected end of data" in str(reason):
                raise UserError(f"{path}: line {first}: a quote is opened and never closed") from None
            raise UserError(f"{path}: line {reader.line_num}: not valid CSV ({reason})") from None
        if cells is None:
            return
        yield reader.line_num, not "".join(read).replace(mark, "x").strip(), cells


def _smi(text: str) -> Iterator[Record]:
    yield 0, False, ["smiles", "name"]
    for line, content in enumerate(io.StringIO(text), 1):
        if content.startswith("\t") and content.strip():  # a name after no SMILES
            yield line, False, ["", content.strip()]
            continue
        found = re.match(r"\s*(\S+(?:[ \t]+\|[^|]*\|)?)[ \t]*(.*)", content)  # with the extension of a CXSMILES
        yield line, found is None, [found[1], found[2].strip()] if found else ["", ""]


def _sdf(text: str) -> Iterator[Record]:
    from rdkit import Chem, rdBase

    from score_mlx.data.chem.guarded import UNREADABLE

    blocks, line, found = re.split(r"(?m)^\$\$\$\$[^\S\n]*\r?\n?", text), 0, []
    if not blocks[-1].strip():
        blocks.pop()
    for block in blocks:
        line += block.count("\n") + 1
        supplier = Chem.SDMolSupplier()
        with rdBase.BlockLogs():
            supplier.SetData(block, sanitize=True, removeHs=True)
            molecule = supplier[0] if len(supplier) else None
        values = dict(re.findall(r"(?m)^>.*?<([^>\n]+)>.*\r?\n(.*(?:\r?\n(?!\r?\n|>|\$\$\$\$).+)*)", block))
        name = block.split("\n", 1)[0].strip()
        smiles = UNREADABLE if molecule is None else Chem.MolToSmiles(molecule)  # every block has its row
        found.append((line, {"smiles": smiles, "name": name} | {key: value.strip() for key, value in values.items()}))
    header = list(dict.fromkeys(["smiles", "name", *(key for _, cells in found for key in cells)]))
    yield 0, False, header
    for line, cells in found:
        yield line, False, [cells.get(key, "") for key in header]


def _parquet(path: str | Path, content: bytes) -> Iterator[Record]:
    try:
        from pyarrow import ArrowException, BufferReader, parquet  # pyright: ignore[reportMissingImports]  # optional
    except ImportError:
        raise UserError(f"{path}: reading parquet needs pyarrow: pip install pyarrow") from None
    try:
        table = parquet.read_table(BufferReader(content))
    except (ArrowException, OSError) as reason:
        raise UserError(f"{path}: not a parquet file ({str(reason).splitlines()[0]})") from None
    yield 0, False, [str(name) for name in table.column_names]
    for row, cells in enumerate(zip(*(column.to_pylist() for column in table.columns), strict=True), 1):
        yield row, False, ["" if cell is None else str(cell) for cell in cells]
