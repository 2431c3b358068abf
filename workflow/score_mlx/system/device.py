"""Which backend of MLX is installed and whether there is a GPU for it, told without importing MLX.

Importing it would cost every dry-run a third of a second, and on a machine without NVIDIA's driver the CUDA build
cannot be imported at all.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from enum import StrEnum
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

# The distributions that hold MLX's CUDA backend, one a CUDA release.
CUDA_BUILDS = ("mlx-cuda-13", "mlx-cuda-12", "mlx-cuda")
DRIVER = Path("/proc/driver/nvidia")  # Linux's view of the driver and its GPUs
# Any of them says that there is a driver; the last is WSL's, where only nvidia-smi knows the version.
SIGNS = (DRIVER / "version", Path("/dev/nvidiactl"), Path("/dev/dxg"))


class Build(StrEnum):
    """What MLX was built for."""

    CPU = "cpu"
    CUDA = "cuda"
    METAL = "metal"


@cache
def build() -> Build:
    """The backend of the MLX that is installed."""
    if sys.platform == "darwin":
        return Build.METAL if platform.machine() == "arm64" else Build.CPU
    return Build.CUDA if any(map(installed, CUDA_BUILDS)) else Build.CPU


def has_gpu() -> bool:
    """Whether MLX would compute on a GPU here: its build and the driver are both there."""
    if build() is Build.CUDA:
        return any(sign.exists() for sign in SIGNS)
    return build() is Build.METAL


def driver() -> str | None:
    """The version of NVIDIA's driver as 580.65.06, None where there is none."""
    try:
        said = (DRIVER / "version").read_text(encoding="utf-8", errors="replace")
        found = re.search(r"(?:Kernel Module|for \S+)\s+(\d+(?:\.\d+)+)", said)
    except OSError:
        found = None
    if found:
        return found[1]
    if not shutil.which("nvidia-smi"):
        return None
    command = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    return said.split()[0] if said.split() else None


def gpus() -> list[str]:
    """Names of the NVIDIA GPUs that Linux lists, none where it lists none."""
    files = sorted(DRIVER.glob("gpus/*/information"))
    lines = (line for file in files for line in file.read_text(encoding="utf-8", errors="replace").splitlines())
    return [line.partition(":")[2].strip() for line in lines if line.startswith("Model:")]


def installed(distribution: str) -> str | None:
    """The version of an installed distribution, None where it is missing."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def precision() -> str:
    """How float32 is multiplied on a GPU: `float32`, or `tf32` where the environment's MLX_ENABLE_TF32 asks for it."""
    return "tf32" if os.environ.get("MLX_ENABLE_TF32", "0") not in ("", "0") else "float32"
