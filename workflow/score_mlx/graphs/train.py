"""Training one graph model on all folds: from a spec and its data to a run record."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import mlx.core as mx

from score_mlx.depth import learned_dt
from score_mlx.errors import UserError
from score_mlx.files import replacing
from score_mlx.graphs.data import GraphData
from score_mlx.graphs.task import GraphTask, fastest_replicas, steps
from score_mlx.progress import Progress
from score_mlx.records import SCHEMA_VERSION, environment, finite, summarise, write_record
from score_mlx.science import SCIENCE
from score_mlx.spec import GraphSpec
from score_mlx.training import Curves, fit


def train_graph(
    spec: GraphSpec,
    data: GraphData,
    folder: Path,
    *,
    progress: str = "auto",
    replicas: int | None = None,
    preset: str = "",
) -> dict[str, Any]:
    """Train on all folds and write `run.json`, `run.meta.json` and `weights/` into `folder`.

    A killed run leaves checkpoints there and goes on from them to the same bytes.

    Args:
        spec: what is trained.
        data: the spec's data set, features and folds.
        progress: `auto` (a bar in a terminal, lines elsewhere), `bar`, `lines` or `none`.
        replicas: folds trained side by side; None: what was measured to be fastest.
        preset: noted in `run.meta.json`.

    Returns:
        The record.

    Raises:
        UserError: no epoch of any fold gave a finite error.
    """
    started = datetime.now(UTC).isoformat(timespec="seconds")
    folds = sorted({int(fold) for fold in data.folds})
    side_by_side = min(replicas or fastest_replicas(spec), len(folds))
    groups = _groups(folds, [steps(data, fold, spec.batch_size) for fold in folds], side_by_side)
    bar = Progress(progress, f"{spec.model} ({data.info['label']})", spec.epochs * len(groups), spec.epochs)
    parts: list[dict[str, Any]] = []
    seconds, resumed, parameters = 0.0, 0, 0
    for group in groups:
        bar.group(group)
        task = GraphTask(spec, data, group)
        checkpoint = folder / "checkpoints" / f"folds-{group[0]}-{group[-1]}.safetensors"
        trained, curves = fit(task, checkpoint, _signature(spec, data, group), bar)
        seconds, resumed, parameters = seconds + curves.seconds, resumed + curves.resumed, trained.parameters
        for r, fold in enumerate(group):
            _write_weights(folder / "weights", fold, curves.best[r], trained.weights(r))
            parts.append(_fold(spec, data, fold, curves, r, trained.weights(r)))
    bar.close()
    if not any(value is not None for part in parts for value in part["rmse"]):
        raise UserError(f"{spec.path('')}: no epoch of any fold gave a finite error")
    record = {
        "schema": SCHEMA_VERSION,
        "science": SCIENCE["graphs"],
        "spec": spec.as_dict(),
        "cuts": spec.cuts(),
        "dataset": data.record(),
        "parameters": parameters,
        "folds": parts,
        **summarise(parts),
    }
    about = {
        "seconds": round(seconds, 3),
        "started": started,
        "resumed": resumed,
        "preset": preset,
        "replicas": side_by_side,
    }
    write_record(folder, record, environment() | about)
    shutil.rmtree(folder / "checkpoints", ignore_errors=True)
    return record


def _groups(folds: list[int], steps: list[int], side_by_side: int) -> list[list[int]]:
    """Folds that train side by side: neighbours with as many steps an epoch, since a replica cannot sit one out."""
    groups: list[list[int]] = []
    for fold, count in zip(folds, steps, strict=True):
        if groups and len(groups[-1]) < side_by_side and steps[folds.index(groups[-1][0])] == count:
            groups[-1].append(fold)
        else:
            groups.append([fold])
    return groups


def _signature(spec: GraphSpec, data: GraphData, group: list[int]) -> str:
    """What a checkpoint belongs to: it is taken up only by the same run on the same data."""
    return json.dumps([SCHEMA_VERSION, SCIENCE["graphs"], spec.as_dict(), data.record(), group], sort_keys=True)


def _write_weights(folder: Path, fold: int, best: dict[str, mx.array], last: dict[str, mx.array]) -> None:
    for which, weights in (("best", best), ("last", last)):
        with replacing(folder / f"fold{fold}-{which}.safetensors") as temporary:
            mx.save_safetensors(str(temporary), weights)


def _fold(spec: GraphSpec, data: GraphData, fold: int, curves: Curves, r: int, weights: dict) -> dict[str, Any]:
    part = {
        "fold": fold,
        "train": len(data.train(fold)),
        "test": len(data.test(fold)),
        "train_loss": [finite(value) for value in curves.train_loss[r]],
        "rmse": [finite(value) for value in curves.rmse[r]],
    }
    if spec.learn_dt:
        alpha = next(value for name, value in weights.items() if name.endswith("dt.alpha"))
        part["learned_dt"] = [finite(value) for value in learned_dt(alpha).tolist()]
    return part
