"""The texts of the paper, cleaned, and one with a known entropy rate that needs no file."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from score_mlx.system.errors import UserError

START_OF_PLAY = "§"  # stands before the title of each work, so that a model can tell where one begins


def gutenberg(path: Path | None) -> str:
    """Complete Shakespeare without Project Gutenberg's header, footer and licence, with `START_OF_PLAY`.

    A line that repeats a title of the file's Contents begins a work: the paper names the token, not its places.

    Raises:
        UserError: the edition is laid out in another way.
    """
    path = _given(path)
    text = path.read_text(encoding="utf-8-sig")
    found = re.search(r"^\*\*\* START OF .*?\*\*\*$(.*)^\*\*\* END OF ", text, re.DOTALL | re.MULTILINE)
    if not found:
        raise UserError(
            f"{path}: no lines '*** START OF ...' and '*** END OF ...', expected Project Gutenberg's book 100"
        )
    lines = found[1].strip("\n").split("\n")
    titles, end = _contents(path, lines)
    marked = [START_OF_PLAY + line if line.strip() in titles else line for line in lines[end:]]
    return "\n".join([*lines[:end], *marked]) + "\n"


def _contents(path: Path, lines: list[str]) -> tuple[set[str], int]:
    """The titles indented below the line Contents, and the line after them."""
    start = next((n for n, line in enumerate(lines, 1) if line.strip() == "Contents"), len(lines))
    end = next((n for n in range(start, len(lines)) if lines[n][:1].strip()), len(lines))
    titles = {line.strip() for line in lines[start:end] if line.strip()}
    if not titles:
        raise UserError(f"{path}: no indented titles below a line 'Contents', expected Gutenberg's book 100")
    return titles, end


def tiny_shakespeare(path: Path | None) -> str:
    """Karpathy's file as it is."""
    return _given(path).read_text(encoding="utf-8")


def _given(path: Path | None) -> Path:
    if path is None:
        raise UserError("no file of the text given, expected that of data/sources.yaml")
    return path


@dataclass(frozen=True)
class MarkovChain:
    """A random text whose every letter depends on the one before it, and on nothing else.

    Attributes:
        transitions: (V, V) probabilities, a row a letter.
    """

    transitions: np.ndarray

    LETTERS = "abcdefghijklmnop"

    @classmethod
    def example(cls) -> MarkovChain:
        """16 letters, each followed by few of them: entropy rate 1.93 nats, log 16 is 2.77."""
        rng = np.random.default_rng(7)
        return cls(rng.dirichlet(np.full(len(cls.LETTERS), 0.3), len(cls.LETTERS)))

    @property
    def stationary(self) -> np.ndarray:
        """(V,) share of each letter in a long text."""
        values, vectors = np.linalg.eig(self.transitions.T)
        first = np.real(vectors[:, np.argmax(np.real(values))])
        return first / first.sum()

    @property
    def entropy_rate(self) -> float:
        """Nats a letter: the loss of a model that knows the chain, and the least that any model can reach."""
        p = self.transitions
        return float(-(self.stationary[:, None] * p * np.log(np.maximum(p, 1e-300))).sum())

    def text(self, length: int, seed: int = 0) -> str:
        """So many letters, the first drawn as often as it occurs."""
        rng = np.random.default_rng(seed)
        cumulative = self.transitions.cumsum(axis=1)
        letter, letters = int(rng.choice(len(self.transitions), p=self.stationary)), []
        for u in rng.random(length):
            letters.append(self.LETTERS[letter])
            letter = min(int(np.searchsorted(cumulative[letter], u, side="right")), len(cumulative) - 1)
        return "".join(letters)


def markov(_: Path | None = None) -> str:
    """200,000 letters of the example Markov chain; it reads no file."""
    return MarkovChain.example().text(200_000)


@dataclass(frozen=True)
class Text:
    """A text by name.

    Attributes:
        label: what readers call it.
        source: its file's name in data/sources.yaml, None where it is made here.
        read: from the file's path to the text.
        stand_in: whether it takes the place of the paper's.
    """

    label: str
    source: str | None
    read: Callable[[Path | None], str]
    stand_in: bool = False


TEXTS = {
    "shakespeare": Text("Shakespeare (Project Gutenberg, 2018)", "gutenberg", gutenberg),
    "tinyshakespeare": Text("tiny Shakespeare", "tinyshakespeare", tiny_shakespeare),
    "markov": Text("Markov chain (stand-in)", None, markov, stand_in=True),
}
