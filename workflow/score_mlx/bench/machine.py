"""What a measurement depends on besides the code: processor, BLAS, kernels, and what else the machine is doing."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from score_mlx.system import processor

COLUMNS = ("processor", "blas", "kernels", "load")
QUIET = 0.1  # cores busy with other work, above which wall-clock times are unreliable
SETS = (("AVX-512", {"avx512f", "avx512vl"}), ("AVX2", {"avx2", "fma"}))


def vectors(able: set[str] | None = None) -> str:
    """The widest vectors of the processor that kernels are compiled for, or its kind."""
    able = processor.abilities() if able is None else able
    return next((name for name, needed in SETS if needed <= able), os.uname().machine)


def cells(load: float | None) -> dict[str, str]:
    """The columns of `COLUMNS` for this process; its BLAS must have been loaded.

    Args:
        load: cores busy with other work while it was measured, None where the system does not say.
    """
    from score_mlx import kernels
    from score_mlx.system import blas

    used = f"compiled ({vectors()})" if kernels.compiled() else "none"
    return {
        "processor": processor.name(),
        "blas": blas.described(),
        "kernels": used,
        "load": "" if load is None else f"{load:.2f}",
    }


class Busy:
    """Core seconds that the whole machine has worked, to be compared with one's own; Linux only."""

    def __init__(self, stat: Path = Path("/proc/stat")):
        self.stat = stat
        self.seconds, self.clock = self._seconds(), time.monotonic()

    def others(self, own: float) -> float | None:
        """Cores busy with other work since the object was made; `own`: processor seconds of one's own processes."""
        now = self._seconds()
        if now is None or self.seconds is None:
            return None
        return max(0.0, (now - self.seconds - own) / max(time.monotonic() - self.clock, 1e-9))

    def _seconds(self) -> float | None:
        try:
            words = self.stat.read_text(encoding="ascii").splitlines()[0].split()
        except (OSError, IndexError):
            return None
        user, nice, system, _idle, _iowait, *interrupts = (int(word) for word in words[1:9])
        return (user + nice + system + sum(interrupts)) / os.sysconf("SC_CLK_TCK")


def refuse_if_busy(loaded: bool, seconds: float = 2.0) -> None:
    """Ends the program where other work keeps a core busy, unless `loaded` says to measure nevertheless."""
    if loaded:
        return
    start, own = Busy(), time.process_time()
    time.sleep(seconds)
    load = start.others(time.process_time() - own)
    if load is not None and load > QUIET:
        sys.exit(
            f"other work keeps {load:.1f} cores busy, expected at most {QUIET}: timings would measure it as well. "
            "Wait, or measure nevertheless with --loaded (make bench LOADED=1), which rows then say"
        )
