"""What tokens stand for: text of tokens, and a vocabulary as a file beside exported weights."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from pathlib import Path

from score_mlx.system.errors import UserError
from score_mlx.system.files import write_text


def decode(vocabulary: list[bytes], tokens: Iterable[int]) -> str:
    """Text of tokens; bytes that are no text (half a character) become U+FFFD."""
    return b"".join(vocabulary[int(token)] for token in tokens).decode(errors="replace")


def write_vocabulary(path: Path, vocabulary: list[bytes]) -> None:
    """Write the bytes of each token, base64 since they need not be text, in the order of their numbers."""
    write_text(path, json.dumps([base64.b64encode(token).decode() for token in vocabulary], indent=0) + "\n")


def read_vocabulary(path: Path) -> list[bytes]:
    """The bytes of each token.

    Raises:
        UserError: missing, or not as `write_vocabulary` writes it.
    """
    try:
        return [base64.b64decode(token, validate=True) for token in json.loads(path.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError) as reason:
        raise UserError(f"{path}: not a vocabulary ({reason}), expected a JSON list of base64 texts") from None
