"""C++ of this project, compiled into the environment that runs it.

A library's name is a digest of all that it depends on. A stale one is thus never loaded, and an environment that
machines of different kinds share holds one for each.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from score_mlx.system.errors import UserError
from score_mlx.system.files import replacing


def place(name: str, depends_on: list[bytes]) -> Path:
    """Where a library that depends on such sources and versions is, or would be."""
    digest = hashlib.sha256(b"\0".join(depends_on)).hexdigest()[:16]
    return Path(sys.prefix) / "lib" / "score_mlx" / f"{name}-{digest}.so"


def compile_into(path: Path, what: str, arguments: list[str]) -> None:
    """Makes the library `path` by g++ with these arguments, whole or not at all.

    Args:
        what: for messages, e.g. `the kernels`.

    Raises:
        UserError: no compiler, the compiler failed, or the environment cannot be written to.
    """
    if shutil.which("g++") is None:
        raise UserError(f"{what} cannot be compiled: no g++ found (Debian, Ubuntu: apt install g++)")
    try:
        with replacing(path) as temporary:
            command = ["g++", *arguments, "-shared", "-fPIC", "-o", str(temporary)]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode != 0:
                said = done.stderr.strip() or "the compiler says nothing"
                raise UserError(f"{what} cannot be compiled: {said}")
    except OSError as error:
        raise UserError(f"{what} cannot be compiled: {path.parent} cannot be written to ({error.strerror})") from error
