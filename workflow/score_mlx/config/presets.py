"""Presets: how long to train on this machine, never what to train (config.yaml, `presets`)."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from score_mlx.config.base import Typed
from score_mlx.config.file import Config

# The distributions that hold MLX's CUDA backend, one a CUDA release.
CUDA_BUILDS = ("mlx-cuda", "mlx-cuda-12", "mlx-cuda-13")
CUDA_DRIVERS = (Path("/proc/driver/nvidia/version"), Path("/dev/nvidiactl"), Path("/dev/dxg"))


def resolve(config: Config) -> Config:
    """`config` with `auto` decided and the preset's values laid over each family's, which they only ever lower."""
    name = config.preset
    if name == "auto":
        name = "paper" if has_gpu() else "laptop"
    families = {family: _lowered(getattr(config, family), cuts) for family, cuts in getattr(config.presets, name)}
    return config.model_copy(update={"preset": name} | families)


def _lowered(settings: Typed, cuts: Typed) -> Typed:
    """`settings` with each value of `cuts` that is lower than its own."""
    changes: dict[str, Any] = {}
    for key, cut in cuts:
        ours = getattr(settings, key)
        if cut is not None:
            unlimited = ours is None
            changes[key] = _lowered(ours, cut) if isinstance(cut, Typed) else cut if unlimited else min(cut, ours)
    return settings.model_copy(update=changes)


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
