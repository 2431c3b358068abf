"""The half of the kit that stays: what a list of runs needs, packed; and what came back, taken in."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from score_mlx.kit import portable
from score_mlx.models.families import inputs_of
from score_mlx.models.queue import is_done
from score_mlx.models.transfer import adopt
from score_mlx.runs.records import COMMIT_FILE, commit
from score_mlx.runs.spec import Spec
from score_mlx.system import device
from score_mlx.system.device import Build
from score_mlx.system.errors import UserError

# What `score-mlx queue` and the training of networks import; what these require themselves comes along.
PACKAGES = ("mlx", "numpy", "pydantic", "pyyaml", "typer", "tqdm", "scipy-openblas32", "nanobind")
BACKENDS = {"linux-cpu": "mlx-cpu", "linux-cuda": "mlx-cuda-13"}
FAMILIES = ("graphs", "dense", "language")  # classical models are fitted in minutes, by libraries that fill a kit
# Parts of a wheel that nothing needs at run time.
DROPPED = re.compile(r"(^|/)(tests?|__pycache__)/|^mlx/(include/(cutlass|cute)|share)/|\.pyi$|^\.\./")
PLATFORMS = ("manylinux_2_35", "manylinux_2_34", "manylinux_2_28", "manylinux_2_27", "manylinux_2_17", "manylinux2014")


def pack(
    runs: list[tuple[Spec, float | None]],
    folder: Path,
    *,
    root: Path,
    results: Path,
    preset: str,
    size: int,
    lock: Path | None = None,
    python: str = "",
    compression: int = 6,
) -> dict:
    """Write the parts of a kit, its manifest and run.py into `folder`; the manifest.

    Args:
        runs: what to train, the most important first, with seconds where they are known.
        root: the project.
        results: folder of prepared inputs; checkpoints of the runs below it come along.
        preset: noted in the records.
        size: largest part, in bytes.
        lock: of the borrowed machine, whose packages are then downloaded; None: those that are installed here.
        python: of the borrowed machine, e.g. 3.12; only with a lock.
        compression: level of xz, 0 (fast) to 9 (small).

    Raises:
        UserError: a run that a kit cannot train or whose inputs are not there, a package that is missing.
    """
    runs = [(spec, seconds) for spec, seconds in runs if not is_done(spec, results / "runs")]
    if not runs:
        raise UserError("nothing to pack: every run of the list has a record")
    with tempfile.TemporaryDirectory() as scratch:
        site = downloaded(lock, python, Path(scratch)) if lock else installed()
        files = [*_code(root), *_data(runs, results), *sorted(site)]
        about = {"kind": "kit", "preset": preset, "python": python or _python(), "runs": len(runs)}
        shutil.rmtree(folder, ignore_errors=True)
        manifest = portable.write(folder, files, size, about, compression)
    shutil.copyfile(portable.__file__, folder / "run.py")
    return manifest


def take(folder: Path, results: Path) -> tuple[list[Path], list[Path], int]:
    """Take in what came back: records by `adopt`, and checkpoints of runs without a record, to go on from.

    Returns:
        Records written, records that were there, and the number of runs that can go on.

    Raises:
        UserError: parts are missing or damaged, or what `adopt` refuses.
    """
    with tempfile.TemporaryDirectory() as scratch:
        try:
            portable.read(folder, Path(scratch))
        except portable.KitError as error:
            raise UserError(str(error)) from None
        back = Path(scratch, "runs")
        taken, there = adopt(back, results, origin=folder / "runs") if any(back.rglob("run.json")) else ([], [])
        begun = 0
        for checkpoints in sorted(back.rglob("checkpoints")):
            target = results / "runs" / checkpoints.relative_to(back)
            if not (target.parent / "run.json").exists():
                shutil.copytree(checkpoints, target, dirs_exist_ok=True)
                begun += 1
    return taken, there, begun


def _code(root: Path) -> Iterator[tuple[str, Path]]:
    """The package, the configuration, and what old runs have cost."""
    code = root / "workflow" / "score_mlx"
    paths = [path for path in code.rglob("*") if path.suffix in (".py", ".cpp", ".h", ".yaml", ".json")]
    paths += [root / name for name in ("config.yaml", "Snakefile", "data/sources.yaml")]
    paths += (root / "results" / "reference" / "runs").rglob("run.meta.json")
    for path in sorted(paths):
        yield f"project/{path.relative_to(root).as_posix()}", path


def _data(runs: list[tuple[Spec, float | None]], results: Path) -> Iterator[tuple[str, Path | bytes]]:
    """What the runs read, their checkpoints, and the list itself."""
    found: dict[str, Path] = {}
    for spec, _ in runs:
        if spec.FAMILY not in FAMILIES:
            raise UserError(f"{spec.path('')}: a kit trains {', '.join(FAMILIES)}, expected one of them")
        for name, file in inputs_of(spec, results).items():
            if name.endswith("_code"):
                raise UserError(f"{spec.path('')}: a kit has no plugins, expected a model of the package")
            found[f"project/results/{file.relative_to(results).as_posix()}"] = file
        for file in spec.path(results / "runs").parent.glob("checkpoints/[!.]*"):
            found[f"project/results/{file.relative_to(results).as_posix()}"] = file
    yield from sorted(found.items())
    lines = (f"{s.path('results/runs')}" + ("" if t is None else f" {t / 3600:g}") + "\n" for s, t in runs)
    yield f"project/{COMMIT_FILE}", (commit() or "").encode()
    yield "project/list.txt", "".join(lines).encode()


def installed() -> list[tuple[str, Path]]:
    """The files of the packages that are installed here."""
    backend = {Build.CPU: "mlx-cpu", Build.CUDA: "mlx-cuda-13"}.get(device.build())
    if backend is None:
        raise UserError("a kit is for Linux; expected --lock envs/linux-cuda.lock or envs/linux-cpu.lock")
    found: dict[str, Path] = {}
    for package in closure((*PACKAGES, backend)):
        for file in package.files or []:
            name, path = str(file), Path(str(package.locate_file(file)))
            if not DROPPED.search(name) and path.is_file():
                found[f"site/{name}"] = path
    return list(found.items())


def closure(names: Iterable[str]) -> list[Distribution]:
    """These distributions and what they require here.

    Raises:
        UserError: one of those named is not installed.
    """
    from packaging.requirements import Requirement

    waiting, found = list(names), {}
    while waiting:
        name = waiting.pop().lower().replace("_", "-")
        if name in found:
            continue
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            raise UserError(f"{name} is not installed here, expected an environment as make venv makes it") from None
        required = map(Requirement, found[name].requires or [])
        waiting += [r.name for r in required if r.marker is None or r.marker.evaluate({"extra": ""})]
    return list(found.values())


def downloaded(lock: Path, python: str, scratch: Path) -> list[tuple[str, Path]]:
    """The files of the packages as a lock pins them, for another machine, from the package index and checked by hash.

    Raises:
        UserError: no such backend, or pip fails.
    """
    backend = BACKENDS.get(lock.stem)
    if backend is None:
        raise UserError(f"{lock}: a kit is for {' or '.join(BACKENDS)}")
    here = [package.metadata["Name"].lower().replace("_", "-") for package in closure(PACKAGES)]
    wanted = {*here, backend} - {*BACKENDS.values(), "mlx-metal"} | {backend}
    pins = re.split(r"(?m)^(?=[A-Za-z0-9._-]+==)", lock.read_text(encoding="utf-8"))
    subset = scratch / "subset.lock"
    subset.write_text("".join(pin for pin in pins if pin.split("==")[0].lower() in wanted), encoding="utf-8")
    wheels = scratch / "wheels"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes", "-r", str(subset)]
    command += ["--only-binary", ":all:", "--dest", str(wheels), "--python-version", python or _python()]
    command += [word for name in PLATFORMS for word in ("--platform", f"{name}_x86_64")]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise UserError(f"pip: {(done.stderr.strip().splitlines() or ['failed'])[-1]}")
    for wheel in sorted(wheels.glob("*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            members = [name for name in archive.namelist() if not DROPPED.search(name) and not name.endswith("/")]
            archive.extractall(scratch / "site", members)
    return [
        (f"site/{path.relative_to(scratch / 'site').as_posix()}", path)
        for path in sorted((scratch / "site").rglob("*"))
        if path.is_file()
    ]


def _python() -> str:
    return ".".join(map(str, sys.version_info[:2]))
