"""One table as .csv (everything, for programs), .md and .tex (what a reader compares, for people)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from score_mlx.files import write_csv, write_text

Row = Mapping[str, Any]

# Decimals in the .csv; anything else is written as it is.
DECIMALS = {
    **dict.fromkeys(("rmse_mean", "rmse_std", "last_rmse_mean", "last_rmse_std", "difference"), 4),
    "seconds": 0,
}
TEX_ESCAPES = {
    "\\": r"\textbackslash{}", "_": r"\_", "%": r"\%", "&": r"\&", "#": r"\#", "$": r"\$", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}", "±": r"$\pm$",
}  # fmt: skip


def write_all(path: str | Path, columns: Sequence[str], rows: Sequence[Row], title: str, notes: Sequence[str]) -> None:
    """Write `path` (.csv) and its .md and .tex, each whole or not at all."""
    path = Path(path)
    write_text(path.with_suffix(".md"), markdown(rows, title, notes))
    write_text(path.with_suffix(".tex"), latex(rows, title, notes))
    write_csv(path, columns, [[_cell(name, row[name]) for name in columns] for row in rows])


def markdown(rows: Sequence[Row], title: str, notes: Sequence[str]) -> str:
    """A heading, a sentence a line, the table."""
    cells = [[head for head, _ in READABLE]] + [[_md(show(row)) for _, show in READABLE] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    rule = [
        "-" * width if name == "model" else "-" * (width - 1) + ":"
        for name, width in zip(cells[0], widths, strict=True)
    ]
    lines = [f"### {_md(title)}", "", *(f"{_md(note)}  " for note in notes), ""]
    lines += [_pipes(line, widths) for line in (cells[0], rule, *cells[1:])]
    return "\n".join(lines) + "\n"


def latex(rows: Sequence[Row], title: str, notes: Sequence[str]) -> str:
    """A `table` with booktabs rules, to be included in a document."""
    caption = escape_tex(" ".join([f"{title}.", *notes]))
    body = [" & ".join(escape_tex(show(row)) for _, show in READABLE) + r" \\" for row in rows]
    heads = " & ".join(escape_tex(head) for head, _ in READABLE) + r" \\"
    return "\n".join(
        [
            "% needs \\usepackage{booktabs}",
            r"\begin{table}",
            rf"\caption{{{caption}}}",
            r"\begin{tabular}{rlrrrrrr}",
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


def _rmse(mean: str, std: str) -> Callable[[Row], str]:
    def show(row: Row) -> str:
        if row[mean] is None:
            ours = mean.endswith("rmse_mean")
            if row["rank"] is None:
                return "not run" if mean == "rmse_mean" else ""
            return "diverged" if ours else ""
        return f"{number(row[mean])} ± {number(row[std])}"

    return show


def number(value: float) -> str:
    """Three decimals as the paper prints them; a run that blew up keeps a readable width."""
    return f"{value:.3f}" if abs(value) < 1000 else f"{value:.2g}"


# What people read of a row: heading and text. The .csv has the rest.
READABLE: tuple[tuple[str, Callable[[Row], str]], ...] = (
    ("rank", lambda row: f"{row['rank'] or ''}{row['top'] or ''}"),
    ("model", lambda row: row["model"]),
    ("RMSE", _rmse("rmse_mean", "rmse_std")),
    ("last RMSE", _rmse("last_rmse_mean", "last_rmse_std")),
    ("paper", lambda row: _rmse("paper_mean", "paper_std")(row) if row["comparable"] == "yes" else ""),
    ("difference", lambda row: "" if row["difference"] is None else f"{row['difference']:+.3f}"),
    ("parameters", lambda row: "" if row["parameters"] is None else f"{row['parameters']:,}"),
    ("seconds", lambda row: "" if row["seconds"] is None else f"{row['seconds']:.0f}"),
)


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.{DECIMALS[name]}f}" if name in DECIMALS else str(value)


def _pipes(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Padded, so that the table reads as well in a terminal; the model's name to the left, numbers to the right."""
    padded = [
        f"{cell:<{w}}" if place == 1 else f"{cell:>{w}}"
        for place, (cell, w) in enumerate(zip(cells, widths, strict=True))
    ]
    return f"| {' | '.join(padded)} |"


def _md(text: str) -> str:
    """No cell may end its own cell or open a tag."""
    return text.replace("|", r"\|").replace("<", "&lt;")
