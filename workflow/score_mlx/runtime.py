"""What must be settled before MLX is imported, and right after: once a process, at every entry point that computes."""

from __future__ import annotations

import os

from score_mlx.system import blas, device, ptx_cache
from score_mlx.system.device import Build
from score_mlx.system.errors import UserError

# Bytes that MLX may keep after an array is freed: on a GPU an eighth of the device's memory, where it would keep 95 %.
# A step that needs more asks the driver for memory each time, so there is a least.
LEAST_CACHE, CACHE_SHARE = 2**30, 8

_started = False


def start(threads: int = 1) -> None:
    """Ready this process for MLX: a BLAS for the CPU, float32 products on a GPU, kernel cache, memory.

    Called again it changes nothing.

    Args:
        threads: of the BLAS; more than one only where results need not repeat bit by bit.

    Raises:
        UserError: MLX's CUDA build, which cannot be imported without NVIDIA's driver, on a machine without it.
    """
    global _started
    if device.build() is Build.CUDA and not device.has_gpu():
        raise UserError(
            "MLX's CUDA build: no NVIDIA driver here, expected one; make LOCK=envs/linux-cpu.lock is for CPUs"
        )
    blas.load(threads)
    if _started:
        return
    _started = True
    # MLX multiplies float32 in TF32 on CUDA unless told otherwise: a relative error of 3e-4 where float32 has 2e-7.
    os.environ.setdefault("MLX_ENABLE_TF32", "0")
    if device.build() is Build.CUDA:
        ptx_cache.use()
    from score_mlx import kernels  # imports MLX, which now finds its BLAS and its settings

    kernels.keep_memory()
    if device.has_gpu():
        import mlx.core as mx

        mx.set_cache_limit(cache_limit())


def cache_limit() -> int:
    """Bytes of freed arrays that MLX keeps on a GPU."""
    import mlx.core as mx

    about = mx.device_info()
    memory = about.get("total_memory") or about.get("memory_size") or 0  # CUDA's word and Metal's
    return max(LEAST_CACHE, int(memory) // CACHE_SHARE)


def provenance() -> dict[str, str | int]:
    """What `run.meta.json` says of the device MLX computes on, beside its name.

    precision and cache limit count on a GPU only; `compile` is MLX's, `off` where the environment disables it.
    """
    import mlx.core as mx

    about: dict[str, str | int] = {"compile": "off" if os.environ.get("MLX_DISABLE_COMPILE") else "on"}
    if mx.default_device().type != mx.DeviceType.gpu:
        return about | {"precision": "float32"}
    about |= {"precision": device.precision(), "cache_limit": cache_limit()}
    if device.build() is Build.CUDA:
        about |= {"driver": device.driver() or "unknown", "cuda_graphs": os.environ.get("MLX_USE_CUDA_GRAPHS", "on")}
    return about
