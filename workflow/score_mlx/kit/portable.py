"""The half of the kit that travels: unpacks it on a bare machine, trains, and packs what came out.

    python3 run.py --hours 0.15 --out OUT

needs Python's standard library only and no network. `score-mlx kit pack` copies this file beside the parts of a kit.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import io
import json
import lzma
import os
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

MANIFEST = "kit.json"
SHARE = 0.95  # of the time limit for training; packing what came out takes the rest
MB = 10**6


class KitError(Exception):
    """Something that whoever runs the kit can mend; one line."""


class _Parts(io.RawIOBase):
    """A file that is written as several, none larger than `size` bytes."""

    def __init__(self, stem: Path, size: int):
        self.stem, self.size, self.written = stem, size, 0
        self.parts: list[dict[str, Any]] = []
        self.file: BinaryIO | None = None
        self.digest = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes | memoryview) -> int:
        view = memoryview(data).cast("B")
        total = len(view)
        while len(view):
            file = self._next() if self.file is None or self.written == self.size else self.file
            piece = view[: self.size - self.written]
            file.write(piece)
            self.digest.update(piece)
            self.written, view = self.written + len(piece), view[len(piece) :]
        return total

    def _next(self) -> BinaryIO:
        self._end()
        path = self.stem.with_name(f"{self.stem.name}.{len(self.parts) + 1:03}")
        self.file, self.digest, self.written = path.open("wb"), hashlib.sha256(), 0
        self.parts.append({"name": path.name})
        return self.file

    def _end(self) -> None:
        if self.file is not None:
            self.file.close()
            self.parts[-1] |= {"sha256": self.digest.hexdigest(), "bytes": self.written}
            self.file = None

    def close(self) -> None:
        self._end()
        super().close()


def write(
    folder: Path, files: Iterable[tuple[str, Path | bytes]], size: int, about: dict, compression: int = 6
) -> dict:
    """Pack files as one archive in parts of at most `size` bytes, with a manifest beside them.

    Args:
        folder: for the parts and the manifest.
        files: name in the archive, and where the file lies or what is in it.
        about: further entries of the manifest.
        compression: level of xz, 0 (fast) to 9 (small).

    Returns:
        The manifest: `about`, and of each part its name, sha256 and bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    parts = _Parts(folder / "part.tar.xz", size)
    with (
        parts,
        # typeshed expects all that a file can do; lzma only writes
        lzma.open(parts, "wb", preset=compression) as packed,  # pyright: ignore[reportArgumentType, reportCallIssue]
        tarfile.open(fileobj=packed, mode="w|") as tar,
    ):
        for name, source in files:
            info = tarfile.TarInfo(name)  # no owner, no date: the same kit gives the same bytes
            if isinstance(source, bytes):
                info.size = len(source)
                tar.addfile(info, io.BytesIO(source))
                continue
            info.size, info.mode = source.stat().st_size, 0o755 if os.access(source, os.X_OK) else 0o644
            with source.open("rb") as file:
                tar.addfile(info, file)
    manifest = about | {"parts": parts.parts}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    return manifest


def read(folder: Path, target: Path) -> dict:
    """Unpack what `write` wrote, after every part was checked; the manifest.

    Raises:
        KitError: a part or the manifest is missing or damaged.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        parts = [(folder / part["name"], part["sha256"]) for part in manifest["parts"]]
    except (OSError, ValueError, KeyError, TypeError):
        raise KitError(f"{folder / MANIFEST}: expected the list of a kit's parts") from None
    for path, digest in parts:
        if not path.is_file():
            raise KitError(f"{path}: no such file, expected {len(parts)} parts beside {MANIFEST}")
        if _digest(path) != digest:
            raise KitError(f"{path}: another checksum than {MANIFEST} says; copy it again")
    target.mkdir(parents=True, exist_ok=True)
    with _Joined([path for path, _ in parts]) as whole, tarfile.open(fileobj=whole, mode="r|xz") as tar:
        tar.extractall(target, filter="data")
    return manifest


class _Joined(io.RawIOBase):
    """Several files read as one."""

    def __init__(self, paths: list[Path]):
        self.paths, self.file = iter(paths), None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:
        while True:
            if self.file is None:
                path = next(self.paths, None)
                if path is None:
                    return 0
                self.file = path.open("rb")
            count = self.file.readinto(buffer)
            if count:
                return count
            self.file.close()
            self.file = None

    def close(self) -> None:
        if self.file is not None:
            self.file.close()
        super().close()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def install(kit: Path, work: Path) -> dict:
    """Unpack a kit and make a Python environment of it in `work`, once; its manifest.

    Raises:
        KitError: another Python than the kit's, or what `read` raises.
    """
    manifest = json.loads((kit / MANIFEST).read_text(encoding="utf-8")) if (kit / MANIFEST).is_file() else {}
    here = ".".join(map(str, sys.version_info[:2]))
    if manifest.get("python", here) != here:
        raise KitError(
            f"{sys.executable} is Python {here}, expected {manifest['python']}, for which the kit was packed"
        )
    marker = work / "unpacked"
    if not marker.is_file():
        manifest = read(kit, work)
        _environment(work)
        marker.touch()
    return manifest


def _environment(work: Path) -> None:
    """A virtual environment with the kit's packages, and beside them the CUDA libraries that this machine has."""
    command = [sys.executable, "-m", "venv", "--without-pip", str(work / "venv")]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    site = next((work / "venv").glob("lib/python*/site-packages"))
    for path in sorted((work / "site").iterdir()):
        shutil.move(path, site / path.name)
    nvidia = importlib.util.find_spec("nvidia")
    if not (site / "nvidia").exists() and nvidia and nvidia.submodule_search_locations:
        (site / "nvidia").symlink_to(next(iter(nvidia.submodule_search_locations)))


def compile_kernels(work: Path) -> None:
    """The CPU kernels, which halve the time of graph networks; without a compiler it goes on without them."""
    command = [str(work / "venv" / "bin" / "python"), "-m", "score_mlx.kernels"]
    subprocess.run(command, env=_environment_of(work), stdin=subprocess.DEVNULL)


def train(work: Path, manifest: dict, hours: float | None, cores: int | None, on_gpu: int = 1) -> int:
    """The kit's list through `score-mlx queue`; its exit code."""
    home = work / "project"
    command = [str(work / "venv" / "bin" / "python"), "-m", "score_mlx", "queue", "list.txt"]
    command += ["--preset", manifest["preset"], "--reference", "results/reference/runs"]
    command += ["--on-gpu", str(on_gpu)]
    command += [] if hours is None else ["--hours", f"{hours:.6f}"]
    command += [] if cores is None else ["--cores", str(cores)]
    return subprocess.run(command, cwd=home, env=_environment_of(work), stdin=subprocess.DEVNULL).returncode


def _environment_of(work: Path) -> dict[str, str]:
    given = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    given |= {"PYTHONPATH": str(work / "project" / "workflow"), "PYTHONNOUSERSITE": "1"}
    toolkit = next((work / "venv").glob("lib/python*/site-packages/nvidia/cu13"), None)
    if toolkit and "CUDA_HOME" not in given:  # where MLX looks for headers when it compiles a kernel
        given["CUDA_HOME"] = str(toolkit)
    return given


def collect(work: Path, out: Path, size: int, most: int) -> None:
    """Pack records and logs, then weights, then checkpoints of runs that are not done, at most `most` bytes in all."""
    runs, logs = work / "project" / "results" / "runs", work / "project" / "results" / "logs"
    wanted = [*_records(runs), *sorted(logs.rglob("*.log"))]
    wanted += sorted(runs.rglob("weights/[!.]*.safetensors"))
    wanted += [path for path in sorted(runs.rglob("checkpoints/[!.]*")) if not _done(path.parents[1])]
    files, total, left = [], 0, []
    for path in wanted:
        total += path.stat().st_size
        if total > most:
            total -= path.stat().st_size
            left.append(path)
        else:
            files.append((path.relative_to(work / "project" / "results").as_posix(), path))
    write(out, files, size, {"kind": "results"})
    print(f"{sum(_done(path.parent) for path in runs.rglob('run.json'))} records, {len(files)} files -> {out}")
    for path in left:
        print(f"left out, larger than what may come back: {path.relative_to(work)}")


def _records(runs: Path) -> Iterator[Path]:
    for path in sorted(runs.rglob("run.json")):
        yield from (path.with_name("run.meta.json"), path)
    yield from sorted(runs.rglob("losses.csv"))


def _done(folder: Path) -> bool:
    return (folder / "run.json").is_file()


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__ and __doc__.splitlines()[0])
    here = Path(__file__).resolve().parent
    parser.add_argument("--kit", type=Path, default=here, help="folder of the parts, by default this file's")
    parser.add_argument("--work", type=Path, default=Path("kit-work"), help="folder to unpack and train in")
    parser.add_argument("--out", type=Path, default=Path("kit-out"), help="folder for what came out")
    parser.add_argument("--hours", type=float, help="by then all has ended, packing included; by default no limit")
    parser.add_argument("--cores", type=int, help="runs side by side, by default one a core")
    parser.add_argument("--on-gpu", type=int, default=1, help="how many of them share the GPU")
    parser.add_argument("--kernels", action="store_true", help="compile the CPU kernels first: a minute, needs g++")
    parser.add_argument("--part-mb", type=float, default=16, help="largest part of what comes back, in MB")
    parser.add_argument("--most-mb", type=float, default=64, help="of all that comes back, before compression, in MB")
    given, begin = parser.parse_args(arguments), time.monotonic()
    try:
        work = given.work.resolve()
        manifest = install(given.kit, work)
        if given.kernels:
            compile_kernels(work)
        hours = None if given.hours is None else given.hours * SHARE - (time.monotonic() - begin) / 3600
        code = train(work, manifest, None if hours is None else max(hours, 0.0), given.cores, given.on_gpu)
        collect(work, given.out, int(given.part_mb * MB), int(given.most_mb * MB))
    except KitError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return code


if __name__ == "__main__":
    sys.exit(main())
