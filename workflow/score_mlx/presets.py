"""Presets: how long to train on this machine, never what to train (config.yaml, `presets`)."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from score_mlx.config import Config

# The distributions that hold MLX's CUDA backend, one a CUDA release.
CUDA_BUILDS = ("mlx-cuda", "mlx-cuda-12", "mlx-cuda-13")
CUDA_DRIVERS = (Path("/proc/driver/nvidia/version"), Path("/dev/nvidiactl"), Path("/dev/dxg"))


def resolve(config: Config) -> Config:
    """`config` with `auto` decided and the preset's values laid over each family's, which they only ever lower."""
    name = config.preset
    if name == "auto":
        name = "paper" if has_gpu() else "laptop"
    changes: dict[str, Any] = {"preset": name}
    for family, cuts in getattr(config.presets, name):
        settings = getattr(config, family)
        lowered = {key: min(value, getattr(settings, key)) for key, value in cuts.model_dump(exclude_none=True).items()}
        changes[family] = settings.model_copy(update=lowered)
    return config.model_copy(update=changes)


def has_gpu() -> bool:
    """Whether MLX would compute on a GPU here, told from the platform, the installed build and the driver.

    MLX itself is not asked: importing it would cost every dry-run a third of a second.
    """
    if sys.platform == "darwin":
        return platform.machine() == "arm64"
    return any(map(_installed, CUDA_BUILDS)) and any(driver.exists() for driver in CUDA_DRIVERS)


def _installed(distribution: str) -> bool:
    try:
        return bool(version(distribution))
    except PackageNotFoundError:
        return False
