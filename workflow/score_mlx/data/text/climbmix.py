"""The paper's corpus of the five-minute challenge: shards of climbmix, validated as karpathy/autoresearch does.

Nobody publishes checksums of the shards. The first download writes each one's into `climbmix.lock.json` beside them,
and later runs accept no other bytes. Reading them takes pyarrow (`pip install pyarrow`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from score_mlx.data.download import Limits, download
from score_mlx.data.text.corpus import CLIMBMIX, Corpus, assemble
from score_mlx.data.text.tokens import train_byte_pairs
from score_mlx.system.errors import UserError
from score_mlx.system.files import sha256, write_text

URL = "https://huggingface.co/datasets/karpathy/climbmix-400b-shuffle/resolve/main/shard_{:05d}.parquet"
TRAIN_SHARDS, VALIDATION_SHARD = (0, 1, 2, 3), 6542
FOLDER, LOCK = "climbmix", "climbmix.lock.json"
VOCABULARY_CHARACTERS = 200_000_000  # of training text, on which the BPE is trained
DOCUMENT_CHARACTERS = 10_000  # of each document, for the same

Read = Callable[[Path], Iterator[str]]


def make(folders: Sequence[Path], read: Read | None = None, **network: Any) -> Corpus:
    """Fetch the shards, train a BPE on the training shards, cut all into tokens.

    Args:
        folders: searched for `climbmix/shard_*.parquet`; downloads land in the first.
        read: from a shard to its documents; by default with pyarrow.
        network: `url`, `limits`, `log` of `shards`.

    Raises:
        UserError: no pyarrow, a shard that is not to be had, or other bytes than the first time.
    """
    read = read or parquet_documents
    paths = shards(folders, (*TRAIN_SHARDS, VALIDATION_SHARD), **network)
    *train, validation = (list(read(path)) for path in paths)
    documents = [document for shard in train for document in shard]
    encode, vocabulary, begin = train_byte_pairs(_beginnings(documents))
    parts = [_tokens(texts, encode, begin) for texts in (documents, validation)]
    label = f"climbmix, shards {TRAIN_SHARDS[0]} to {TRAIN_SHARDS[-1]}, validated on {VALIDATION_SHARD}"
    return assemble(CLIMBMIX, label, False, np.concatenate(parts), vocabulary, cut=len(parts[0]))


def shards(
    folders: Sequence[Path],
    numbers: Sequence[int],
    *,
    url: str = URL,
    limits: Limits | None = None,
    log: Callable[[str], None] = print,
) -> list[Path]:
    """Where each shard lies, after it was downloaded where it must be and checked against the lock.

    Raises:
        UserError: not to be had, or other bytes than the lock says.
    """
    found = []
    for number in numbers:
        name = f"shard_{number:05d}.parquet"
        here = [folder / FOLDER / name for folder in folders if (folder / FOLDER / name).is_file()]
        path = here[0] if here else folders[0] / FOLDER / name
        lock = path.with_name(LOCK)
        known = _locked(lock)
        if not here:
            download(f"climbmix {number}", [url.format(number)], path, None, known.get(name), limits or Limits(), log)
        digest = sha256(path)
        if known.setdefault(name, digest) != digest:
            raise UserError(
                f"{path}: sha256 {digest}, expected {known[name]} as in {lock}; move the file away to have it fetched"
            )
        write_text(lock, json.dumps(known, indent=2, sort_keys=True) + "\n")
        found.append(path)
    return found


def parquet_documents(path: Path) -> Iterator[str]:
    """The column `text` of a shard, a document a row.

    Raises:
        UserError: no pyarrow, or not such a file.
    """
    try:
        from pyarrow import ArrowException, parquet  # pyright: ignore[reportMissingImports]  # optional
    except ImportError:
        raise UserError("climbmix is stored as parquet: pip install pyarrow, or corpus: shakespeare") from None
    try:
        file = parquet.ParquetFile(path)
        for group in range(file.num_row_groups):
            yield from file.read_row_group(group, columns=["text"]).column("text").to_pylist()
    except (ArrowException, KeyError) as reason:
        raise UserError(f"{path}: not a shard of climbmix ({' '.join(str(reason).split())[:120]})") from None


def _beginnings(documents: Sequence[str]) -> Iterator[str]:
    left = VOCABULARY_CHARACTERS
    for document in documents:
        if left <= 0:
            return
        yield document[:DOCUMENT_CHARACTERS]
        left -= min(len(document), DOCUMENT_CHARACTERS)


def _tokens(documents: Sequence[str], encode: Callable[[str], list[int]], begin: int) -> np.ndarray:
    """All documents one after the other, each after the token that begins one."""
    return np.concatenate([np.array([begin, *encode(document)], np.int32) for document in documents])


def _locked(path: Path) -> dict[str, str]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as reason:
        raise UserError(f"{path}: not a file of checksums ({reason}); remove it to accept what is there") from None
    if not isinstance(content, dict):
        raise UserError(f"{path}: expected checksums by file name")
    return content
