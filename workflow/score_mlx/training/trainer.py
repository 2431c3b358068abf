"""Training one network on all folds: from a spec and its data to a run record."""

# pyright: reportUnknownMemberType=false
# MLX's stubs leave arguments of some functions untyped.
from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np

from score_mlx.data.fold_data import FoldedData
from score_mlx.depth import learned_dt
from score_mlx.nn import on_cpu
from score_mlx.runs import plugins
from score_mlx.runs.objective import REGRESSION
from score_mlx.runs.records import BY_HAND, SCHEMA_VERSION, finite, make_fold_of, make_meta, make_record, write_record
from score_mlx.runs.schema import AnyFold, ClassRecord, RunRecord
from score_mlx.runs.science import SCIENCE
from score_mlx.runs.spec import NetworkSpec
from score_mlx.system.arrays import save_arrays
from score_mlx.training.exclusive import once, once_together
from score_mlx.training.fold_task import FoldTask, Member, steps
from score_mlx.training.loop import Curves, Share, epochs_done, fit
from score_mlx.training.progress import Progress
from score_mlx.training.reporting import REPORTERS

Task = FoldTask[Any, Any]
MOST = 50  # replicas side by side where several runs train together
USUAL = (0.01, 100)  # standard deviations of targets that networks learn as they are


@dataclass(frozen=True, eq=False)
class Job:
    """A run to train: what, on which data, and the folder of its record."""

    spec: NetworkSpec
    data: FoldedData
    folder: Path

    @property
    def run(self) -> tuple[NetworkSpec, FoldedData]:
        """What is trained, on which data."""
        return self.spec, self.data


@dataclass(frozen=True, eq=False)
class Block:
    """Folds of a job that train side by side, with a checkpoint of their own."""

    job: Job
    folds: list[int]

    @property
    def steps(self) -> int:
        """Training batches an epoch."""
        return steps(self.job.data, self.folds[0], self.job.spec.batch_size)

    @property
    def share(self) -> Share:
        """As the training loop knows it."""
        name = f"folds-{self.folds[0]}-{self.folds[-1]}.safetensors"
        signature = _signature(self.job.spec, self.job.data, self.folds)
        return Share(self.job.folder / "checkpoints" / name, signature, len(self.folds))


@dataclass
class Trained:
    """The results of a job so far."""

    folds: list[AnyFold] = field(default_factory=list)
    seconds: float = 0.0
    resumed: int = 0
    parameters: int = 0


def train(
    task: type[Task],
    spec: NetworkSpec,
    data: FoldedData,
    folder: Path,
    *,
    progress: str = "auto",
    replicas: int | None = None,
    preset: str = BY_HAND,
    report_to: str = "none",
) -> RunRecord | ClassRecord:
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
    job = Job(spec, data, folder)
    compute = partial(_train, task, [job], progress, replicas, 0, preset, report_to)
    return once(spec, data.record(), spec.objective.record, folder, lambda: compute()[0])


def stepper(task: type[Task], spec: NetworkSpec, data: FoldedData) -> Callable[[], object]:
    """A function that takes the next step of a new model and waits for it, folds side by side as in training.

    For measurements: what is trained is thrown away.
    """
    block = _blocks(task, Job(spec, data, Path()), None)[0]
    running = task(spec, data, block.folds)
    replicas = running.replicas()
    batches = (batch for epoch in count() for batch in running.batches(epoch))

    def step() -> None:
        arrays, keys, loss = next(batches)
        losses = replicas.step(loss, arrays, keys)
        mx.eval(replicas.flat, losses)

    return step


def train_together(
    task: type[Task],
    jobs: Sequence[Job],
    *,
    progress: str = "auto",
    replicas: int | None = None,
    preset: str = BY_HAND,
) -> None:
    """Train several runs, which differ in repeat and seed only, side by side in one program.

    Each gets the record, weights and checkpoints that it would get alone, and resumes from checkpoints that it wrote
    alone or beside other runs. Unless a step is recorded, batches are padded to the largest of all runs, so that sums
    have other roundings than alone; on the CPU, where nothing is gained by it, runs therefore take turns unless
    `replicas` says otherwise, and give the bytes of runs alone. What another process computes already is waited for.
    Curves are in the records only, not reported while it trains.

    Args:
        task, progress, preset: as of `train`.
        jobs: the runs, on the same molecules.
        replicas: folds of all runs that train side by side at most; None: `MOST` on a GPU, on the CPU those of one run.
    """
    if replicas is None:
        replicas = 0 if on_cpu() else MOST
    asked = [(job.spec, job.data.record(), job.folder) for job in jobs]
    kind = jobs[0].spec.objective.record
    once_together(asked, kind, lambda left: _train(task, [jobs[n] for n in left], progress, None, replicas, preset))


def _train(
    task: type[Task],
    jobs: list[Job],
    progress: str,
    alone: int | None,
    together: int,
    preset: str,
    report_to: str = "none",
) -> list[RunRecord | ClassRecord]:
    """Train jobs that may share replicas; their records in the same order.

    Args:
        alone: folds of one job side by side, None for what was measured to be fastest.
        together: folds of all jobs side by side at most; at 0 each block of a job trains by itself.
    """
    started = datetime.now(UTC).isoformat(timespec="seconds")
    first = jobs[0]
    _warn_of_size(first.spec, first.data)
    groups = _groups([block for job in jobs for block in _blocks(task, job, alone)], together)
    title = f"{first.spec.model} ({first.data.info['label']})"
    reporter = REPORTERS[report_to](first.folder, title, first.spec.as_dict())
    bar = Progress(progress, title, first.spec.epochs * len(groups), first.spec.epochs, reporter)
    done = {id(job): Trained() for job in jobs}
    for group in groups:
        bar.group([fold for block in group for fold in block.folds])
        _train_group(task, group, done, bar)
    bar.close()
    side_by_side = max(sum(len(block.folds) for block in group) for group in groups)
    return [_finish(job, done[id(job)], started, preset, side_by_side) for job in jobs]


def _train_group(task: type[Task], group: list[Block], done: dict[int, Trained], bar: Progress) -> None:
    (spec, data, folds), *beside = [(block.job.spec, block.job.data, block.folds) for block in group]
    running = task(spec, data, folds, *beside)
    trained, each = fit(running, [block.share for block in group], bar)
    remarks, place = running.remarks(trained), 0
    for block, curves in zip(group, each, strict=True):
        found = done[id(block.job)]
        found.seconds, found.resumed = found.seconds + curves.seconds, found.resumed + curves.resumed
        found.parameters = trained.parameters
        for r, fold in enumerate(block.folds):
            weights = trained.weights(place)
            _write_weights(block.job.folder / "weights", fold, curves.best[r], weights)
            found.folds.append(_fold(running.members[place], r, curves, weights, remarks[place]))
            place += 1


def _finish(job: Job, found: Trained, started: str, preset: str, side_by_side: int) -> RunRecord | ClassRecord:
    found.folds.sort(key=lambda fold: fold.fold)
    record = make_record(job.spec, job.data.record(), found.parameters, found.folds)
    used = plugins.provenance(job.spec.as_dict())
    meta = make_meta(
        job.spec.FAMILY,
        started=started,
        seconds=found.seconds,
        preset=preset,
        resumed=found.resumed,
        replicas=side_by_side,
        **({"plugins": used} if used else {}),
    )
    write_record(job.folder, record, meta)
    shutil.rmtree(job.folder / "checkpoints", ignore_errors=True)
    return record


def _warn_of_size(spec: NetworkSpec, data: FoldedData) -> None:
    """Networks start from predictions of size 1 and learn targets of another size slowly or not at all."""
    deviation = float(np.std(data.targets))
    if spec.task == REGRESSION and not spec.scale_targets and not USUAL[0] <= deviation <= USUAL[1]:
        print(
            f"{spec.dataset}: targets have a standard deviation of {deviation:.3g} and are learnt unscaled, "
            "which networks do badly; --scale-targets, or scale_targets: true",
            file=sys.stderr,
        )


def _blocks(task: type[Task], job: Job, side_by_side: int | None) -> list[Block]:
    """A job's folds in blocks: neighbours with as many steps an epoch, since replicas take equal numbers of steps."""
    folds = job.data.fold_numbers
    size = min(side_by_side or task.fastest_replicas(job.spec), len(folds))
    blocks: list[Block] = []
    for fold in folds:
        alone = Block(job, [fold])
        if blocks and len(blocks[-1].folds) < size and blocks[-1].steps == alone.steps:
            blocks[-1].folds.append(fold)
        else:
            blocks.append(alone)
    return blocks


def _groups(blocks: list[Block], most: int) -> list[list[Block]]:
    """Blocks that train side by side: of as many steps, after as many epochs, at most so many replicas or one block."""
    groups: dict[tuple[int, int], list[list[Block]]] = {}
    for block in blocks:
        alike = groups.setdefault((block.steps, epochs_done(block.share)), [[]])
        if alike[-1] and sum(len(other.folds) for other in alike[-1]) + len(block.folds) > most:
            alike.append([])
        alike[-1].append(block)
    return [group for alike in groups.values() for group in alike]


def _signature(spec: NetworkSpec, data: FoldedData, group: list[int]) -> str:
    """What a checkpoint belongs to: it is taken up only by the same run on the same data."""
    about = data.record().model_dump(include={"name", "sha256", "folds_sha256"})
    parts = [SCHEMA_VERSION, SCIENCE[spec.FAMILY], spec.as_dict(), about, group]
    used = plugins.provenance(spec.as_dict())
    return json.dumps([*parts, used] if used else parts, sort_keys=True)


def _write_weights(folder: Path, fold: int, best: dict[str, mx.array], last: dict[str, mx.array]) -> None:
    for which, weights in (("best", best), ("last", last)):
        save_arrays(folder / f"fold{fold}-{which}.safetensors", weights)


def _fold(
    member: Member[Any, Any], r: int, curves: Curves, weights: dict[str, mx.array], remarks: dict[str, float | None]
) -> AnyFold:
    data, fold, scale = member.data, member.fold, member.target_scale
    dt = [np.array(learned_dt(alpha)).tolist() for name, alpha in weights.items() if name.endswith("dt.alpha")]
    more: dict[str, Any] = {"learned_dt": [finite(value) for value in dt[0]]} if dt else {}
    for key, series in curves.val.items():
        more |= {"val": len(data.val(fold)), f"val_{key}": [finite(value) for value in series[r]]}
    if member.spec.scale_targets:
        more["target_scale"] = list(scale)
    losses = [loss * scale[1] ** 2 for loss in curves.train_loss[r]]  # in the target's unit, squared
    measured = {key: series[r] for key, series in curves.test.items()}
    sizes = len(data.train(fold)), len(data.test(fold))
    return make_fold_of(member.spec.objective, fold, *sizes, losses, measured, **more, **remarks)
