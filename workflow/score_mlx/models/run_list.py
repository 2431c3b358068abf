"""A list of runs in a text file: a record's path or a target a line, hours where they are known."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from score_mlx.runs.spec import Spec
from score_mlx.system.errors import UserError


def read_list(
    lines: Iterable[str], specs_of: Callable[[str], list[Spec]], name: str
) -> list[tuple[Spec, float | None]]:
    """The runs of a list, each once, with the seconds that the list itself expects of them.

    Args:
        lines: a record's path or a target each, after it hours where the list knows better than old records do;
            `#` begins a comment.
        specs_of: the runs of a path or a target.
        name: of the list, for messages.

    Raises:
        UserError: a line that is neither.
    """
    found: dict[Spec, float | None] = {}
    for number, line in enumerate(lines, start=1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        try:
            hours = _number(words[1]) if len(words) == 2 else None
            if len(words) > 2:
                raise UserError(f"{' '.join(words)}: expected a path or a target, and hours or nothing")
            specs = specs_of(words[0])
        except UserError as error:
            raise UserError(f"{name}:{number}: {error}") from None
        for spec in specs:
            found.setdefault(spec, None if hours is None else 3600 * hours)
    return list(found.items())


def _number(word: str) -> float:
    try:
        hours = float(word)
    except ValueError:
        hours = math.nan
    if not 0 <= hours < math.inf:
        raise UserError(f"hours = {word}: expected a number of at least 0")
    return hours
