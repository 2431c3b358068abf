"""Asking another process for one measurement after the other: a line to it, a line from it."""

from __future__ import annotations

import subprocess


def ask(process: subprocess.Popen[str]) -> str:
    """The line with which a process answers an empty one; "" where it has ended.

    Raises:
        ValueError: it was started without pipes.
    """
    if process.stdin is None or process.stdout is None:
        raise ValueError("a process without pipes, expected one with stdin and stdout")
    process.stdin.write("\n")
    process.stdin.flush()
    return process.stdout.readline()


def end(process: subprocess.Popen[str]) -> None:
    """No more questions: wait until it has ended."""
    if process.stdin is not None:
        process.stdin.close()
    process.wait()
