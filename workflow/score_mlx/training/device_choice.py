"""On which device a run trains: the one asked for, or the one that takes a step faster, measured once a machine.

A GPU waits for the launch of each of the thousand small operations of a graph network's step, so that the CPU's kernels
may be faster; language models gain from it.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import mlx.core as mx

from score_mlx.runs.spec import Spec
from score_mlx.system import device, processor
from score_mlx.system.errors import UserError
from score_mlx.system.files import write_text
from score_mlx.system.locks import sole

DEVICES = {"cpu": mx.cpu, "gpu": mx.gpu}
# Fields that do not change how long a step takes.
IRRELEVANT = ("dataset", "repeat", "seed", "split", "epochs", "iterations", "evaluate_every", "evaluation_batches")
WARM, TIMED = 2, 3  # steps of a measurement; the first compile


def settle(wanted: str, spec: Spec, steps: Callable[[], Callable[[], object]], *, gpu: bool | None = None) -> str:
    """Make MLX's default device the one on which `spec` trains; its name.

    Args:
        wanted: `auto`, `cpu` or `gpu`.
        steps: makes a task on the default device and returns what takes one of its steps, to the end.
        gpu: whether there is a GPU, None to look.

    Raises:
        UserError: a GPU is wanted and there is none.
    """
    there = device.has_gpu() if gpu is None else gpu
    if wanted == "gpu" and not there:
        raise UserError("device = gpu: MLX has none here, expected cpu or auto; score-mlx doctor says what it has")
    chosen = wanted if wanted in DEVICES else "cpu"
    if wanted == "auto" and there:
        seconds = measured(spec, steps)
        chosen = min(DEVICES, key=seconds.__getitem__)
        shown = ", ".join(f"{name} {1000 * seconds[name]:.0f} ms" for name in DEVICES)
        print(f"device: {chosen}; a step takes {shown}", file=sys.stderr, flush=True)
    mx.set_default_device(DEVICES[chosen])
    return chosen


def measured(spec: Spec, steps: Callable[[], Callable[[], object]]) -> dict[str, float]:
    """Seconds of a step by device, from this machine's file, or measured now and kept there."""
    file, key = kept(), json.dumps({k: v for k, v in spec.as_dict().items() if k not in IRRELEVANT}, sort_keys=True)
    with sole(file.with_suffix(".lock")):  # two that measure at once would slow each other
        known = _read(file)
        if set(known.get(key, {})) != set(DEVICES):
            known[key] = {name: _seconds(target, steps) for name, target in DEVICES.items()}
            write_text(file, json.dumps(known, indent=1, sort_keys=True) + "\n")
    return known[key]


def kept() -> Path:
    """Where measurements of this machine with this MLX are kept."""
    parts = [processor.name(), *device.gpus(), device.driver() or "", device.installed("mlx") or ""]
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
    return Path(sys.prefix) / "lib" / "score_mlx" / f"steps-{digest}.json"


def _seconds(target: mx.DeviceType, steps: Callable[[], Callable[[], object]]) -> float:
    """The fastest of some steps."""
    before = mx.default_device()
    mx.set_default_device(target)
    try:
        step = steps()
        taken: list[float] = []
        for _ in range(WARM + TIMED):
            start = time.perf_counter()
            step()
            taken.append(time.perf_counter() - start)
    finally:
        mx.set_default_device(before)
    return min(taken[WARM:])


def _read(file: Path) -> dict[str, dict[str, float]]:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
