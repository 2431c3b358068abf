"""Plain measures of generated text: does it use words of the corpus, and does it copy."""

from __future__ import annotations

import re

WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


def known_words(text: str, corpus: str) -> float | None:
    """Share of the text's words, whatever their case, that occur in the corpus; None for a text without words.

    The last word counts only where something follows it: generation stops anywhere.
    """
    words = [match.group().lower() for match in WORD.finditer(text) if match.end() < len(text)]
    known = {match.group().lower() for match in WORD.finditer(corpus)}
    return sum(word in known for word in words) / len(words) if words else None


def longest_copy(text: str, corpus: str) -> int:
    """Characters of the longest span of the text that stands in the corpus."""
    longest, start = 0, 0
    for end in range(1, len(text) + 1):
        while text[start:end] not in corpus:
            start += 1
        longest = max(longest, end - start)
    return longest
