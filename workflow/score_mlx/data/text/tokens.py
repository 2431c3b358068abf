"""From text to numbers: GPT-4o's tokens, characters, and a byte-level BPE trained on the text.

A tokenisation here is a vocabulary, a list of byte strings, and the text as indices into it. Decoding is joining.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from score_mlx.system.errors import UserError

Tokens = tuple[np.ndarray, list[bytes]]  # (n,) int32 indices, vocabulary

BPE_VOCABULARY = 8192
DOCUMENT = 4  # special tokens at the end of the BPE's vocabulary, of no bytes: the first begins a document
# GPT-4's way of cutting text into words, but numbers in pieces of two digits: with 8192 tokens more would be wasted.
WORDS = r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,2}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"


def characters(text: str, _: Path | None = None) -> Tokens:
    """One token a character, in the order of their code points."""
    alphabet = sorted(set(text))
    place = {character: index for index, character in enumerate(alphabet)}
    return np.array([place[c] for c in text], np.int32), [c.encode() for c in alphabet]


def gpt4o(text: str, ranks: Path | None) -> Tokens:
    """GPT-4o's tokens, renumbered so that only those which occur in the text remain.

    Args:
        ranks: the file of `o200k_base`; tiktoken reads it without a network from a folder of its own naming.

    Raises:
        UserError: the file is missing or not one of ranks.
    """
    import tiktoken
    from tiktoken_ext.openai_public import o200k_base

    known = _ranks(ranks)
    # tiktoken's own recipe for the encoding, but the ranks come from the file that was checked, not from its cache
    recipe = _without_loading(o200k_base, known)
    ids = np.array(tiktoken.Encoding(**recipe).encode_ordinary(text), np.int64)
    used, compact = np.unique(ids, return_inverse=True)
    by_rank = {rank: token for token, rank in known.items()}
    return compact.astype(np.int32), [by_rank[int(rank)] for rank in used]


def _ranks(path: Path | None) -> dict[bytes, int]:
    """Token -> rank, from lines of `base64 rank`."""
    if path is None:
        raise UserError("no file of GPT-4o's token ranks given, expected that of data/sources.yaml")
    try:
        lines = path.read_bytes().splitlines()
        return {base64.b64decode(token): int(rank) for token, rank in (line.split() for line in lines if line)}
    except OSError as reason:
        raise UserError(f"{path}: cannot read GPT-4o's token ranks ({reason.strerror})") from None
    except ValueError as reason:
        raise UserError(f"{path}: not a file of token ranks ({reason})") from None


def _without_loading(encoding: Callable[[], dict], ranks: dict[bytes, int]) -> dict:
    """tiktoken's definition of an encoding, its loader replaced by `ranks` while it is called."""
    names = encoding.__globals__
    before, names["load_tiktoken_bpe"] = names["load_tiktoken_bpe"], lambda *_, **__: ranks
    try:
        return encoding()
    finally:
        names["load_tiktoken_bpe"] = before


def byte_pairs(text: str, _: Path | None = None) -> Tokens:
    """Byte-level BPE trained on the first 90 %, that is on what a model may see."""
    encode, vocabulary, _begin = train_byte_pairs(iter([text[: int(0.9 * len(text))]]))
    return np.array(encode(text), np.int32), vocabulary


def train_byte_pairs(texts: Iterator[str]) -> tuple[Callable[[str], list[int]], list[bytes], int]:
    """A BPE of `BPE_VOCABULARY` tokens: how it encodes, its vocabulary, the token that begins a document."""
    import rustbpe
    import tiktoken

    trainer = rustbpe.Tokenizer()  # pyright: ignore[reportAttributeAccessIssue]  # compiled, without stubs
    trainer.train_from_iterator(texts, BPE_VOCABULARY - DOCUMENT, pattern=WORDS)
    ranks = {bytes(token): rank for token, rank in trainer.get_mergeable_ranks()}
    special = {f"<|{n}|>": len(ranks) + n for n in range(DOCUMENT)}
    encoding = tiktoken.Encoding("bpe", pat_str=WORDS, mergeable_ranks=ranks, special_tokens=special)
    vocabulary = [token for token, _ in sorted(ranks.items(), key=lambda pair: pair[1])] + [b""] * DOCUMENT
    return encoding.encode_ordinary, vocabulary, len(ranks)


TOKENISERS: dict[str, Callable[[str, Path | None], Tokens]] = {
    "gpt4o": gpt4o,
    "char": characters,
    "bpe8192": byte_pairs,
}


def fingerprint(tokens: np.ndarray, vocabulary: list[bytes]) -> str:
    """SHA-256 of what a model sees, whatever file it came from."""
    digest = hashlib.sha256(np.ascontiguousarray(tokens, "<i4").tobytes())
    for token in vocabulary:
        digest.update(len(token).to_bytes(4, "little") + token)
    return digest.hexdigest()
