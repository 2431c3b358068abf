"""MLX's cache of kernels that it compiles for an NVIDIA GPU at run time, made safe.

MLX writes a compiled kernel in place, reads back whatever it finds, and names it by what it computes, not for which
GPU. A process that is killed while it writes thus leaves half a kernel, on which every later process would stop; and
the usual folder, in /tmp, is everybody's. Here each environment, MLX and kind of GPU have a folder of their own. A
process works in a private copy of it (links) and hands over what it has compiled when it ends well, with a checksum;
what does not agree with its checksum is compiled anew.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from score_mlx.system import device
from score_mlx.system.files import sha256, write_text
from score_mlx.system.locks import lock, sole

VARIABLE = "MLX_PTX_CACHE_DIR"
MANIFEST = "manifest.json"
PRIVATE = "process-"  # begins the name of a process's own folder


def use() -> Path | None:
    """Make MLX of this process, which must not be loaded yet, use the cache; None where the user has chosen another.

    An environment that cannot be written to has no cache of ours: the process then compiles what it needs in a
    temporary folder.
    """
    if os.environ.get(VARIABLE):
        return None
    try:
        private = take(folder())
        atexit.register(hand_over, private)
    except OSError:
        private = Path(tempfile.mkdtemp(prefix="score-mlx-ptx-"))
        atexit.register(shutil.rmtree, private, ignore_errors=True)
    os.environ[VARIABLE] = str(private)
    return private


def folder() -> Path:
    """Where kernels for this environment, MLX and kinds of GPU are kept."""
    parts = [device.installed(name) or "" for name in ("mlx", *device.CUDA_BUILDS)]
    parts += [device.driver() or "", *sorted(set(device.gpus()))]
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
    return Path(sys.prefix) / "lib" / "score_mlx" / f"ptx-{digest}"


def take(cache: Path) -> Path:
    """A new private folder with links to all that is whole in the cache; those of ended processes are removed."""
    cache.mkdir(parents=True, exist_ok=True)
    with sole(cache / ".lock"):
        _remove_left(cache)
        private = Path(tempfile.mkdtemp(prefix=PRIVATE, dir=cache))
        _hold(private)
        for name in _whole(cache):
            os.link(cache / name, private / name)
    return private


def hand_over(private: Path) -> None:
    """What this process has compiled becomes the cache's; its own folder goes."""
    cache = private.parent
    try:
        with sole(cache / ".lock"):
            known = _manifest(cache)
            for file in [file for file in private.iterdir() if not file.name.startswith(".")]:
                target = cache / file.name
                if not target.is_file() or not target.samefile(file):
                    known[file.name] = sha256(file)
                    os.replace(file, target)
            write_text(cache / MANIFEST, json.dumps(known, indent=1, sort_keys=True) + "\n")
    except OSError:  # a full disk: the next process compiles again
        pass
    shutil.rmtree(private, ignore_errors=True)


def _whole(cache: Path) -> list[str]:
    """Files that agree with their checksums.

    Those of a kernel come together or not at all, since MLX, where one lacks, writes all of them, and a link is the
    cache's own file.
    """
    known = _manifest(cache)
    good = {name for name, digest in known.items() if (cache / name).is_file() and sha256(cache / name) == digest}
    damaged = {Path(name).stem for name in known if name not in good}
    return [name for name in good if Path(name).stem not in damaged]


def _manifest(cache: Path) -> dict[str, str]:
    try:
        found = json.loads((cache / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {name: digest for name, digest in found.items() if Path(name).name == name}


_held: list[int] = []


def _hold(private: Path) -> None:
    """Marks a private folder as that of a living process, for as long as it lives."""
    handle = os.open(private / ".lock", os.O_RDWR | os.O_CREAT)
    lock(handle)
    _held.append(handle)


def _remove_left(cache: Path) -> None:
    """Private folders of processes that were killed."""
    for private in cache.glob(f"{PRIVATE}*"):
        try:
            handle = os.open(private / ".lock", os.O_RDWR | os.O_CREAT)
        except OSError:
            continue
        if lock(handle):
            shutil.rmtree(private, ignore_errors=True)
        os.close(handle)
