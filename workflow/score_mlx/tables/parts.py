"""Tables that the paper prints under one number: table7a and table7b are the parts of table7."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from score_mlx.system.errors import UserError
from score_mlx.system.files import write_csv, write_text


def wholes(tables: Iterable[str]) -> dict[str, list[str]]:
    """Each number with its parts: `["table6", "table7a", "table7b"]` -> `{"table7": ["table7a", "table7b"]}`."""
    tables, found = list(tables), {}
    for name in tables:
        numbered = re.fullmatch(r"(.*\d)[a-z]", name)
        if numbered and numbered[1] not in tables:
            found.setdefault(numbered[1], []).append(name)
    return {whole: parts for whole, parts in found.items() if len(parts) > 1}


def join(parts: Sequence[Path], out: Path) -> None:
    """Write the rows of all parts under a new first column `part`, and their .md, .tex and .json one after the other.

    Args:
        parts: the .csv of each part, its .md, .tex and .json beside it; a part's name is its file's without `table`.
        out: the .csv of the whole.

    Raises:
        UserError: parts with different columns.
    """
    columns: list[str] | None = None
    rows: list[list[str]] = []
    for part in parts:
        with part.open(encoding="utf-8", newline="") as file:
            head, *body = csv.reader(file)
        if columns not in (None, head):
            raise UserError(f"{part}: columns {', '.join(head)}, expected those of {parts[0]}, {', '.join(columns)}")
        columns = head
        rows += [[part.stem.removeprefix("table"), *row] for row in body]
    for suffix in (".md", ".tex"):
        texts = [part.with_suffix(suffix).read_text(encoding="utf-8") for part in parts]
        write_text(out.with_suffix(suffix), "\n".join(texts))
    grids = [json.loads(part.with_suffix(".json").read_text(encoding="utf-8")) for part in parts]
    write_text(out.with_suffix(".json"), json.dumps({"parts": grids}, indent=1, ensure_ascii=False) + "\n")
    write_csv(out, ["part", *(columns or [])], rows)
