"""Run records that travel: compare two, check foreign ones, take them in."""

from __future__ import annotations

import json
import math
import os
import shutil
from pathlib import Path
from typing import Any

from score_mlx.analysis.runs import spec_of
from score_mlx.errors import UserError
from score_mlx.families import FAMILIES
from score_mlx.files import replacing, write_text
from score_mlx.records import read_meta, read_record, summarise, summarise_losses
from score_mlx.science import SCIENCE
from score_mlx.spec import Spec


def differences(a: Path, b: Path) -> list[str]:
    """Each field that differs between two records, then what that did to each fold; [] for the same run.

    Raises:
        UserError: one of them is missing or no record.
    """
    ours, theirs = read_record(a), read_record(b)
    if "language" in (ours.get("family"), theirs.get("family")):
        return [f"{key}: {_brief(x)} | {_brief(y)}" for key, x, y in _pairs(ours, theirs) if x != y]
    lines = [
        f"{key}: {_brief(x)} | {_brief(y)}"
        for key, x, y in _pairs(_without_curves(ours), _without_curves(theirs))
        if x != y
    ]
    for which in ("best", "last"):
        lines += _fold_differences(which, ours[which]["rmse"], theirs[which]["rmse"])
    if ours["folds"] != theirs["folds"]:
        lines.append(_curve_difference(ours["folds"], theirs["folds"]))
    return lines


def adopt(folder: Path, results: Path, *, force: bool = False) -> tuple[list[Path], list[Path]]:
    """Copy every record under `folder` to its place in `results/runs`.

    Returns:
        Records written, and records that were there with the same content.

    Raises:
        UserError: nothing found, a record fails `check`, another one is in its place already (and not `force`). Then
            nothing was copied.
    """
    found = sorted(folder.rglob("run.json"))
    if not found:
        raise UserError(f"{folder}: no run.json below it")
    plan, there = [], []
    for path in found:
        target = check(path, results).path(results / "runs")
        if target.exists() and target.read_bytes() == path.read_bytes():
            there.append(target)
        elif target.exists() and not force:
            raise UserError(f"{target}: another record is there, expected none; --force replaces it with {path}")
        else:
            plan.append((path, target))
    for path, target in plan:
        _copy(path, target)
    return [target for _, target in plan], there


def export(results: Path, figures: Path, folder: Path) -> int:
    """Copy all finished records without their weights, and what was made of them, to be committed or sent.

    Writes `runs/...`, tables, figures and the resolved config, and `machine.json` (processor, memory, versions).

    Returns:
        Number of records.

    Raises:
        UserError: no record, or one that `check` refuses.
    """
    from score_mlx.records import environment

    records = sorted((results / "runs").rglob("run.json"))
    if not records:
        raise UserError(f"{results / 'runs'}: no run.json below it")
    for path in records:
        target = check(path, results).path(folder / "runs")
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


def check(path: Path, results: Path) -> Spec:
    """The spec of a foreign record that is complete, consistent and where its spec says.

    Raises:
        UserError: the first thing that is not so.
    """
    record = read_record(path)
    read_meta(path)
    spec = spec_of(record, path)
    place = spec.path("").parts
    if path.resolve().parts[-len(place) :] != place:
        raise UserError(f"{path}: its spec belongs to .../{spec.path('')}")
    science = SCIENCE[spec.FAMILY]
    if record["science"] != science:
        raise UserError(
            f"{path}: science {record['science']}, expected {science}: the code has changed what it computes"
        )
    if record["cuts"] != spec.cuts():
        raise UserError(f"{path}: cuts {_brief(record['cuts'])}, expected {_brief(spec.cuts())} from its spec")
    expected = _expected_losses(path, record) if spec.FAMILY == "language" else _expected_rmse(path, record, spec)
    for part, value in expected.items():
        if record[part] != value:
            raise UserError(f"{path}: {part} is {_brief(record[part])}, expected {_brief(value)} from its curves")
    _check_data(path, record, results)
    return spec


def _expected_rmse(path: Path, record: dict[str, Any], spec: Spec) -> dict[str, Any]:
    for place, curve in enumerate(record["folds"]):
        for name in ("train_loss", "rmse"):
            if len(curve[name]) != spec.epochs:
                raise UserError(f"{path}: folds.{place}.{name} has {len(curve[name])} values, expected {spec.epochs}")
    return summarise(record["folds"])


def _expected_losses(path: Path, record: dict[str, Any]) -> dict[str, Any]:
    if not record["evaluations"]:
        raise UserError(f"{path}: evaluations is empty, expected at least one")
    return summarise_losses(record["evaluations"])


def _check_data(path: Path, record: dict[str, Any], results: Path) -> None:
    """Trained on the molecules or the text prepared here under that name, if any are."""
    part = "corpus" if "corpus" in record else "dataset"
    folder = {"corpus": "corpora", "dataset": "data"}[part]
    local = results / folder / record[part]["name"] / f"{part}.json"
    if local.exists():
        ours, theirs = json.loads(local.read_text(encoding="utf-8"))["sha256"], record[part]["sha256"]
        if ours != theirs:
            raise UserError(f"{path}: {part} sha256 {theirs}, expected {ours} as in {local}")


def _copy(path: Path, target: Path) -> None:
    """Weights and meta first: a record without its meta would look as if it had been trained here."""
    for weights in sorted(path.parent.glob("weights/*.safetensors")):
        with replacing(target.parent / "weights" / weights.name) as temporary:
            shutil.copyfile(weights, temporary)
    meta = {"adopted_from": str(path.parent)} | read_meta(path)  # a record that travels twice keeps its origin
    write_text(target.with_name("run.meta.json"), json.dumps(meta, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
    with replacing(target) as temporary:
        shutil.copyfile(path, temporary)


def _without_curves(record: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key not in ("folds", "best", "last")}


def _pairs(a: Any, b: Any, key: str = "") -> list[tuple[str, Any, Any]]:
    """(dotted key, value in a, value in b) of every leaf of either."""
    if not (isinstance(a, dict) and isinstance(b, dict)):
        return [(key, a, b)]
    names = sorted(set(a) | set(b))
    return [pair for name in names for pair in _pairs(a.get(name), b.get(name), f"{key}.{name}".strip("."))]


def _fold_differences(which: str, ours: list[float | None], theirs: list[float | None]) -> list[str]:
    if ours == theirs:
        return []
    if len(ours) != len(theirs):
        return [f"{which} rmse: {len(ours)} folds | {len(theirs)} folds"]
    return [
        f"{which} rmse, fold {fold}: {_number(x)} | {_number(y)}" + ("" if None in (x, y) else f"  ({x - y:+.3g})")
        for fold, (x, y) in enumerate(zip(ours, theirs, strict=True))
        if x != y
    ]


def _curve_difference(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> str:
    """The first epoch from which two runs part, and the widest gap after it."""
    first, widest = None, 0.0
    for a, b in zip(ours, theirs, strict=False):
        for epoch, (x, y) in enumerate(zip(a["rmse"], b["rmse"], strict=False)):
            if x != y:
                first = epoch if first is None else min(first, epoch)
                widest = max(widest, math.inf if None in (x, y) else abs(x - y))
    if first is None:
        return "curves: the same rmse, other losses or lengths"
    return f"curves: rmse differs from epoch {first + 1} on, by up to {widest:.3g}"


def _number(value: float | None) -> str:
    return "not finite" if value is None else f"{value:.4f}"


def _brief(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:77] + "..."
