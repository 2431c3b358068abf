"""Training one network on all folds: from a spec and its data to a run record."""

from __future__ import annotations

import json
import shutil
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np

from score_mlx.data.fold_data import FoldedData
from score_mlx.depth import learned_dt
from score_mlx.runs import plugins
from score_mlx.runs.records import BY_HAND, SCHEMA_VERSION, finite, make_fold, make_meta, make_record, write_record
from score_mlx.runs.schema import Fold, RunRecord
from score_mlx.runs.science import SCIENCE
from score_mlx.runs.spec import Spec
from score_mlx.system.arrays import save_arrays
from score_mlx.training.exclusive import once
from score_mlx.training.fold_task import FoldTask, steps
from score_mlx.training.loop import Curves, fit
from score_mlx.training.progress import Progress
from score_mlx.training.reporting import REPORTERS

USUAL = (0.01, 100)  # standard deviations of targets that networks learn as they are


def train(
    task: type[FoldTask],
    spec: Spec,
    data: FoldedData,
    folder: Path,
    *,
    progress: str = "auto",
    replicas: int | None = None,
    preset: str = BY_HAND,
    report_to: str = "none",
) -> RunRecord:
    """Train on all folds and write `run.json`, `run.meta.json` and `weights/` into `folder`.

    A killed run leaves checkpoints there and goes on from them to the same bytes.

    Args:
        task: the family's task.
        spec: what is trained.
        data: the spec's data set, features and folds.
        progress: `auto` (a bar in a terminal, lines elsewhere), `bar`, `lines` or `none`.
        replicas: folds trained side by side; None: what was measured to be fastest.
        preset: noted in `run.meta.json`.
        report_to: where curves go while it trains, one of `reporting.REPORTERS`.

    Returns:
        The record.

    Raises:
        UserError: no epoch of any fold gave a finite error.
    """
    compute = partial(_train, task, spec, data, folder, progress, replicas, preset, report_to)
    return once(spec, data.record(), RunRecord, folder, compute)


def _train(
    task: type[FoldTask],
    spec: Spec,
    data: FoldedData,
    folder: Path,
    progress: str,
    replicas: int | None,
    preset: str,
    report_to: str,
) -> RunRecord:
    started = datetime.now(UTC).isoformat(timespec="seconds")
    _warn_of_size(spec, data)
    folds = data.fold_numbers
    side_by_side = min(replicas or task.fastest_replicas(spec), len(folds))
    groups = _groups(folds, [steps(data, fold, spec.batch_size) for fold in folds], side_by_side)
    title = f"{spec.model} ({data.info['label']})"
    reporter = REPORTERS[report_to](folder, title, spec.as_dict())
    bar = Progress(progress, title, spec.epochs * len(groups), spec.epochs, reporter)
    parts: list[Fold] = []
    seconds, resumed, parameters = 0.0, 0, 0
    for group in groups:
        bar.group(group)
        checkpoint = folder / "checkpoints" / f"folds-{group[0]}-{group[-1]}.safetensors"
        running = task(spec, data, group)
        trained, curves = fit(running, checkpoint, _signature(spec, data, group), bar)
        remarks = running.remarks(trained)
        seconds, resumed, parameters = seconds + curves.seconds, resumed + curves.resumed, trained.parameters
        for r, fold in enumerate(group):
            _write_weights(folder / "weights", fold, curves.best[r], trained.weights(r))
            parts.append(_fold(running, r, curves, trained.weights(r), remarks[r]))
    bar.close()
    record = make_record(spec, data.record(), parameters, parts)
    used = plugins.provenance(spec.as_dict())
    more = {"plugins": used} if used else {}
    meta = make_meta(
        spec.FAMILY, started=started, seconds=seconds, preset=preset, resumed=resumed, replicas=side_by_side, **more
    )
    write_record(folder, record, meta)
    shutil.rmtree(folder / "checkpoints", ignore_errors=True)
    return record


def _warn_of_size(spec: Spec, data: FoldedData) -> None:
    """Networks start from predictions of size 1 and learn targets of another size slowly or not at all."""
    deviation = float(np.std(data.targets))
    if not spec.scale_targets and not USUAL[0] <= deviation <= USUAL[1]:
        print(
            f"{spec.dataset}: targets have a standard deviation of {deviation:.3g} and are learnt unscaled, "
            "which networks do badly; --scale-targets, or scale_targets: true",
            file=sys.stderr,
        )


def _groups(folds: list[int], steps: list[int], side_by_side: int) -> list[list[int]]:
    """Folds that train side by side: neighbours with as many steps an epoch, since a replica cannot sit one out."""
    groups: list[list[int]] = []
    for fold, count in zip(folds, steps, strict=True):
        if groups and len(groups[-1]) < side_by_side and steps[folds.index(groups[-1][0])] == count:
            groups[-1].append(fold)
        else:
            groups.append([fold])
    return groups


def _signature(spec: Spec, data: FoldedData, group: list[int]) -> str:
    """What a checkpoint belongs to: it is taken up only by the same run on the same data."""
    parts = [SCHEMA_VERSION, SCIENCE[spec.FAMILY], spec.as_dict(), data.record().model_dump(), group]
    used = plugins.provenance(spec.as_dict())
    return json.dumps([*parts, used] if used else parts, sort_keys=True)


def _write_weights(folder: Path, fold: int, best: dict[str, mx.array], last: dict[str, mx.array]) -> None:
    for which, weights in (("best", best), ("last", last)):
        save_arrays(folder / f"fold{fold}-{which}.safetensors", weights)


def _fold(
    running: FoldTask, r: int, curves: Curves, weights: dict[str, mx.array], remarks: dict[str, float | None]
) -> Fold:
    data, fold, scale = running.data, running.folds[r], running.target_scales[r]
    dt = [learned_dt(alpha).tolist() for name, alpha in weights.items() if name.endswith("dt.alpha")]
    more: dict[str, Any] = {"learned_dt": [finite(value) for value in dt[0]]} if dt else {}
    if curves.val_rmse:
        more |= {"val": len(data.val(fold)), "val_rmse": [finite(value) for value in curves.val_rmse[r]]}
    if running.spec.scale_targets:
        more["target_scale"] = list(scale)
    losses = [loss * scale[1] ** 2 for loss in curves.train_loss[r]]  # in the target's unit, squared
    return make_fold(fold, len(data.train(fold)), len(data.test(fold)), losses, curves.rmse[r], **more, **remarks)
