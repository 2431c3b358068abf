"""Kills processes that fill the cache of kernels compiled for a GPU, and cuts its files short.

No GPU is needed: a process here writes as MLX does, in place and piece by piece, reads back whatever it finds, and
ends with an error on half a kernel. After each blow the same process must come to its end, and leave the whole cache.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from compare import PromiseError
from project import ROOT
from score_mlx.system import ptx_cache

KERNELS = [f"kernel{number}" for number in range(12)]
SUFFIXES = (".ptx", ".txt")  # of a kernel: its code, and the names of its functions
PIECES, PAUSE = 6, 0.002  # of a file, and seconds between them


def content(name: str) -> bytes:
    """A whole file of a kernel."""
    return name.encode() * 5000


def compile_all(folder: Path) -> None:
    """What MLX does with its folder: a kernel of which all files are there is read, another one written in place."""
    for kernel in KERNELS:
        files = [folder / (kernel + suffix) for suffix in SUFFIXES]
        if all(file.exists() for file in files):
            for file in files:
                if file.read_bytes() != content(file.name):
                    sys.exit(f"{file.name}: half a kernel")
            continue
        for file in files:
            whole = content(file.name)
            size = -(-len(whole) // PIECES)
            with file.open("wb", buffering=0) as out:
                for start in range(0, len(whole), size):
                    out.write(whole[start : start + size])
                    time.sleep(PAUSE)


def process(cache: Path, guarded: bool) -> subprocess.Popen[bytes]:
    """One that compiles, with this project's cache, or with MLX's own folder if it is not guarded."""
    command = [sys.executable, str(Path(__file__).resolve()), str(cache), "guarded" if guarded else "alone"]
    return subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(ROOT / "workflow")}, stderr=subprocess.PIPE)


def strike(cache: Path, rng: random.Random, seconds: float, *, guarded: bool = True) -> str:
    """One blow at a random moment of a process's `seconds`; what it was."""
    running = process(cache, guarded)
    try:
        running.wait(rng.uniform(0, seconds))
    except subprocess.TimeoutExpired:
        running.kill()
    running.communicate()
    written = sorted(file for file in cache.glob("*") if file.suffix in SUFFIXES)
    if written and rng.random() < 0.5:
        file = rng.choice(written)
        os.truncate(file, rng.randrange(file.stat().st_size))
        return "truncated"
    return "killed"


def trial(
    home: Path, kills: int, rng: random.Random, *, guarded: bool = True, say: Callable[[str], None] = print
) -> None:
    """So many blows, a run to its end after each, every third time from an empty cache.

    Raises:
        PromiseError: a run after a blow failed, or the cache is not whole after it.
    """
    begun = time.monotonic()
    _finish(home / "whole", guarded, "a run that nothing struck")
    seconds, cache = time.monotonic() - begun, home / "cache"
    blows: list[str] = []
    for number in range(kills):
        if number % 3 == 0:
            shutil.rmtree(cache, ignore_errors=True)
        cache.mkdir(parents=True, exist_ok=True)
        blows.append(strike(cache, rng, seconds, guarded=guarded))
        _finish(cache, guarded, f"the run after blow {number + 1} ({blows[-1]})")
    counts = ", ".join(f"{blows.count(kind)} {kind}" for kind in ("killed", "truncated"))
    say(f"kernel cache: {counts}, whole after each")


def _finish(cache: Path, guarded: bool, said: str) -> None:
    """A process to its end, after which the cache must be whole and no other process's folder left."""
    cache.mkdir(parents=True, exist_ok=True)
    running = process(cache, guarded)
    _, error = running.communicate(timeout=120)
    if running.returncode:
        raise PromiseError(f"kernel cache: {said} ended with status {running.returncode}: {error.decode().strip()}")
    names = [kernel + suffix for kernel in KERNELS for suffix in SUFFIXES]
    wrong = [name for name in names if not (cache / name).exists() or (cache / name).read_bytes() != content(name)]
    wrong += [left.name for left in cache.glob(f"{ptx_cache.PRIVATE}*")]
    if wrong:
        raise PromiseError(f"kernel cache: {said}: not whole, or left behind: {', '.join(wrong)}")


if __name__ == "__main__":
    place = Path(sys.argv[1])
    if sys.argv[2] == "guarded":
        private = ptx_cache.take(place)
        compile_all(private)
        ptx_cache.hand_over(private)
    else:
        compile_all(place)
