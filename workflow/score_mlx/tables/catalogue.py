"""Every run that there is, one row each, with what it cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from score_mlx.runs.run import Run
from score_mlx.tables.formats import number
from score_mlx.tables.runs import ORIGIN, origin
from score_mlx.tables.table import Readable, Row

COLUMNS = (
    "family", "model", "rmse_mean", "rmse_std", "last_rmse_mean", "val_loss", "val_bpb", "folds", "epochs",
    "parameters", "seconds", "solo", "resumed",
    "started", "host", "path", *ORIGIN,
)  # fmt: skip


YES, NO = "yes", "no"


def columns(rows: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    """Of these rows: metrics of classes have theirs where a run has them."""
    more = list(dict.fromkeys(name for row in rows for name in row if name not in COLUMNS))
    place = COLUMNS.index("val_loss")
    return (*COLUMNS[:place], *more, *COLUMNS[place:])


def catalogue(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Rows with the keys `columns`, by family, model and options; None where a run has no such number or diverged."""
    shared = sharing(runs)
    ordered = sorted(runs, key=lambda run: (run.spec.FAMILY, run.model, run.spec.options))
    rows = [_row(run) | {"solo": NO if id(run) in shared else YES} for run in ordered]
    none = dict.fromkeys(columns(rows))
    return [none | row for row in rows]


def sharing(runs: Sequence[Run]) -> set[int]:
    """The ids of runs that trained while another of `runs` did on the same machine: their seconds are no costs."""
    by_host: dict[str, list[tuple[float, float, int]]] = {}
    for run in runs:
        by_host.setdefault(run.meta.host, []).append((*run.span, id(run)))
    found: set[int] = set()
    for spans in by_host.values():
        last: tuple[float, int] | None = None  # the latest end so far, and whose
        for start, end, who in sorted(spans):
            if last is not None and start < last[0]:
                found |= {who, last[1]}
            if last is None or end > last[0]:
                last = end, who
    return found


def matching(rows: Sequence[dict[str, Any]], conditions: dict[str, str]) -> list[dict[str, Any]]:
    """The rows in which each named column holds the text, or one of several that `|` parts; `=text`: is the text."""

    def holds(value: Any, texts: str) -> bool:
        shown, whole = str(value).lower(), texts.startswith("=")
        wanted = texts.lower().removeprefix("=").split("|")
        return shown in wanted if whole else any(text in shown for text in wanted)

    return [row for row in rows if all(holds(row[name], texts) for name, texts in conditions.items())]


def _row(run: Run) -> dict[str, Any]:
    found = dict.fromkeys(COLUMNS) | run.results()
    same = run.meta.model_dump(include={"seconds", "resumed", "started", "host"})
    named = {"family": run.spec.FAMILY, "model": run.model, "parameters": run.parameters}
    return found | same | named | {"path": run.spec.path("").as_posix()} | origin(run)


READABLE: Readable = (
    ("model", lambda row: row["model"]),
    ("options", lambda row: row["options"]),
    ("dataset", lambda row: row["dataset"]),
    ("RMSE", lambda row: "" if row["folds"] is None or _of_classes(row) else number(row["rmse_mean"])),
    ("loss", lambda row: _loss(row)),
    ("cuts", lambda row: row["cuts"]),
    ("seconds", lambda row: _seconds(row)),
    ("device", lambda row: str(row["device"] or "")),
)


def readable(rows: Sequence[dict[str, Any]]) -> Readable:
    """What people read of a row; ROC-AUC where a run has one."""
    if not any(map(_of_classes, rows)):
        return READABLE
    auc = ("ROC-AUC", lambda row: number(row["roc_auc_mean"]) if _of_classes(row) else "")
    return (*READABLE[:4], auc, *READABLE[4:])


def _of_classes(row: Row) -> bool:
    return "task=classification" in str(row["options"]).split(",")


def _seconds(row: Row) -> str:
    """`61`, or `61 (shared)` where another run was on the machine at the same time."""
    if row["seconds"] is None:
        return ""
    return f"{row['seconds']:.0f}" + ("" if row["solo"] == YES else " (shared)")


def _loss(row: Row) -> str:
    """A language model's best: nats a token, or bits a byte."""
    if row["val_bpb"] is not None:
        return f"{number(row['val_bpb'])} bits a byte"
    return number(row["val_loss"]) if row["val_loss"] is not None else ""
