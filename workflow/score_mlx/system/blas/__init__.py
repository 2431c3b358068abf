"""A real BLAS under MLX on Linux CPUs.

MLX's Linux CPU wheel links the reference BLAS: a (416 x 64)(64 x 64) product takes 20 times longer than with OpenBLAS
or MKL. A library loaded into the global symbol scope before MLX takes the reference's place, so `load()` must run
before the first `import mlx.core`. So does the CUDA build for products on the CPU. macOS (Accelerate) needs nothing.

PyPI's OpenBLAS, which the lock brings, has a prefix before its names; names.cpp beside this file gives it the usual
ones and is compiled where it is first needed, in a tenth of a second. (MLX itself needs a compiler at run time.)
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import platform
import sys
import warnings
from pathlib import Path

from score_mlx.system.compiling import compile_into, place
from score_mlx.system.errors import UserError
from score_mlx.system.processor import abilities

PACKAGE, PREFIX = "scipy_openblas32", "scipy_"
# Where that cannot be, in order of preference: what distributions and users install.
LIBRARIES = ("libopenblas.so.0", "libmkl_rt.so.3", "libmkl_rt.so.2", "libblis.so.4")

AVX2 = {"avx2", "fma"}
AVX512 = {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}  # what SkylakeX has

_loaded: str | None = None


def load(threads: int = 1) -> str:
    """Put a fast BLAS under MLX; call it before anything imports `mlx.core`. Harmless when called again.

    Args:
        threads: of each product; more than one only where results need not repeat bit by bit.

    Returns:
        What MLX multiplies matrices with on the CPU: `openblas`, another library's file name, `accelerate`, or
        `reference`.
    """
    global _loaded
    if _loaded is None:
        _loaded = _load(threads)
    return _loaded


def _load(threads: int) -> str:
    if sys.platform == "darwin":
        return "accelerate"
    _settle(threads)
    try:
        _load_openblas()
        return "openblas"
    except (UserError, OSError) as error:
        reason = str(error)
    for name in LIBRARIES:
        for path in (str(Path(sys.prefix) / "lib" / name), name):
            try:
                ctypes.CDLL(path, mode=ctypes.RTLD_GLOBAL)
            except OSError:
                continue
            return name
    warnings.warn(
        f"no fast BLAS, training will be about 20 times slower: {reason}; another way is Debian's "
        "`libopenblas0-pthread`",
        stacklevel=3,
    )
    return "reference"


def described() -> str:
    """What `load` says, with the processor for which OpenBLAS's kernels were written: part of a run's provenance."""
    name, kernels = load(), os.environ.get("OPENBLAS_CORETYPE")
    return f"{name} ({kernels})" if name == "openblas" and kernels else name


def _settle(threads: int) -> None:
    """A BLAS chooses a kernel by the processor and the number of threads; one choice gives the same bytes every time.

    OpenBLAS's kernels for SkylakeX multiply twice as fast as those for Haswell where the processor has AVX-512, whoever
    made it; those for Haswell are within 5 % of the fastest elsewhere. The environment may choose others.
    """
    able = abilities()
    if platform.machine() == "x86_64" and able >= AVX2:
        fastest = "SkylakeX" if able >= AVX512 else "Haswell"
        os.environ["OPENBLAS_CORETYPE"] = os.environ.get("OPENBLAS_CORETYPE") or fastest
    os.environ.setdefault("MKL_CBWR", "AVX2,STRICT")
    os.environ.setdefault("MKL_THREADING_LAYER", "SEQUENTIAL" if threads == 1 else "INTEL")
    for name in ("MKL_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, str(threads))


def _load_openblas() -> None:
    """PyPI's OpenBLAS under the names that MLX calls.

    Raises:
        UserError: the package is missing, or the names cannot be compiled.
        OSError: a library cannot be loaded.
    """
    package = importlib.util.find_spec(PACKAGE)
    places = package.submodule_search_locations if package else None
    if not places:
        raise UserError(f"{PACKAGE} is not installed")
    folder = Path(places[0])
    # Not into the global scope: SciPy's own copy has the same prefix.
    openblas = ctypes.CDLL(str(folder / "lib" / "libscipy_openblas.so"))
    names = ctypes.CDLL(str(_names()), mode=ctypes.RTLD_GLOBAL)
    for name in ("sgemm", "dgemm", "cgemm"):
        function = getattr(openblas, f"{PREFIX}cblas_{name}")
        ctypes.c_void_p.in_dll(names, f"score_{name}").value = ctypes.cast(function, ctypes.c_void_p).value


def _names() -> Path:
    """names.cpp, compiled."""
    source = Path(__file__).parent / "names.cpp"
    path = place("score_mlx_blas", [source.read_bytes(), platform.machine().encode()])
    if not path.is_file():
        compile_into(path, "the names of OpenBLAS's functions", ["-O2", str(source)])
    return path
