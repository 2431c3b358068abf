"""The kernels under AddressSanitizer and UndefinedBehaviorSanitizer: `make test-sanitized`.

    python tests/sanitized.py [pytest's arguments]

The C++ is compiled once more with both, and the tests that run it are run on it. The first read beyond an array or
undefined operation ends them with its place. Before, a kernel is told to read beyond an array and must be caught, so
that silence means something. Needs GCC's libasan and libubsan, which come with g++.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TESTS = [
    "tests/unit/kernels",
    *(
        f"tests/unit/models/test_{what}.py"
        for what in ("in_order", "layers", "topology", "invariance", "language_models")
    ),
    *("tests/unit/training/test_recorded.py", "tests/golden", "tests/parity"),
]
BUILD = """
import os
from score_mlx.kernels import build
del os.environ["LD_PRELOAD"]  # the compiler is not what is tested
build.build()
"""
BEYOND = """
from score_mlx.system import blas
blas.load()
import mlx.core as mx
from score_mlx import kernels
mx.eval(kernels.call("read_beyond", [mx.zeros((1024,))]))
"""
CAUGHT = ("heap-buffer-overflow", "in read_beyond")


def main(arguments: list[str]) -> int:
    environment = os.environ | {
        "SCORE_KERNELS": "sanitized",
        "LD_PRELOAD": " ".join(map(_runtime, ("libasan.so", "libubsan.so"))),
        "ASAN_OPTIONS": "detect_leaks=0",  # Python itself leaks at its end
        "UBSAN_OPTIONS": "print_stacktrace=1",
    }
    subprocess.run([sys.executable, "-c", BUILD], env=environment, check=True)
    command = [sys.executable, "-c", BEYOND]
    said = subprocess.run(command, env=environment, capture_output=True, text=True).stderr
    if not all(word in said for word in CAUGHT):
        sys.exit(f"a read beyond an array is not caught, so nothing was tested: {said.strip() or 'no error'}")
    return subprocess.run([sys.executable, "-m", "pytest", *(arguments or TESTS)], env=environment).returncode


def _runtime(name: str) -> str:
    """Where the compiler has a sanitizer's library."""
    command = ["g++", f"-print-file-name={name}"]
    path = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    if not Path(path).is_absolute():
        sys.exit(f"g++ has no {name}: nothing was tested")
    return path


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
