"""Checkpoints: arrays and curves so far in one file, written whole or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, cast

import mlx.core as mx

from score_mlx.system.arrays import save_arrays
from score_mlx.system.errors import UserError


def save(path: Path, signature: str, arrays: dict[str, mx.array], seen: Any) -> None:
    """Write a checkpoint.

    Args:
        signature: identifies the run; only a run with the same signature resumes from the checkpoint.
        seen: anything that JSON can hold.
    """
    save_arrays(path, arrays, {"signature": signature, "seen": json.dumps(seen)})


def load(path: Path, signature: str) -> tuple[dict[str, mx.array], Any] | None:
    """What `save` wrote; a missing, damaged or foreign file counts as none, since training can always start afresh."""
    if not path.exists():
        return None
    try:
        # MLX's stubs name what any format may hold
        arrays, metadata = cast("tuple[dict[str, mx.array], dict[str, str]]", mx.load(str(path), return_metadata=True))
        return (arrays, json.loads(metadata["seen"])) if metadata["signature"] == signature else None
    except (RuntimeError, ValueError, KeyError):
        return None


def pause(usual: float) -> float:
    """Seconds between two checkpoints: `usual`, unless the environment's SCORE_CHECKPOINT_SECONDS says otherwise.

    Raises:
        UserError: its value is not a number.
    """
    said = os.environ.get("SCORE_CHECKPOINT_SECONDS", usual)
    try:
        return float(said)
    except ValueError:
        raise UserError(f"SCORE_CHECKPOINT_SECONDS = {said!r}: expected a number of seconds") from None
