"""What the runs cost, from runs.csv: by experiment, by family and device, and where they come from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from score_mlx.report.grid import read_rows
from score_mlx.tables.table import Grid

COLUMNS = ("family", "path", "seconds", "solo", "device", "dataset", "stand_in", "commit", "versions", "cuts")
Rows = Mapping[str, dict[str, str]]  # path of a record below the folder of runs -> its row of runs.csv


@dataclass(frozen=True)
class Share:
    """An experiment's part of the runs; a run that several want counts in each of them.

    Attributes:
        wanted, done: numbers of runs.
        alone: how many of those that are done had their machine to themselves.
        seconds: of these, one after another; seconds of runs that shared a machine are no costs.
        devices: on which they ran.
        cuts: their settings below the paper's, "" for none.
    """

    wanted: int
    done: int
    alone: int
    seconds: float
    devices: str
    cuts: str


def read_runs(path: Path) -> dict[str, dict[str, str]]:
    """runs.csv by the path of each record; {} where it has not been made."""
    return {row["path"]: row for row in read_rows(path, COLUMNS)}


def share(runs: Rows, wanted: Iterable[str]) -> Share:
    """The part of `runs` whose records lie at `wanted`."""
    wanted = list(dict.fromkeys(wanted))
    done = [runs[path] for path in wanted if path in runs]
    return Share(
        wanted=len(wanted),
        done=len(done),
        alone=sum(map(_solo, done)),
        seconds=sum(_seconds(row) for row in done if _solo(row)),
        devices=_distinct(row["device"] for row in done),
        cuts=_distinct(row["cuts"] for row in done if row["cuts"] != "none"),
    )


def by_family(runs: Rows) -> Grid | None:
    """Runs of each family on each device, and the hours and the longest of those timed alone; None without runs."""
    groups: dict[tuple[str, str], list[dict[str, str]]] = {}
    for row in runs.values():
        groups.setdefault((row["family"], row["device"]), []).append(row)
    if not groups:
        return None
    rows = [[*group, *_timed(members)] for group, members in sorted(groups.items())]
    rows.append(["all", "", *_timed(list(runs.values()))])
    heads = ["family", "device", "runs", "timed alone", "time of these", "longest of these"]
    return Grid("Runs by family and device", heads, rows)


def _timed(rows: list[dict[str, str]]) -> list[str]:
    seconds = [_seconds(row) for row in rows if _solo(row)]
    times = [duration(sum(seconds)), duration(max(seconds))] if seconds else ["", ""]
    return [str(len(rows)), str(len(seconds)), *times]


def occurring(runs: Rows, column: str) -> list[tuple[str, int]]:
    """Each value of a column and in how many runs it occurs, the commonest first."""
    return Counter(row[column] for row in runs.values() if row[column]).most_common()


def duration(seconds: float) -> str:
    """`12 s`, `5 min`, `3.4 h`."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 3600 else f"{seconds / 3600:.1f} h"


def _solo(row: dict[str, str]) -> bool:
    return row["solo"] == "yes"


def _seconds(row: dict[str, str]) -> float:
    return float(row["seconds"] or 0)


def _distinct(values: Iterable[str]) -> str:
    return " / ".join(dict.fromkeys(value for value in values if value))
