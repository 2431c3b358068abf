"""Results in README and docs, taken from the committed tables so that the two cannot disagree."""

from __future__ import annotations

import os
from pathlib import Path

from score_mlx.system.errors import UserError
from score_mlx.system.files import write_text
from score_mlx.tables.table import Grid

NOT_RUN = "not run"
ROWS = 13  # as many of the graph networks as the paper lists


def results_block(grid: Grid, link: str) -> str:
    """The caption and the head of a ranking in Markdown.

    Args:
        grid: the table.
        link: to it.
    """
    heads, rule, *rows = grid.pipes()
    there = [any(cell == NOT_RUN for cell in row) for row in grid.rows]
    trained = there.count(False)
    says = "All models" if len(rows) <= ROWS else f"The best of {len(rows)} models"
    if trained < len(rows):
        says = f"The best of {trained} models trained so far, of {len(rows)}"
    shown = [row for row, missing in zip(rows[:ROWS], there, strict=False) if not missing]
    return "\n".join([f"{says} ([table]({link})). {grid.sentences()[0].strip()}", "", heads, rule, *shown])


def block(table: Path, page: Path) -> str:
    """The text for the markers: the first rows of a ranking, or all of any other table except its heading."""
    if not table.with_suffix(".json").exists():  # a measurement's own text
        return table.read_text(encoding="utf-8").rstrip()
    grid = Grid.read(table.with_suffix(".json"))
    if grid.heads[0] == "rank":
        return results_block(grid, Path(os.path.relpath(table, page.parent)).as_posix())
    if grid.heads[0] == "conclusion":  # sentences; their details stay with the table
        return "\n".join(f"- {row[0]}" for row in grid.rows)
    return "\n".join([*grid.sentences(), "", *grid.pipes()])


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
