"""Compiles the kernels beside this file into the environment that runs them: `python -m score_mlx.kernels`."""

from __future__ import annotations

import importlib.util
import os
import platform
import sys
import sysconfig
import tempfile
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from score_mlx.system.compiling import compile_into, place
from score_mlx.system.errors import UserError
from score_mlx.system.identities import MOST_ATOMS
from score_mlx.system.processor import described

MODULE = "score_mlx_kernels"
HERE = Path(__file__).parent
# Products of two numbers may be fused with a sum, but sums keep the order they are written in, and NaN stays NaN.
OPTIONS = ("-std=c++20", "-O3", "-march=native", "-fno-math-errno", "-fno-trapping-math", "-fopenmp-simd")
if platform.machine() == "x86_64":
    OPTIONS += ("-mprefer-vector-width=512",)  # compilers too old to know a processor take half or a quarter of it
OPTIONS += (f"-DSCORE_MOST_ATOMS={MOST_ATOMS}",)
SANITIZERS = ("-g", "-fno-omit-frame-pointer", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
SANITIZERS += ("-fno-sanitize=vptr",)  # MLX does not export the types of all its operations
if os.environ.get("SCORE_KERNELS") == "sanitized":  # for tests/sanitized.py
    OPTIONS += (*SANITIZERS, "-DSCORE_SANITIZED")


def sources() -> list[Path]:
    """The C++ files and headers, in a fixed order."""
    return sorted([*HERE.glob("*.cpp"), *HERE.glob("*.h")])


@cache
def library() -> Path:
    """Where the library for these sources, MLX, Python, options and this processor is, or would be."""
    parts = [path.read_bytes() for path in sources()]
    parts += [part.encode() for part in (*OPTIONS, version("mlx"), sys.implementation.cache_tag, _processor())]
    return place(MODULE, parts)


def _processor() -> str:
    """What `-march=native` looks at."""
    wanted = ("model name", "flags", "Features", "CPU part")
    return "\n".join(sorted({line for line in described() if line.startswith(wanted)})) or platform.machine()


def build() -> Path:
    """Compile, unless it has been done; about a minute.

    Raises:
        UserError: something to compile with is missing, or the compiler failed.
    """
    path = library()
    if not path.is_file():
        _need_everything()
        mlx, nanobind = _packages()
        libraries = [str(nanobind / "src" / "nb_combined.cpp")]
        libraries += [f"-L{mlx / 'lib'}", "-lmlx", f"-Wl,-rpath,{mlx / 'lib'}"]
        compile_into(path, "the kernels", ["-w", *_arguments(), *_translation_units(), *libraries])
    return path


def lint() -> None:
    """Compile the project's own sources with all warnings as errors, for CI; users' compilers may warn of other things.

    Raises:
        UserError: something to compile with is missing, or the compiler warned.
    """
    _need_everything()
    with tempfile.TemporaryDirectory() as folder:
        for source in _translation_units():
            arguments = ["-Wall", "-Wextra", "-Werror", *_arguments(), "-c", source]
            compile_into(Path(folder) / "none.o", f"{Path(source).name} of the kernels", arguments)


def _need_everything() -> None:
    absent = missing()
    if absent:
        raise UserError(f"the kernels cannot be compiled: {absent}")


def missing() -> str:
    """What this machine lacks, or nothing."""
    if sys.platform != "linux":
        return "they are for Linux; elsewhere MLX has its own fast operations"
    header = Path(sysconfig.get_paths()["include"]) / "Python.h"
    if not header.is_file():
        return f"no {header} found (Debian, Ubuntu: apt install python3-dev)"
    try:
        version("nanobind")
    except PackageNotFoundError:
        return "no nanobind found, which the lock for Linux CPUs brings"
    return ""


def _translation_units() -> list[str]:
    return [str(path) for path in sources() if path.suffix == ".cpp"]


def _packages() -> tuple[Path, Path]:
    """Folders of MLX and of nanobind."""
    return _package("mlx"), _package("nanobind")


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"no package {name}", name=name)
    return Path(spec.submodule_search_locations[0])


def _arguments() -> list[str]:
    """How a source is compiled."""
    mlx, nanobind = _packages()
    include = [mlx / "include", nanobind / "include", nanobind / "ext" / "robin_map" / "include"]
    include.append(Path(sysconfig.get_paths()["include"]))
    return [
        *(*OPTIONS, "-fvisibility=hidden"),
        *(part for folder in include for part in ("-isystem", str(folder))),
        # the domain in which MLX's Python module has registered its array type
        *("-DNB_DOMAIN=mlx", f"-DSCORE_MODULE={MODULE}"),
    ]
