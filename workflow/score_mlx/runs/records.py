"""The run record: the result of a training run, and the only input of every table, figure and verdict.

`run.json` holds what the run was and what came out: the same bytes for the same run. `run.meta.json` holds what differs
from one execution to the next: seconds, host, versions. `schema.py` has their types.
"""

from __future__ import annotations

import json
import math
import os
import platform
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ValidationError

from score_mlx.data.described import DataSet, Part
from score_mlx.runs.objective import OBJECTIVES, REGRESSION, Objective, of_folds
from score_mlx.runs.schema import AnyFold, ClassRecord, Cut, Evaluation, Record, RunMeta, RunRecord
from score_mlx.runs.science import BEFORE, MOLECULES, SCIENCE, versions
from score_mlx.runs.spec import FoldSpec, Spec
from score_mlx.system import processor
from score_mlx.system.errors import UserError
from score_mlx.system.files import write_text
from score_mlx.system.parsed import is_list, is_mapping

P = TypeVar("P", bound=BaseModel)
SCHEMA_VERSION: Literal[1] = 1
COMMIT_FILE = "commit.txt"
BY_HAND = "none"  # the preset of a run that was described by options of `score-mlx train`
_LARGEST = 64 * 2**20  # bytes; a record of 5 folds and 150 epochs has about 60 kB


def finite(value: float) -> float | None:
    """Seven significant digits, all that single precision has; None for NaN and infinity, which JSON lacks."""
    return float(f"{value:.7g}") if math.isfinite(value) else None


def summarise(folds: Sequence[AnyFold]) -> dict[str, Part]:
    """The `best` and `last` parts of a record, from its curves."""
    objective = of_folds(folds)
    return {"best": objective.best_of(folds), "last": objective.last_of(folds)}


def summarise_losses(evaluations: Sequence[Evaluation]) -> dict[str, Part]:
    """The `best` and `last` parts of a language model's record."""
    return {"best": best_evaluation(evaluations), "last": evaluations[-1]}


def best_evaluation(evaluations: Sequence[Evaluation]) -> Evaluation:
    """The evaluation of the lowest val_loss; the last one where val_bpb counts or no loss is finite."""
    timed = evaluations[0].part_bpb is not None or "part_bpb" in evaluations[0].model_fields_set

    def measure(found: Evaluation) -> float | None:
        return found.val_bpb if timed else found.val_loss

    known = [(value, place) for place, found in enumerate(evaluations) if (value := measure(found)) is not None]
    return evaluations[min(known)[1] if known else -1]


def make_fold(fold: int, train: int, test: int, train_loss: list[float], rmse: list[float], **more: Any) -> Any:
    """One fold's part of the record of a model that learns numbers.

    Args:
        fold: its number.
        train, test: numbers of molecules.
        train_loss, rmse: a value an epoch.
        more: further fields of `Fold`.
    """
    return make_fold_of(OBJECTIVES[REGRESSION], fold, train, test, train_loss, {"rmse": rmse}, **more)


def make_fold_of(
    objective: Objective,
    fold: int,
    train: int,
    test: int,
    train_loss: list[float],
    measured: Mapping[str, list[float]],
    **more: Any,
) -> Any:
    """One fold's part of a record, whatever is learnt; arguments as of `make_fold`.

    Args:
        objective: what is learnt.
        measured: of each metric of the objective a value an epoch.
    """
    curves = {"train_loss": train_loss, **measured}
    finished: dict[str, Any] = {name: [finite(value) for value in curve] for name, curve in curves.items()}
    return objective.fold(fold=fold, train=train, test=test, **finished, **more)


def make_record(
    spec: FoldSpec, dataset: DataSet, parameters: int | None, folds: Sequence[AnyFold]
) -> RunRecord | ClassRecord:
    """The record of a finished run.

    Raises:
        UserError: no epoch of any fold gave a finite error.
    """
    objective = spec.objective
    if not any(value is not None for fold in folds for value in objective.curves(fold)[objective.metric.key]):
        raise UserError(f"{spec.path('')}: no epoch of any fold gave a finite error")
    return objective.make_record(
        schema=SCHEMA_VERSION,
        family=spec.FAMILY,
        science=SCIENCE[spec.FAMILY],
        spec=spec.as_dict(),
        cuts=cuts_of(spec),
        dataset=dataset,
        parameters=parameters,
        folds=list(folds),
        best=objective.best_of(folds),
        last=objective.last_of(folds),
    )


def cuts_of(spec: Spec) -> list[Cut]:
    """The settings of a run below the paper's."""
    return [Cut(**cut) for cut in spec.cuts()]


def make_meta(
    family: str, *, started: str, seconds: float, preset: str, resumed: int = 0, replicas: int = 1, **more: Any
) -> RunMeta:
    """The content of `run.meta.json`: the run's cost, machine and versions.

    Args:
        started: UTC, ISO 8601.
        seconds: of training, those before an interruption included.
        preset: that of config.yaml, `BY_HAND` without one.
        resumed: how often it was resumed from a checkpoint.
        replicas: folds that trained side by side.
        more: further fields.
    """
    return RunMeta(
        **environment(family),
        started=started,
        seconds=round(seconds, 3),
        resumed=resumed,
        replicas=replicas,
        preset=preset,
        **more,
    )


def records_below(folder: Path, expected: str = "a folder of records") -> list[Path]:
    """The paths of all run.json below a folder, in alphabetical order.

    Args:
        expected: what the message says was expected.

    Raises:
        UserError: there is none.
    """
    found = sorted(folder.rglob("run.json"))
    if not found:
        raise UserError(f"{folder}: no run.json below it, expected {expected}")
    return found


def write_record(folder: Path, record: Record, meta: RunMeta) -> None:
    """Writes `run.meta.json`, then `run.json`: a run counts as finished once its record is there."""
    write_meta(folder / "run.meta.json", meta)
    write_text(folder / "run.json", dumps(as_json(record)))


def write_meta(path: Path, meta: RunMeta) -> None:
    """Writes `run.meta.json`, whole or not at all: sorted keys, two spaces of indent."""
    write_text(path, json.dumps(as_json(meta), indent=2, sort_keys=True, ensure_ascii=False) + "\n")


def as_json(part: BaseModel) -> dict[str, Any]:
    """Its content as JSON values; fields that were never set are left out."""
    return part.model_dump(by_alias=True, exclude_unset=True)


def dumps(record: dict[str, Any]) -> str:
    """Sorted keys, one line a list of numbers: the same record gives the same bytes and reads well in a diff."""
    return _indent(record, 0) + "\n"


def read_meta(path: str | Path) -> RunMeta:
    """The `run.meta.json` beside a record; an empty preset, as earlier versions wrote by hand, reads `BY_HAND`.

    Args:
        path: of the record or of the meta file itself.
    """
    meta = read_part(Path(path).with_name("run.meta.json"), lambda content: RunMeta)
    return meta if meta.preset else meta.model_copy(update={"preset": BY_HAND})


def environment(*families: str) -> dict[str, Any]:
    """Where and with what this process computes `families`: the part of `run.meta.json` known before training."""
    needed = [part for family in families for part in (*BEFORE.get(family, MOLECULES), family)]
    numbers = {name: number for part in needed for name, number in versions(part).items()}
    about = {"device": f"cpu: {processor.name()}", "versions": {"python": platform.python_version()} | numbers}
    if "mlx" in numbers:
        about = _mlx_environment(about)
    return about | {
        "host": platform.node(),
        "platform": f"{platform.system()} {platform.machine()}",
        "commit": commit(),
    }


def _mlx_environment(about: dict[str, Any]) -> dict[str, Any]:
    """MLX's device, its BLAS and kernels; only where MLX computes, since a tree's job need not import it."""
    import mlx.core as mx

    from score_mlx import kernels, runtime
    from score_mlx.system import blas, device

    if mx.default_device().type == mx.DeviceType.gpu:
        about["device"] = f"gpu: {mx.device_info().get('device_name', 'unknown')}"
        numbers = {"blas": {"cuda": "cublas", "metal": "metal"}[device.build()], "kernels": "none"}
    else:
        numbers = {"blas": blas.described(), "kernels": "compiled" if kernels.compiled() else "none"}
    return about | {"versions": numbers | about["versions"], "runtime": runtime.provenance()}


def commit() -> str | None:
    """The commit of the source tree, with `-dirty` where tracked files differ.

    Outside a checkout what the file commit.txt says, which a kit has beside `workflow`, else None.
    """
    here = Path(__file__).parents[1]  # the package
    try:
        head = _git(here, "rev-parse", "HEAD").strip()
        changed = _git(here, "status", "--porcelain", "-uno", ".")
    except (OSError, subprocess.SubprocessError):
        said = here.parents[1] / COMMIT_FILE
        return said.read_text(encoding="utf-8").strip() or None if said.is_file() else None
    return head + ("-dirty" if changed else "")


def _git(folder: Path, *arguments: str) -> str:
    """The output of a Git command that does not take Git's lock."""
    environ = os.environ | {"GIT_OPTIONAL_LOCKS": "0"}
    command = ["git", *arguments]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env=environ, check=True, timeout=10
    ).stdout


def read_part(path: Path, type_of: Callable[[Any], type[P]]) -> P:
    """The content of a JSON file as the type that `type_of` chooses by its keys.

    Raises:
        UserError: missing, too large, not JSON, or not of that type.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise UserError(f"{path}: {path.stat().st_size} bytes, expected a record of at most {_LARGEST}")
        content = json.loads(path.read_text(encoding="utf-8"))
        return type_of(content).model_validate(content)
    except FileNotFoundError:
        raise UserError(f"{path}: no such file, expected a run record") from None
    except ValidationError as problem:
        first = problem.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UserError(f"{path}: {place}: {first['msg']}, found {str(first['input'])[:60]!r}") from None
    except (OSError, ValueError, RecursionError) as reason:
        raise UserError(f"{path}: not a run record ({reason})") from None


def _indent(value: Any, depth: int) -> str:
    """JSON with sorted keys in which a list without dictionaries takes one line."""
    pad = "  " * (depth + 1)
    if is_mapping(value) and value:
        rows = (f"{pad}{json.dumps(k)}: {_indent(v, depth + 1)}" for k, v in sorted(value.items()))
        return "{\n" + ",\n".join(rows) + "\n" + pad[2:] + "}"
    if is_list(value) and any(isinstance(v, dict) for v in value):
        return "[\n" + ",\n".join(pad + _indent(v, depth + 1) for v in value) + "\n" + pad[2:] + "]"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
