"""One table as .csv (everything, for programs), .md and .tex (what a reader compares, for people)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from score_mlx.system.digits import digits
from score_mlx.system.files import write_csv, write_text

Row = Mapping[str, Any]
Readable = Sequence[tuple[str, Callable[[Row], str]]]  # what people read of a row: heading and text

# headings of columns of words
TEXT = (
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
)
TEX_ESCAPES = {
    "\\": r"\textbackslash{}", "_": r"\_", "%": r"\%", "&": r"\&", "#": r"\#", "$": r"\$", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}", "±": r"$\pm$",
}  # fmt: skip


def write_all(
    path: str | Path,
    columns: Sequence[str],
    readable: Readable,
    rows: Sequence[Row],
    title: str,
    notes: Sequence[str],
    shown: Sequence[Row] | None = None,
) -> None:
    """Write `path` (.csv, all columns) and its .md and .tex (what people read), each whole or not at all.

    Args:
        shown: rows that people read, by default all.
    """
    path, read = Path(path), rows if shown is None else shown
    write_text(path.with_suffix(".md"), markdown(readable, read, title, notes))
    write_text(path.with_suffix(".tex"), latex(readable, read, title, notes))
    write_csv(path, columns, [[_cell(name, row[name]) for name in columns] for row in rows])


def markdown(readable: Readable, rows: Sequence[Row], title: str, notes: Sequence[str]) -> str:
    """A heading, a sentence a line, the table."""
    cells = [[_md(head) for head, _ in readable]] + [[_md(show(row)) for _, show in readable] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    left = [head in TEXT for head, _ in readable]
    rule = ["-" * w if is_text else "-" * (w - 1) + ":" for w, is_text in zip(widths, left, strict=True)]
    lines = [f"### {_md(title)}", "", *(f"{_md(note)}  " for note in notes), ""]
    lines += [_pipes(line, widths, left) for line in (cells[0], rule, *cells[1:])]
    return "\n".join(lines) + "\n"


def read_markdown(text: str) -> tuple[str, list[str], list[list[str]]]:
    """What `markdown` wrote: the heading, the sentences, the table with its heads as the first row.

    Raises:
        ValueError: there is no table in it.
    """
    lines = text.splitlines()
    first = next((i for i, line in enumerate(lines) if line.startswith("|")), None)
    if first is None:
        raise ValueError("no line starts with '|', expected a table")
    said = [_plain(line) for line in lines[:first] if line.strip()]
    title = said.pop(0).lstrip("# ") if said and said[0].startswith("#") else ""
    table = [_cells(line) for line in lines[first:] if line.startswith("|")]
    return title, said, [table[0], *table[2:]]


def latex(readable: Readable, rows: Sequence[Row], title: str, notes: Sequence[str]) -> str:
    """A `table` with booktabs rules, to be included in a document."""
    caption = escape_tex(" ".join([f"{title}.", *notes]))
    body = [" & ".join(escape_tex(show(row)) for _, show in readable) + r" \\" for row in rows]
    heads = " & ".join(escape_tex(head) for head, _ in readable) + r" \\"
    return "\n".join(
        [
            "% needs \\usepackage{booktabs}",
            r"\begin{table}",
            rf"\caption{{{caption}}}",
            rf"\begin{{tabular}}{{{''.join('l' if head in TEXT else 'r' for head, _ in readable)}}}",
            r"\toprule",
            heads,
            r"\midrule",
            *body,
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
            "",
        ]
    )


def escape_tex(text: str) -> str:
    """`text` so that LaTeX prints it, whatever a data set is called."""
    return "".join(TEX_ESCAPES.get(character, character) for character in text)


def spoken(name: str) -> str:
    """table2 -> Table 2"""
    kind = name.rstrip("0123456789ab") if name[-2:-1].isdigit() or name[-1:].isdigit() else name
    return f"{kind.replace('_', ' ').capitalize()} {name[len(kind) :]}".strip()


def heading(name: str, title: str | None) -> str:
    """table2 -> Table 2. Graph networks ..."""
    return f"{spoken(name)}. {title}" if title else spoken(name)


def number(value: float | None) -> str:
    """Three decimals as the paper prints them, three digits of a very small or large one; None: a fold diverged."""
    return "diverged" if value is None else digits(value)


def mean_and_std(mean: float | None, std: float | None) -> str:
    """The deviation has the mean's decimals; None: there is one value only."""
    if mean is None:
        return number(None)
    return digits(mean) if std is None else f"{digits(mean)} ± {digits(std, mean)}"


def change(value: float | None, scale: float | None = 1.0) -> str:
    """A difference, signed; empty where there is none.

    Args:
        scale: size of what differs, which says how many digits count.
    """
    return "" if value is None else digits(value, scale, "+")


def change_and_std(mean: float | None, std: float | None, scale: float | None = 1.0) -> str:
    if mean is None:
        return ""
    return change(mean, scale) if std is None else f"{change(mean, scale)} ± {digits(std, scale)}"


def _cell(name: str, value: Any) -> str:
    """Errors to four decimals, or digits where they are small; seconds whole; anything else as it is."""
    if value is None:
        return ""
    if name == "seconds":
        return f"{value:.0f}"
    if not isinstance(value, float) or name.startswith("paper"):
        return str(value)
    return f"{value:.4g}" if 0 < abs(value) < 0.001 else f"{value:.4f}"


def _pipes(cells: Sequence[str], widths: Sequence[int], left: Sequence[bool]) -> str:
    """Padded, so that the table reads as well in a terminal; text to the left, numbers to the right."""
    padded = [
        f"{cell:<{w}}" if is_text else f"{cell:>{w}}" for cell, w, is_text in zip(cells, widths, left, strict=True)
    ]
    return f"| {' | '.join(padded)} |"


def _md(text: str) -> str:
    """No cell may end its own cell or open a tag."""
    return text.replace("|", r"\|").replace("<", "&lt;")


def _plain(text: str) -> str:
    """`_md` undone."""
    return text.strip().replace("&lt;", "<").replace(r"\|", "|")


def _cells(line: str) -> list[str]:
    return [_plain(cell) for cell in re.split(r"(?<!\\)\|", line.strip())[1:-1]]
