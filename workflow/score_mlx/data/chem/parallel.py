"""Work on many molecules over the cores, in order, with a progress line for long lists."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any

CHUNK = 50  # molecules; small enough to share out evenly and for a lively progress line
MANY = 5000  # from here on, starting processes pays and the reader wants to see progress


def ordered_map(
    work: Callable[..., Any], items: list, *args: Any, processes: int | None, label: str, many: int = MANY
) -> list:
    """`[work(chunk, position of its first item, *args), ...]` over consecutive chunks of `items`, in order.

    Chunks do not depend on the number of processes, so neither do results. New processes are spawned, not forked: a
    fork of a process that runs threads (BLAS, MLX) may hang.

    Args:
        work: a function of a module, so that another process can import it.
        processes: 1 works in this process; None means all cores from `many` items on and 1 below.
    """
    starts = range(0, len(items), CHUNK)
    if processes is None:
        processes = cores() if len(items) >= many else 1
    processes = min(processes, len(starts))
    if processes > 1 and not _semaphores():
        print(f"{label}: one process only, since /dev/shm cannot be written to", file=sys.stderr, flush=True)
        processes = 1
    chunks = [items[start : start + CHUNK] for start in starts]
    note = partial(_note, label, len(items), many)
    if processes <= 1:
        return [note(s, work(chunk, s, *args)) for s, chunk in zip(starts, chunks, strict=True)]
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=spawn, initializer=_end_with_parent) as pool:
        waiting = [pool.submit(work, chunk, s, *args) for s, chunk in zip(starts, chunks, strict=True)]
        try:
            return [note(s, w.result()) for s, w in zip(starts, waiting, strict=True)]
        except BaseException:
            pool.shutdown(cancel_futures=True)  # one bad molecule ends the run now, not after all the others
            raise


def _semaphores() -> bool:
    """Whether processes can wait for each other, for which Linux needs shared memory; some containers have none."""
    try:
        multiprocessing.get_context("spawn").Lock()
    except OSError:
        return False
    return True


def _end_with_parent() -> None:
    """In a worker: end when the process that gives it work does. A killed one cannot say so, and a worker waits on."""

    def watch() -> None:
        if (parent := multiprocessing.parent_process()) is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _note(label: str, total: int, many: int, start: int, result: Any) -> Any:
    """`result`, after a progress line on standard error when there are many molecules."""
    done, show = min(start + CHUNK, total), total > many
    if show and sys.stderr.isatty():
        print(f"\r{label}: {done} of {total} molecules", end="\n" if done == total else "", file=sys.stderr, flush=True)
    elif show and (done == total or done % (100 * CHUNK) == 0):
        print(f"{label}: {done} of {total} molecules", file=sys.stderr, flush=True)
    return result
