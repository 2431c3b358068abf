"""MLX's arrays in a file that is written whole or not at all."""

# pyright: reportUnknownMemberType=false
# MLX's stubs leave arguments of some methods untyped.
from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import mlx.core as mx

from score_mlx.system.errors import UserError
from score_mlx.system.files import replacing


def save_arrays(path: Path, arrays: dict[str, mx.array], metadata: Mapping[str, str] | None = None) -> None:
    """Write arrays by name to a safetensors file.

    Args:
        path: of a `.safetensors` file, whose folder is made when needed.

    Raises:
        UserError: it cannot be written to its end, as on a full disk.
    """
    with replacing(path) as temporary:
        try:
            mx.save_safetensors(str(temporary), arrays, dict(metadata or {}))
        except RuntimeError as reason:  # of a write that fails MLX says how much is left to write, and not why
            free = shutil.disk_usage(path.parent).free // 10**6
            raise UserError(f"{path}: cannot be written ({reason}), {free} MB are free there") from None
