"""One at a time: locks that the operating system drops when their holder ends, however it ends.

A lock file that says "taken" outlives a killed process and then waits for somebody to remove it by hand. These are
`flock`s: what counts is not that the file exists but that a living process has locked it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import platform
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from score_mlx.system.errors import UserError

_UNSUPPORTED = (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS)  # a network file system without locks: then nobody waits
_held: list[IO[str]] = []


def lock(file: IO[Any] | int, *, wait: bool = False) -> bool:
    """Whether an open file is now locked by us, for as long as it stays open; with `wait` after whoever has it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    except OSError as reason:
        if reason.errno not in _UNSUPPORTED:
            raise
    return True


def hold(path: str | Path, what: str) -> None:
    """Lock `path` until this process ends.

    Processes that this one starts do not inherit the lock.

    Raises:
        UserError: a living process has it; the message names that process and says that `what` is running.
    """
    file = _open(path)
    if not lock(file):
        with file:
            holder = file.read(200).strip() or "unknown"
        raise UserError(f"{path}: {what} is already running ({holder}); wait for it or stop it")
    _sign(file)
    _held.append(file)


@contextmanager
def sole(path: str | Path) -> Generator[bool]:
    """`path` locked for the block, after waiting for whoever has it; yields whether there was anybody to wait for."""
    with _open(path) as file:
        waited = not lock(file)
        if waited:
            print(f"waiting for {file.read(200).strip()}, which is at the same work", file=sys.stderr, flush=True)
            lock(file, wait=True)
        _sign(file)
        yield waited


def _open(path: str | Path) -> IO[str]:
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+", encoding="utf-8", errors="replace")


def _sign(file: IO[str]) -> None:
    """Says who holds it, for the message to another; only a courtesy, so a full disk does not matter."""
    try:
        os.ftruncate(file.fileno(), 0)
        os.pwrite(file.fileno(), f"process {os.getpid()} on {platform.node()}\n".encode(), 0)
    except OSError:
        return
