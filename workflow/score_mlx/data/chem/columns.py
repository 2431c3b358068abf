"""Finding a column by its name, and what is said where there is none."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path

from score_mlx.system.errors import UserError

SHOWN = 5  # names in a message; files with hundreds of columns are common


def place(path: str | Path, header: Sequence[str], column: str) -> int:
    """Position of the one column of that name.

    Raises:
        UserError: no such column, with the nearest ones; or several.
    """
    header = list(header)
    if header.count(column) == 1:
        return header.index(column)
    if column in header:
        raise UserError(f"{path}: {header.count(column)} columns are called '{column}', expected one")
    near = nearest(column, header)
    hint = f"; did you mean '{near[0]}'?" if near else ""
    raise UserError(f"{path}: no column '{column}', found {some(header, near)}{hint}")


def some(header: Sequence[str], near: Sequence[str] = ()) -> str:
    """The names, at most `SHOWN` of them: those in `near` first, then in their order."""
    chosen = list(dict.fromkeys([*near, *header]))[:SHOWN] if len(header) > SHOWN else list(header)
    more = f" and {len(header) - len(chosen)} more" if len(header) > len(chosen) else ""
    return ", ".join(chosen) + more


def nearest(column: str, header: Sequence[str]) -> list[str]:
    """At most `SHOWN` names that resemble `column`, the most similar first, capitals or not."""
    folded: dict[str, str] = {}
    for name in header:
        folded.setdefault(name.casefold(), name)
    wanted = column.casefold()
    near = difflib.get_close_matches(wanted, folded, n=SHOWN)
    within = [name for name in folded if name and (wanted in name or name in wanted)]
    return [folded[name] for name in dict.fromkeys([*near, *within])][:SHOWN]
