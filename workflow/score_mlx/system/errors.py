"""The one exception that is the user's to mend: shown as a single line, never as a traceback."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any


class UserError(Exception):
    """Bad input. The message names the file, row or key, what was found and what was expected."""


def unknown(what: str, found: Any, allowed: Iterable[str]) -> str:
    """One line for a word that is none of those expected, with the nearest."""
    allowed = list(allowed)
    return f"unknown {what} '{found}': expected one of {', '.join(allowed)}{did_you_mean(found, allowed)}"


def did_you_mean(found: Any, allowed: Iterable[str], cutoff: float = 0.6, parent: str = "") -> str:
    """`; did you mean 'gat'?` for the nearest of the words, capitals or not; "" where none is near.

    Args:
        cutoff: least similarity, 0 to 1.
        parent: what stands before the words.
    """
    folded: dict[str, str] = {}
    for word in allowed:
        folded.setdefault(str(word).casefold(), word)
    near = difflib.get_close_matches(str(found).casefold(), folded, n=1, cutoff=cutoff)
    return f"; did you mean '{parent}{folded[near[0]]}'?" if near else ""


def shortened(text: str, most: int = 60) -> str:
    """At most so many characters and on one line, so that a message stays a line and does nothing to a terminal."""
    text = "".join(character if character.isprintable() else "?" for character in " ".join(text.split()))
    return text if len(text) <= most else text[: most - 3] + "..."
