"""What Linux says of the processor."""

from __future__ import annotations

import platform
from pathlib import Path


def described() -> list[str]:
    """The lines `name : value` of all processors, nothing where the system does not say."""
    try:
        return Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


def name() -> str:
    """Its maker's name for it, or at least its kind."""
    named = (line.split(":", 1)[1].strip() for line in described() if line.startswith("model name"))
    return next(named, "") or platform.processor() or platform.machine()


def abilities() -> set[str]:
    """Its instruction sets by Linux's names on x86, `avx2` for one."""
    return {word for line in described() if line.startswith("flags") for word in line.split()}
