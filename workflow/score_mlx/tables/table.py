"""A table: its rows for programs (.csv), and what people read of them (.md, .tex, .json, the page, README)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from score_mlx.system.errors import UserError
from score_mlx.system.files import write_csv, write_text
from score_mlx.tables.formats import escape_tex

Row = Mapping[str, Any]
Readable = Sequence[tuple[str, Callable[[Row], str]]]  # what people read of a row: heading and text

# headings of columns of words
WORDS = (
    "model",
    "architectures",
    "effect",
    "options",
    "missing",
    "descriptor",
    "target",
    "row",
    "column",
    "verdict",
    "reason",
    "claim",
    "comparison",
    "conclusion",
    "details",
)
NUMBER = re.compile(r"[-+−]?[\d,.]+(e[-+]?\d+)?( ?%)?( ± [\d.,]+)?\*?|diverged")


@dataclass(frozen=True)
class Grid:
    """Rows of text under their heads: a table as people read it.

    Attributes:
        title, notes: what is said above it, a sentence an item.
        heads: of the columns.
        rows: as many texts each.
        texts: what is printed whole below it, each with its name: what a language model wrote.
    """

    title: str
    heads: list[str]
    rows: list[list[str]]
    notes: tuple[str, ...] = ()
    texts: tuple[tuple[str, str], ...] = ()

    @classmethod
    def read(cls, path: Path) -> Grid:
        """The .json file of a table.

        Raises:
            UserError: it cannot be read, or holds no table.
        """
        try:
            held = json.loads(path.read_text(encoding="utf-8"))
            texts = tuple((str(name), str(text)) for name, text in held.get("texts", ()))
            grid = cls(str(held["title"]), list(held["heads"]), list(held["rows"]), tuple(held["notes"]), texts)
        except (OSError, UnicodeDecodeError, ValueError, TypeError, KeyError) as reason:
            raise UserError(f"{path}: not a table ({reason!r})") from None
        for number, row in enumerate(grid.rows, start=1):
            if not isinstance(row, list) or len(row) != len(grid.heads):
                found = len(row) if isinstance(row, list) else type(row).__name__
                raise UserError(f"{path}: row {number} has {found} cells, expected {len(grid.heads)}")
        return grid

    @property
    def numeric(self) -> list[bool]:
        """Of each column, whether it holds numbers and nothing else, and so stands to the right."""
        columns = zip(*self.rows, strict=True) if self.rows else ([""] for _ in self.heads)
        return [any(column) and all(not text or NUMBER.fullmatch(text) for text in column) for column in columns]

    @property
    def named_by(self) -> int:
        """The column that names the rows: the first one of words."""
        return self.numeric.index(False) if False in self.numeric else 0

    def json(self) -> str:
        """What `read` reads."""
        held = asdict(self)
        if not self.texts:
            del held["texts"]
        return json.dumps(held, indent=1, ensure_ascii=False) + "\n"

    def markdown(self) -> str:
        """A heading, a sentence a line, the table, and the texts below it."""
        lines = [f"### {_md(self.title)}", "", *self.sentences(), "", *self.pipes()]
        for name, text in self.texts:
            fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))  # longer than any in the text
            lines += ["", f"**{_md(name)}**", "", f"{fence}text", text, fence]
        return "\n".join(lines) + "\n"

    def sentences(self) -> list[str]:
        """The notes in Markdown, each a line of its own."""
        return [f"{_md(note)}  " for note in self.notes]

    def pipes(self) -> list[str]:
        """The table in Markdown, a line a row, padded so that it reads as well in a terminal."""
        cells = [[_md(text) for text in row] for row in (self.heads, *self.rows)]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        words = [head in WORDS for head in self.heads]
        rule = ["-" * w if left else "-" * (w - 1) + ":" for w, left in zip(widths, words, strict=True)]
        return [_line(row, widths, words) for row in (cells[0], rule, *cells[1:])]

    def latex(self) -> str:
        """A `table` with booktabs rules, to be included in a document, and the texts as paragraphs after it."""
        caption = escape_tex(" ".join([f"{self.title}.", *self.notes]))
        heads, *body = (" & ".join(map(escape_tex, row)) + r" \\" for row in (self.heads, *self.rows))
        return "\n".join(
            [
                "% needs \\usepackage{booktabs}",
                r"\begin{table}",
                rf"\caption{{{caption}}}",
                rf"\begin{{tabular}}{{{''.join('l' if head in WORDS else 'r' for head in self.heads)}}}",
                r"\toprule",
                heads,
                r"\midrule",
                *body,
                r"\bottomrule",
                r"\end{tabular}",
                r"\end{table}",
                *(
                    line
                    for name, text in self.texts
                    for line in (rf"\paragraph{{{escape_tex(name)}}}", _tex_lines(text))
                ),
                "",
            ]
        )


@dataclass(frozen=True)
class Table:
    """A table with everything that is known of its rows.

    Attributes:
        title: what it is about.
        columns: of the .csv, in order.
        rows: with these keys.
        notes: what a reader must know, a sentence an item.
        readable: what people read of a row.
        shown: rows that people read, None for all.
        texts: printed whole below it, each with its name.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Row]
    notes: Sequence[str]
    readable: Readable
    shown: Sequence[Row] | None = None
    texts: Sequence[tuple[str, str]] = ()

    @cached_property
    def grid(self) -> Grid:
        """What people read of it."""
        rows = self.rows if self.shown is None else self.shown
        texts = [[show(row) for _, show in self.readable] for row in rows]
        heads = [head for head, _ in self.readable]
        return Grid(self.title, heads, texts, tuple(self.notes), tuple(self.texts))

    def write(self, path: str | Path) -> None:
        """Write `path` (.csv, all columns) and its .md, .tex and .json (what people read), each whole or not at all."""
        path = Path(path)
        write_text(path.with_suffix(".md"), self.grid.markdown())
        write_text(path.with_suffix(".tex"), self.grid.latex())
        write_text(path.with_suffix(".json"), self.grid.json())
        write_csv(path, self.columns, [[_cell(name, row[name]) for name in self.columns] for row in self.rows])


def _cell(name: str, value: Any) -> str:
    """Errors to four decimals, or digits where they are small; seconds whole; anything else as it is."""
    if value is None:
        return ""
    if name == "seconds":
        return f"{value:.0f}"
    if not isinstance(value, float) or name.startswith("paper"):
        return str(value)
    return f"{value:.4g}" if 0 < abs(value) < 0.001 else f"{value:.4f}"


def _line(cells: Sequence[str], widths: Sequence[int], words: Sequence[bool]) -> str:
    """Text to the left, numbers to the right."""
    padded = [f"{cell:<{w}}" if left else f"{cell:>{w}}" for cell, w, left in zip(cells, widths, words, strict=True)]
    return f"| {' | '.join(padded)} |"


def _tex_lines(text: str) -> str:
    """A text with its line breaks."""
    return "\\\\\n".join(escape_tex(line) or r"\mbox{}" for line in text.splitlines())


def _md(text: str) -> str:
    """No cell may end its own cell or open a tag."""
    return text.replace("|", r"\|").replace("<", "&lt;")
