"""Writing a file whole or not at all: what a killed job leaves behind must never look finished."""

from __future__ import annotations

import csv
import errno
import hashlib
import os
import re
import tempfile
import time
import zipfile
import zlib
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from score_mlx.system.errors import UserError
from score_mlx.system.locks import lock

if TYPE_CHECKING:
    import numpy as np

_UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


@contextmanager
def replacing(path: str | Path) -> Generator[Path]:
    """A temporary path beside `path`; it takes `path`'s place when the block ends well and is removed when it does not.

    The folder is made when needed. The temporary name keeps the suffix, since numpy adds `.npz` to a name without it.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
    lock(handle)  # says that its writer lives, see `remove_temporaries`
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())  # mkstemp makes files private
        os.replace(temporary, path)
    except OSError as error:
        if error.errno in _UNWRITABLE and error.filename is None:  # `write` knows a number, not a name
            error.filename = str(path)
        raise
    finally:
        temporary.unlink(missing_ok=True)
        os.close(handle)


def remove_temporaries(*folders: str | Path) -> None:
    """Removes what killed processes have left of `replacing` in these folders and below."""
    for path in (path for folder in folders for path in Path(folder).rglob(".*-*")):
        try:
            if re.fullmatch(r"\..+-[a-z0-9_]{8}(\.\w+)?", path.name):
                with path.open("r+b") as file:
                    if lock(file):
                        path.unlink()
        except OSError:  # gone meanwhile, or not ours to remove
            continue


def write_text(path: str | Path, text: str) -> None:
    """Writes `text` as UTF-8 with the line ends it has."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="")


def write_csv(path: str | Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Writes a comma-separated table, one `\\n` a row on every platform."""
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def read_csv(path: str | Path, columns: Sequence[str], kind: str, missing: str) -> list[list[str]]:
    """The rows below the header of what `write_csv` wrote.

    Raises:
        UserError: no file (`missing` says what was expected), not a CSV of this `kind`, or other columns.
    """
    try:
        with Path(path).open(encoding="utf-8", newline="") as stream:
            header, *rows = list(csv.reader(stream)) or [[]]
    except FileNotFoundError:
        raise UserError(f"{path}: no such {missing}") from None
    except (UnicodeDecodeError, csv.Error) as reason:
        raise UserError(f"{path}: not a {kind} file ({reason})") from None
    if header != list(columns):
        raise UserError(f"{path}: columns are {','.join(header) or 'none'}, expected {','.join(columns)}")
    return rows


def read_arrays(path: str | Path, names: Iterable[str], kind: str) -> dict[str, np.ndarray]:
    """The named arrays of an `.npz`; nothing in it is run as code.

    Raises:
        UserError: no file, not a file of this `kind`, or without one of the names.
    """
    import numpy as np

    try:
        with Path(path).open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in names}
    except FileNotFoundError:
        raise UserError(f"{path}: no such {kind} file") from None
    except (AttributeError, KeyError, TypeError, ValueError, OSError, zipfile.BadZipFile, zlib.error) as reason:
        raise UserError(f"{path}: not a {kind} file ({reason})") from None


def date_back(*folders: str | Path) -> int:
    """Files dated in the future, as a clock that was wrong leaves them, are dated now; returns how many.

    Nothing that is made from such a file could be newer than it.
    """
    now, found = time.time(), 0
    for path in (path for folder in folders for path in Path(folder).rglob("*")):
        try:
            if path.stat().st_mtime > now:
                os.utime(path, (now, now))
                found += 1
        except OSError:  # gone meanwhile, or not ours: whoever minds its date will say so
            continue
    return found


def sha256(path: str | Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
