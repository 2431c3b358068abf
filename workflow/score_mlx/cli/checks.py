"""What `score-mlx doctor` looks at; each check reads the machine and changes nothing."""

from __future__ import annotations

import importlib
import os
import platform
import re
import shutil
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from score_mlx import __version__
from score_mlx.data.chem.parallel import cores
from score_mlx.system import blas, conditions, device, processor, project
from score_mlx.system.device import Build
from score_mlx.system.errors import UserError
from score_mlx.system.files import sha256

PYTHONS = ((3, 11), (3, 14))  # from, and up to but without; as `requires-python`
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", re.MULTILINE)
SIZE = 1024  # of the square matrices whose product is timed: large enough for a BLAS to reach its speed
SECONDS = 0.3  # of timing
# Libraries of the classical models that load a shared library of their own, and so may fail after installation.
NATIVE = ("catboost", "lightgbm", "xgboost")
# Programs that only some targets use: name -> what for, and where from.
OPTIONAL = {
    "chromium": ("browser tests of the results page", "Debian, Ubuntu: apt install chromium"),
    "sbatch": ("jobs on Slurm", "profiles/slurm, on a cluster's login node"),
    "docker": ("container images", "containers/"),
    "apptainer": ("container images on clusters", "containers/"),
}


class State(Enum):
    """Whether what was looked for is there, is optional and absent, or is needed and absent."""

    OK = "ok"
    NOTE = "note"
    MISSING = "missing"


@dataclass(frozen=True)
class Check:
    """One line of the page.

    Attributes:
        state: whether it is there.
        what: what was looked for.
        found: what was found.
        remedy: how to get what is absent, or "".
    """

    state: State
    what: str
    found: str
    remedy: str = ""


def python() -> list[Check]:
    """The interpreter and its environment."""
    found = f"{platform.python_version()}, {sys.prefix}"
    if PYTHONS[0] <= sys.version_info[:2] < PYTHONS[1]:
        return [Check(State.OK, "Python", found)]
    return [Check(State.MISSING, "Python", found, "install Python 3.11, 3.12 or 3.13: make PYTHON=python3.12 venv")]


def machine() -> list[Check]:
    """Operating system, processor, cores and free disk; never absent."""
    system = " ".join([platform.system(), platform.release(), platform.machine(), *platform.libc_ver()])
    free = shutil.disk_usage(Path.cwd()).free / 2**30
    return [
        Check(State.OK, "system", " ".join(system.split())),
        Check(State.OK, "processor", f"{processor.name()}, {cores()} cores"),
        Check(State.OK, "free disk", f"{free:.0f} GiB under {Path.cwd()}"),
    ]


def requirements() -> list[Check]:
    """What the lock of this machine needs from the system: driver, C library, macOS, OpenMP."""
    lock = {Build.CUDA: "linux-cuda", Build.METAL: "macos", Build.CPU: "linux-cpu"}[device.build()]
    found = [
        Check(State.MISSING if lack.needed else State.NOTE, "system libraries", lack.what)
        for lack in conditions.lacks(lock)
    ]
    return found or [Check(State.OK, "system libraries", f"all that {lock}.lock needs")]


def packages() -> list[Check]:
    """The package itself, and whether installed packages have the versions of the lock that was installed."""
    own = Check(State.OK, "score-mlx", f"{__version__}, {Path(__file__).resolve().parents[1]}")
    marker = Path(sys.prefix) / ".lock-name"
    if not marker.is_file():
        return [own, Check(State.NOTE, "lock", "not installed by make", "make venv installs the pinned versions")]
    lock = _home() / marker.read_text(encoding="utf-8").strip()
    if not lock.is_file():
        return [own, Check(State.NOTE, "lock", f"{lock}: no such file")]
    others = differing(lock.read_text(encoding="utf-8"))
    if others:
        shown = ", ".join(others[:3]) + (f" and {len(others) - 3} more" if len(others) > 3 else "")
        return [own, Check(State.NOTE, "lock", f"{lock.name}: other versions of {shown}", "make venv")]
    return [own, Check(State.OK, "lock", f"{lock.name}: all installed packages have its versions")]


def differing(lock: str) -> list[str]:
    """Packages that are installed in a version that the text of a lock does not list, as `name 1.2 (lock: 1.3)`.

    A lock may list several versions of a package, one for each Python; a package may be for another Python only.
    """
    pins: dict[str, list[str]] = {}
    for name, pinned in PIN.findall(lock):
        pins.setdefault(name, []).append(pinned)
    found = {name: _version(name) for name in pins}
    return [f"{n} {found[n]} (lock: {', '.join(pins[n])})" for n in pins if found[n] and found[n] not in pins[n]]


def mlx() -> list[Check]:
    """MLX and its device, the BLAS under it and its speed, and the project's kernels."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        library = blas.described()
    try:
        import mlx.core as mx
    except ImportError as reason:
        return [Check(State.MISSING, "MLX", _line(reason), "make venv; on NVIDIA: a driver for CUDA 13 (580 or newer)")]
    device = mx.default_device()
    about = mx.device_info() if hasattr(mx, "device_info") else {}
    named = about.get("device_name", "") if str(device.type).endswith("gpu") else processor.name()
    slow = [Check(State.NOTE, "BLAS", library, _line(warning.message)) for warning in said]
    return [
        Check(State.OK, "MLX", _version("mlx")),
        Check(State.OK, "device", ": ".join(filter(None, [str(device.type).rsplit(".")[-1], str(named)]))),
        *(slow or [Check(State.OK, "BLAS", library)]),
        Check(State.OK, "speed", f"{gflops():.0f} GFLOP/s, float32 product of {SIZE} x {SIZE} matrices"),
        *_kernels(),
    ]


def gflops() -> float:
    """10^9 operations a second of a float32 product on MLX's default device: the fastest of some repetitions."""
    import mlx.core as mx

    a = mx.random.normal((SIZE, SIZE), key=mx.random.key(0))
    mx.eval(a @ a)
    fastest, end = float("inf"), time.perf_counter() + SECONDS
    while True:
        start = time.perf_counter()
        mx.eval(a @ a)
        fastest = min(fastest, time.perf_counter() - start)
        if time.perf_counter() > end:
            return 2 * SIZE**3 / fastest / 1e9


def _kernels() -> list[Check]:
    from score_mlx import kernels
    from score_mlx.kernels import build

    if kernels.compiled():
        return [Check(State.OK, "kernels", "compiled for this processor")]
    if os.environ.get("SCORE_KERNELS") == "off":
        return [Check(State.NOTE, "kernels", "switched off by SCORE_KERNELS=off")]
    why = build.missing()
    remedy = f"python -m {kernels.__name__}" if not why else "training works without them, at about half the speed"
    return [Check(State.NOTE, "kernels", why or "not compiled", remedy)]


def compiler() -> list[Check]:
    """The C++ compiler: for the kernels, and for chains of operations that MLX compiles while it runs on a CPU."""
    path = shutil.which("g++")
    if path is None:
        remedy = "Debian, Ubuntu: apt install g++; macOS: xcode-select --install"
        return [Check(State.MISSING, "compiler", "no g++", remedy)]
    done = subprocess.run([path, "--version"], capture_output=True, text=True)
    return [Check(State.OK, "compiler", done.stdout.splitlines()[0] if done.stdout else path)]


def libraries() -> list[Check]:
    """The libraries of the classical models, imported: a missing OpenMP shows only then."""
    checks = []
    for name in NATIVE:
        try:
            importlib.import_module(name)
            checks.append(Check(State.OK, name, _version(name)))
        except (ImportError, OSError, RuntimeError) as reason:  # XGBoost raises an error of its own, a RuntimeError
            remedy = "brew install libomp" if sys.platform == "darwin" else "make venv"
            checks.append(Check(State.MISSING, name, _line(reason), f"{remedy}; only Table 1 needs it"))
    return checks


def data() -> list[Check]:
    """Raw files: found with the right checksum, or to be downloaded by the first command that needs them."""
    import yaml

    from score_mlx.data.sources import load_sources

    home = _home()
    if not (home / "config.yaml").is_file():
        remedy = "run this command in a copy of the project's repository"
        return [Check(State.NOTE, "project", "no config.yaml here", remedy)]
    config = yaml.safe_load((home / "config.yaml").read_text(encoding="utf-8")) or {}
    folders = [(home / str(folder)).resolve() for folder in config.get("data_folders") or []]
    checks = [Check(State.OK, "project", str(home))]
    for name, source in load_sources(home / "data" / "sources.yaml").items():
        places = [folder / file for folder in folders for file in source.files]
        path = next((place for place in places if place.is_file()), None)
        what = f"data {name}"
        if path is None:
            remedy = "downloaded by the first command that needs it, or put it into " + " or ".join(map(str, folders))
            checks.append(Check(State.NOTE, what, f"not here ({source.bytes:,} bytes)", remedy))
        elif sha256(path) != source.sha256:
            remedy = "move it away to have it downloaded"
            checks.append(Check(State.MISSING, what, f"{path}: wrong checksum", remedy))
        else:
            checks.append(Check(State.OK, what, str(path)))
    return checks


def programs() -> list[Check]:
    """Programs that only some targets use."""
    checks = []
    for name, (use, source) in OPTIONAL.items():
        path = shutil.which(name)
        if path and name == "docker" and not _answers(path):
            remedy = "start it, or build with buildah, which needs none"
            checks.append(Check(State.NOTE, name, f"{path}, but no daemon answers; only for {use}", remedy))
            continue
        state = State.OK if path else State.NOTE
        checks.append(Check(state, name, path or f"not found; only for {use}", "" if path else source))
    return checks


def _answers(docker: str) -> bool:
    """Whether Docker's daemon does, in five seconds."""
    command = [docker, "version", "--format", "{{.Server.Version}}"]
    try:
        return subprocess.run(command, capture_output=True, timeout=5, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _home() -> Path:
    try:
        return project.root()
    except UserError:
        return Path.cwd()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _line(reason: object) -> str:
    return " ".join(str(reason).split())[:200]


CHECKS: tuple[Callable[[], list[Check]], ...] = (
    python, machine, requirements, packages, mlx, compiler, libraries, data, programs,
)  # fmt: skip
