"""A prepared corpus: a text as tokens with its vocabulary, as the DAG writes and every language model reads it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from score_mlx.data.described import CorpusPart
from score_mlx.data.text.texts import TEXTS
from score_mlx.data.text.tokens import TOKENISERS, fingerprint
from score_mlx.data.text.vocabulary import decode
from score_mlx.system.errors import UserError, unknown
from score_mlx.system.files import read_arrays, replacing, write_text

# A corpus's name is `{text}-{tokens}`; climbmix, which needs a network, has a reader of its own (climbmix.py).
NAMES = {f"{text}-{tokens}": (text, tokens) for text in TEXTS for tokens in TOKENISERS}
CLIMBMIX = "climbmix-bpe8192"


@dataclass(frozen=True)
class Corpus:
    """Tokens and what they stand for.

    Attributes:
        info: name, label, stand_in, tokens, vocabulary, bytes, sha256: `corpus.json`.
        tokens: (n,) int32.
        vocabulary: the bytes of each token; b"" for a special one.
        cut: where a text of its own for validation begins, None where a run divides the tokens itself.
    """

    info: dict[str, Any]
    tokens: np.ndarray
    vocabulary: list[bytes]
    cut: int | None = None

    def divided(self, train_fraction: float = 0.9) -> tuple[np.ndarray, np.ndarray]:
        """The first part, which trains, and the rest, which validates."""
        cut = int(train_fraction * len(self.tokens)) if self.cut is None else self.cut
        return self.tokens[:cut], self.tokens[cut:]

    def decode(self, tokens: Sequence[int] | np.ndarray) -> str:
        """Text of tokens; bytes that are no text (half a character) become U+FFFD."""
        return decode(self.vocabulary, tokens)

    @property
    def bytes_of(self) -> np.ndarray:
        """(V,) bytes of each token."""
        return np.array([len(token) for token in self.vocabulary], np.int32)

    def record(self) -> CorpusPart:
        """The `corpus` part of a run record."""
        return CorpusPart(**{name: self.info[name] for name in CorpusPart.model_fields})

    def save(self, folder: Path) -> None:
        """Write tokens.npz, then corpus.json: a corpus counts as prepared once that is there."""
        ends = np.cumsum([len(token) for token in self.vocabulary])
        joined = np.frombuffer(b"".join(self.vocabulary), np.uint8)
        with replacing(folder / "tokens.npz") as temporary:
            np.savez_compressed(
                temporary, tokens=self.tokens, vocabulary=joined, ends=ends, cut=-1 if self.cut is None else self.cut
            )
        write_text(folder / "corpus.json", json.dumps(self.info, indent=2, ensure_ascii=False, sort_keys=True) + "\n")

    @classmethod
    def load(cls, folder: Path) -> Corpus:
        """A prepared corpus from its folder.

        Raises:
            UserError: a file is missing or damaged, or the two do not belong together.
        """
        path, about = folder / "tokens.npz", folder / "corpus.json"
        try:
            info = json.loads(about.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise UserError(f"{about}: no such file, expected a prepared corpus") from None
        except (OSError, ValueError) as reason:
            raise UserError(f"{about}: not a prepared corpus ({reason})") from None
        arrays = read_arrays(path, ("tokens", "vocabulary", "ends", "cut"), "corpus")
        tokens, ends, cut = arrays["tokens"], arrays["ends"], int(arrays["cut"])
        joined = arrays["vocabulary"].tobytes()
        vocabulary = [joined[a:b] for a, b in zip([0, *ends[:-1]], ends, strict=True)]
        if fingerprint(tokens, vocabulary) != info.get("sha256"):
            raise UserError(f"{path}: its tokens are not those of {about}; remove the folder")
        return cls(info, tokens, vocabulary, None if cut < 0 else cut)


def make(name: str, files: dict[str, Path]) -> Corpus:
    """Clean a text and cut it into tokens.

    Args:
        name: a key of `NAMES`.
        files: the files it is made from, by their names in data/sources.yaml.
    """
    text, tokens = NAMES[name]
    source = TEXTS[text]
    content = source.read(files.get(source.source or ""))
    ids, vocabulary = TOKENISERS[tokens](content, files.get(RANKS_OF.get(tokens, "")))
    return assemble(name, source.label, source.stand_in, ids, vocabulary)


def assemble(
    name: str, label: str, stand_in: bool, tokens: np.ndarray, vocabulary: list[bytes], cut: int | None = None
) -> Corpus:
    """A corpus with its description."""
    sizes = np.array([len(token) for token in vocabulary])
    info = {
        "name": name,
        "label": label,
        "stand_in": stand_in,
        "tokens": len(tokens),
        "vocabulary": len(vocabulary),
        "bytes": int(sizes[tokens].sum()),
        "sha256": fingerprint(tokens, vocabulary),
    }
    return Corpus(info, tokens, vocabulary, cut)


RANKS_OF = {"gpt4o": "o200k_base"}  # tokens that need a file of their own


def sources_of(name: str) -> list[str]:
    """Names in data/sources.yaml of the files that a corpus is made from.

    Raises:
        UserError: no such corpus.
    """
    if name not in NAMES:
        raise UserError(unknown("corpus", name, [*NAMES, CLIMBMIX]))
    text, tokens = NAMES[name]
    return [file for file in (TEXTS[text].source, RANKS_OF.get(tokens)) if file]
