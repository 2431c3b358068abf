"""What a machine must have before a lock is installed on it: `python -m score_mlx.system.conditions envs/NAME.lock`.

Needs nothing but Python, as it runs before anything is installed. What lacks is said in one line each, and what still
works without it; the exit code is 1 where installing would be in vain.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from score_mlx.system import device

GLIBC = (2, 35)  # of MLX's wheels for Linux (manylinux_2_35): Ubuntu 22.04, Debian 12, RHEL 10
DRIVER = (580,)  # NVIDIA's, for CUDA 13
MACOS = (14,)  # of MLX's wheels for Metal
MACHINES = ("x86_64", "aarch64")  # of MLX's wheels for Linux
# Where Homebrew and MacPorts put the OpenMP library without which LightGBM and XGBoost do not load.
LIBOMP = (
    Path("/opt/homebrew/opt/libomp/lib/libomp.dylib"),
    Path("/usr/local/opt/libomp/lib/libomp.dylib"),
    Path("/opt/local/lib/libomp/libomp.dylib"),
)


@dataclass(frozen=True)
class Lack:
    """What a machine lacks.

    Attributes:
        what: found, expected, and what to do.
        needed: whether nothing works without it.
    """

    what: str
    needed: bool = True


def lacks(lock: str) -> list[Lack]:
    """What this machine lacks for a lock, by the lock's name (`linux-cpu`, `linux-cuda`, `macos`)."""
    return _mac() if lock == "macos" else _linux(cuda=lock == "linux-cuda")


def _linux(*, cuda: bool) -> list[Lack]:
    found: list[Lack] = []
    if sys.platform != "linux":
        found.append(Lack(f"system {sys.platform}: expected Linux; on Apple silicon: make LOCK=envs/macos.lock"))
    elif platform.machine() not in MACHINES:
        found.append(Lack(f"processor {platform.machine()}: MLX has no wheel for it, expected {' or '.join(MACHINES)}"))
    elif (glibc := _glibc()) and _numbers(glibc) < GLIBC:
        found.append(Lack(f"glibc {glibc}: expected {_shown(GLIBC)} or newer (Ubuntu 22.04, Debian 12), or conda"))
    if cuda and not found:
        found += _cuda()
    return found


def _cuda() -> list[Lack]:
    driver, instead = device.driver(), "; to train on the CPU: make LOCK=envs/linux-cpu.lock"
    if driver is None:
        return [Lack(f"no NVIDIA driver: expected {_shown(DRIVER)} or newer{instead}")]
    if _numbers(driver) < DRIVER:
        return [Lack(f"NVIDIA driver {driver}: expected {_shown(DRIVER)} or newer, for CUDA 13{instead}")]
    return []


def _mac() -> list[Lack]:
    if sys.platform != "darwin":
        return [Lack(f"system {sys.platform}: expected macOS; on Linux: make LOCK=envs/linux-cpu.lock")]
    found: list[Lack] = []
    if _under_rosetta():
        found.append(Lack("Python for Intel on Apple silicon: expected one for arm64, as of python.org or Homebrew"))
    elif platform.machine() != "arm64":
        found.append(Lack(f"processor {platform.machine()}: MLX is for Apple silicon (arm64) only"))
    version = platform.mac_ver()[0]
    if _numbers(version) < MACOS:
        found.append(Lack(f"macOS {version}: expected {_shown(MACOS)} or newer"))
    if not any(path.exists() for path in LIBOMP):
        what = "no libomp: LightGBM and XGBoost will not load, everything else works; brew install libomp"
        found.append(Lack(what, needed=False))
    return found


def _glibc() -> str:
    """The C library's version, "" where it is another one than GNU's."""
    try:
        name, _, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").partition(" ")
    except (AttributeError, ValueError, OSError):
        return ""
    return version if name == "glibc" else ""


def _under_rosetta() -> bool:
    """Whether an Intel Python runs on Apple silicon, which says x86_64 of itself."""
    command = ["sysctl", "-n", "sysctl.proc_translated"]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=10).stdout.strip() == "1"
    except (OSError, subprocess.SubprocessError):
        return False


def _numbers(version: str) -> tuple[int, ...]:
    """2.36-9 -> (2, 36)."""
    return tuple(int(part) for part in version.split("-")[0].split(".") if part.isdigit())


def _shown(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def main(lock: str) -> int:
    """Prints what lacks for the lock of this path; the exit code."""
    found = lacks(Path(lock).stem)
    for lack in found:
        print(f"{'error' if lack.needed else 'note'}: {lack.what}", file=sys.stderr)
    return int(any(lack.needed for lack in found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
