"""Results in README and docs, taken from the committed tables so that the two cannot disagree."""

from __future__ import annotations

import os
from pathlib import Path

from score_mlx.system.errors import UserError
from score_mlx.system.files import write_text

ROWS = 13  # as many of the graph networks as the paper lists


def results_block(table: Path, page: Path) -> str:
    """The caption and the head of a table in Markdown.

    Args:
        table: its .md file.
        page: the page that it goes into, from which it is linked.
    """
    lines = table.read_text(encoding="utf-8").splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("|"))
    rows = lines[first : first + 2 + ROWS]
    ranked = [line for line in lines[first + 2 :] if line.startswith("|")]
    trained = sum("not run" not in line for line in ranked)
    says = "All models" if len(ranked) <= ROWS else f"The best of {len(ranked)} models"
    if trained < len(ranked):
        says = f"The best of {trained} models trained so far, of {len(ranked)}"
    about = [line.strip() for line in lines[:first] if line.strip() and not line.startswith("#")]
    rows = [line for line in rows if "not run" not in line]
    link = Path(os.path.relpath(table, page.parent)).as_posix()
    return "\n".join([f"{says} ([table]({link})). {about[0]}", "", *rows])


def block(table: Path, page: Path) -> str:
    """What stands between the markers: of a ranking its head, of any other table all but its heading."""
    text = table.read_text(encoding="utf-8")
    if "| rank |" in text:
        return results_block(table, page)
    return text[text.index("\n") :].strip() if text.startswith("#") else text.rstrip()


def splice(readme: Path, table: Path) -> str:
    """A page's text with the part between the markers of a table, named by its file, replaced.

    Raises:
        UserError: the markers are not there.
    """
    text = readme.read_text(encoding="utf-8")
    start, end = f"<!-- {table.stem}: made by `make reference` -->", f"<!-- end of {table.stem} -->"
    if start not in text or end not in text:
        raise UserError(f"{readme}: found no lines '{start}' and '{end}', between which the table goes")
    before, rest = text.split(start, 1)
    return f"{before}{start}\n{block(table, readme)}\n{end}{rest.split(end, 1)[1]}"


def update(readme: Path, table: Path) -> None:
    """Put `table` into the page `readme`."""
    write_text(readme, splice(readme, table))
