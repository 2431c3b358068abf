"""What kernels change in a process, and when."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from score_mlx import kernels

HELD = """
import numpy as np
def kept():
    def mb():
        return int(open('/proc/self/statm').read().split()[1]) * 4096 / 2**20
    before = mb()
    array = np.ones(2**23)  # 64 MB
    del array
    return mb() - before > 32
print(kept())
"""


@pytest.mark.skipif(not kernels.compiled(), reason="kernels are not compiled here")
@pytest.mark.skipif(os.environ.get("SCORE_KERNELS") == "sanitized", reason="a sanitizer keeps what is freed")
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="statm is Linux's")
def test_freed_memory_is_kept_only_once_the_runtime_was_started():
    """Importing the kernels changes nothing of the process; runtime.start() does."""
    imported = "from score_mlx import runtime, kernels"
    said = [
        subprocess.run(
            [sys.executable, "-c", f"{imported}\n{more}\n{HELD}"], capture_output=True, text=True, check=True
        )
        for more in ("", "runtime.start()")
    ]
    assert [done.stdout.split()[-1] for done in said] == ["False", "True"]
