"""Writes docs/licences.md: the licence of every package in linux-cpu.lock, as its installed metadata says.

.venv/bin/python envs/licences.py
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]
PAGE = REPO / "docs" / "licences.md"
LOCK = REPO / "envs" / "linux-cpu.lock"
NOT_STATED = "not stated"
NOT_HERE = "not installed on the machine that made this page"
HEAD = """# Licences of dependencies

Of every package in `envs/linux-cpu.lock`, as its own metadata says; made by `python envs/licences.py`. This project
itself is under the [MIT licence](../LICENSE), data under what [data/sources.yaml](../data/sources.yaml) says of each
file.

| package | version | licence |
|---|---|---|
"""


def pins(lock: Path = LOCK) -> dict[str, str]:
    """Name -> its version, or versions where Pythons differ."""
    versions: dict[str, list[str]] = {}
    for name, version in re.findall(r"^([a-z0-9.-]+)==([^ ]+)", lock.read_text(encoding="utf-8"), re.MULTILINE):
        versions.setdefault(name, []).append(version)
    return {name: ", ".join(sorted(set(found))) for name, found in sorted(versions.items())}


def licence(package: Distribution) -> str:
    """One line: the SPDX expression, else the trove classifiers, else the first line of the free text."""
    about = package.metadata
    if about.get("License-Expression"):
        return _cell(about["License-Expression"])
    named = [c.split(" :: ")[-1] for c in about.get_all("Classifier") or [] if c.startswith("License :: ")]
    named = [name for name in named if name not in ("OSI Approved", "Other/Proprietary License")]
    free = (about.get("License") or "").strip().splitlines()[:1]
    return _cell(", ".join(named or free) or NOT_STATED)


def page() -> str:
    """The whole page as this environment gives it."""
    return HEAD + "".join(f"| {name} | {version} | {_of(name)} |\n" for name, version in pins().items())


def _of(name: str) -> str:
    try:
        return licence(distribution(name))
    except PackageNotFoundError:
        return NOT_HERE


def _cell(text: str) -> str:
    return " ".join(text.split())[:100].replace("|", r"\|").replace("<", "&lt;")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="")
    print(PAGE.relative_to(REPO), file=sys.stderr)
