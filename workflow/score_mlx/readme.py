"""README's results, taken from the committed table so that the two cannot disagree."""

from __future__ import annotations

from pathlib import Path

from score_mlx.errors import UserError
from score_mlx.files import write_text

START, END = "<!-- table2: made by `make reference` -->", "<!-- end of table2 -->"
ROWS = 13  # as many as the paper lists


def results_block(table: Path) -> str:
    """The caption and the head of a table in Markdown.

    Args:
        table: its .md file.
    """
    lines = table.read_text(encoding="utf-8").splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("|"))
    rows = lines[first : first + 2 + ROWS]
    ranked = [line for line in lines[first + 2 :] if line.startswith("|")]
    trained = sum("not run" not in line for line in ranked)
    says = (
        f"The best of {trained} models trained so far, of {len(ranked)}" if trained < len(ranked) else "The best models"
    )
    about = [line.strip() for line in lines[:first] if line.strip() and not line.startswith("#")]
    rows = [line for line in rows if "not run" not in line]
    return "\n".join([f"{says} ([all]({table.as_posix()})). {about[0]}", "", *rows])


def splice(readme: Path, block: str) -> str:
    """README's text with the part between the markers replaced.

    Raises:
        UserError: the markers are not there.
    """
    text = readme.read_text(encoding="utf-8")
    if START not in text or END not in text:
        raise UserError(f"{readme}: found no lines '{START}' and '{END}', between which the table goes")
    before, rest = text.split(START, 1)
    return f"{before}{START}\n{block}\n{END}{rest.split(END, 1)[1]}"


def update(readme: Path, table: Path) -> None:
    """Put the head of `table` into `readme`."""
    write_text(readme, splice(readme, results_block(table)))
