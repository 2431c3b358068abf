"""A real BLAS under MLX on Linux CPUs.

MLX's Linux CPU wheel links the reference BLAS: a (416 x 64)(64 x 64) product takes 20 times longer than with MKL or
OpenBLAS. A library loaded into the global symbol scope before MLX takes the reference's place, so `load()` must
run before the first `import mlx.core`. macOS (Accelerate, Metal) and CUDA need nothing.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import sys
import warnings
from pathlib import Path

# In order of preference: PyPI's `mkl` (x86-64), then what distributions install.
LIBRARIES = ("libmkl_rt.so.3", "libmkl_rt.so.2", "libopenblas.so.0", "libblis.so.4")

_loaded: str | None = None


def load(threads: int = 1) -> str:
    """Put a fast BLAS under MLX; call it before anything imports `mlx.core`. Harmless when called again.

    Args:
        threads: of each product; more than one only where results need not repeat bit by bit.

    Returns:
        What MLX multiplies matrices with: the library's file name, `accelerate`, `cuda`, or `reference`.
    """
    global _loaded
    if _loaded is None:
        _loaded = _load(threads)
    return _loaded


def _load(threads: int) -> str:
    if sys.platform == "darwin":
        return "accelerate"
    if importlib.util.find_spec("mlx_cuda_13") or (Path(sys.prefix) / "lib/mlx_cuda").exists() or _mlx_has_cuda():
        return "cuda"
    # MKL chooses a kernel by the processor and by the number of threads. One code path and one thread give the
    # same bytes on each machine of a kind.
    os.environ.setdefault("MKL_CBWR", "AVX2,STRICT")
    os.environ.setdefault("MKL_THREADING_LAYER", "SEQUENTIAL" if threads == 1 else "INTEL")
    for name in ("MKL_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, str(threads))
    for name in LIBRARIES:
        for place in (str(Path(sys.prefix) / "lib" / name), name):
            try:
                ctypes.CDLL(place, mode=ctypes.RTLD_GLOBAL)
            except OSError:
                continue
            return name
    warnings.warn(
        "no fast BLAS found, training will be about 20 times slower: install PyPI's `mkl` (x86-64) or Debian's "
        "`libopenblas0-pthread`",
        stacklevel=3,
    )
    return "reference"


def _mlx_has_cuda() -> bool:
    package = importlib.util.find_spec("mlx")
    places = list(package.submodule_search_locations or []) if package else []
    return any((Path(place) / "lib" / "libnccl.so.2").exists() for place in places)
