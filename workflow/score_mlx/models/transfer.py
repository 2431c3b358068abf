"""Run records that travel: taken in, and copied out."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from score_mlx.models.check import check
from score_mlx.models.families import FAMILIES
from score_mlx.runs.records import environment, read_meta, records_below, write_meta
from score_mlx.system.errors import UserError
from score_mlx.system.files import replacing, write_text


def adopt(
    folder: Path, results: Path, *, force: bool = False, origin: Path | None = None
) -> tuple[list[Path], list[Path]]:
    """Copy every record under `folder` to its place in `results/runs`.

    Args:
        folder: searched for run.json.
        results: folder of data and runs.
        force: whether a record that differs is replaced.
        origin: noted as the records' folder in the place of `folder`, where that is a temporary one.

    Returns:
        Records written, and records that were there with the same content.

    Raises:
        UserError: nothing found, a record fails `check`, two differ, another one is in its place already (and not
            `force`). Then nothing was copied.
    """
    found = records_below(folder)
    plan, there = [], []
    planned: dict[Path, Path] = {}
    for path in found:
        target = check(path, results).spec.path(results / "runs")
        other = planned.setdefault(target, path)
        if other != path and other.read_bytes() != path.read_bytes():
            raise UserError(f"{path}: another record of the same run is {other}, expected one of each")
        if target.exists() and target.read_bytes() == path.read_bytes():
            there.append(target)
        elif target.exists() and not force:
            raise UserError(f"{target}: another record is there, expected none; --force replaces it with {path}")
        else:
            plan.append((path, target))
    for path, target in plan:
        for old in ("weights", "checkpoints"):  # of the run that it replaces
            shutil.rmtree(target.parent / old, ignore_errors=True)
        _copy(path, target, (origin or folder) / path.parent.relative_to(folder))
    return [target for _, target in plan], there


def export(results: Path, figures: Path, folder: Path) -> int:
    """Copy all finished records without their weights, and what was made of them, to be committed or sent.

    Writes `runs/...`, tables, figures and the resolved config, and `machine.json` (processor, memory, versions).

    Returns:
        Number of records.

    Raises:
        UserError: no record, or one that `check` refuses.
    """
    records = records_below(results / "runs")
    targets = [
        check(path, results).spec.path(folder / "runs") for path in records
    ]  # all of them before the first is copied
    for path, target in zip(records, targets, strict=True):
        for name in ("run.meta.json", "run.json"):
            with replacing(target.with_name(name)) as temporary:
                shutil.copyfile(path.with_name(name), temporary)
    made = [path for name in ("table*.*", "shap_*.*", "config.resolved.yaml") for path in results.glob(name)]
    for path in [*made, *figures.glob("*.png"), *figures.glob("*.pdf")]:
        with replacing(folder / path.name) as temporary:
            shutil.copyfile(path, temporary)
    facts = environment(*FAMILIES)
    machine = {name: facts[name] for name in ("device", "platform", "versions")} | {
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
    }
    write_text(folder / "machine.json", json.dumps(machine, indent=2, sort_keys=True) + "\n")
    return len(records)


def _copy(path: Path, target: Path, origin: Path) -> None:
    """Weights and meta first: a record without its meta would look as if it had been trained here."""
    for weights in sorted(path.parent.glob("weights/*.safetensors")):
        with replacing(target.parent / "weights" / weights.name) as temporary:
            shutil.copyfile(weights, temporary)
    meta = read_meta(path)
    if meta.adopted_from is None:  # a record that travels twice keeps its origin
        meta = meta.model_copy(update={"adopted_from": str(origin)})
    write_meta(target.with_name("run.meta.json"), meta)
    with replacing(target) as temporary:
        shutil.copyfile(path, temporary)
