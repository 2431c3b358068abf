"""Ending a run at a place from which it can go on: SIGTERM asks for it, training answers with a checkpoint."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager

CODE = 128 + signal.SIGTERM  # the exit status of a process that SIGTERM ended

_asked = False


class Stopped(SystemExit):
    """Training was asked to end before its time; the process exits with 143 unless somebody catches it."""

    def __init__(self) -> None:
        super().__init__(CODE)


@contextmanager
def orderly() -> Generator[None]:
    """Within the block SIGTERM no longer ends the process; `point` does, wherever the block calls it.

    A signal that came after the block's last `point` is obeyed at its end. Outside the main thread, where Python
    handles no signals, the block changes nothing.

    Raises:
        Stopped: SIGTERM came.
    """
    global _asked
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _note)
    try:
        yield
        point()
    finally:
        signal.signal(signal.SIGTERM, before)
        _asked = False


def asked() -> bool:
    """Whether SIGTERM has come since `orderly` began."""
    return _asked


def point() -> None:
    """A place at which training may end.

    Raises:
        Stopped: SIGTERM has come.
    """
    if _asked:
        raise Stopped


def _note(*_: object) -> None:
    global _asked
    _asked = True
    print("SIGTERM: stopping at the next step, with a checkpoint", file=sys.stderr, flush=True)
