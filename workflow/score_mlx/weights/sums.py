"""SHA256SUMS: the files of a folder with their checksums, in the format of `sha256sum`."""

from __future__ import annotations

import re
from pathlib import Path

from score_mlx.system.errors import UserError
from score_mlx.system.files import sha256, write_text

SUMS = "SHA256SUMS"
LINE = re.compile(r"^([0-9a-f]{64})  (\S+)$")
# A name from a server becomes a path here: below the folder, no hidden file, no parent.
NAME = re.compile(r"^([A-Za-z0-9_][A-Za-z0-9_.=,-]*/)*[A-Za-z0-9_][A-Za-z0-9_.=,-]*$")
MOST_FILES = 1000


def write_sums(folder: Path) -> None:
    """Write the checksums of all files below `folder` into it."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != SUMS and not p.name.startswith("."))
    write_text(folder / SUMS, "".join(f"{sha256(p)}  {p.relative_to(folder).as_posix()}\n" for p in files))


def read_sums(path: Path) -> dict[str, str]:
    """Name -> checksum of each listed file.

    Raises:
        UserError: not such a file, a name that is no path below the folder, or too many of them.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as reason:
        raise UserError(f"{path}: cannot read the checksums ({reason})") from None
    listed: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        found = LINE.match(line)
        if not found or not NAME.match(found[2]):
            raise UserError(f"{path}: line {number}: expected a SHA-256, two blanks and a file name below the folder")
        listed[found[2]] = found[1]
    if not listed or len(listed) > MOST_FILES:
        raise UserError(f"{path}: lists {len(listed)} files, expected 1 to {MOST_FILES}")
    return listed


def verify(folder: Path) -> None:
    """Hold a folder to its checksums.

    Raises:
        UserError: a file is missing, changed, or a file of weights is not listed.
    """
    listed = read_sums(folder / SUMS)
    for name, expected in listed.items():
        path = folder / name
        if not path.is_file():
            raise UserError(f"{path}: no such file, though {folder / SUMS} lists it")
        found = sha256(path)
        if found != expected:
            raise UserError(f"{path}: wrong checksum: found sha256 {found}, expected {expected} as in {SUMS}")
    for path in sorted(folder.rglob("*.safetensors")):
        if path.relative_to(folder).as_posix() not in listed:
            raise UserError(f"{path}: not listed in {folder / SUMS}")
