"""Seconds of epochs that were timed alone: what results/bench.csv holds beside a folder of runs."""

from __future__ import annotations

import csv
from pathlib import Path

ENGINE = "score-mlx"
COLUMNS = ("architecture", "form", "engine", "seconds_per_epoch")


def solo_seconds(path: Path) -> dict[tuple[str, str], float]:
    """Seconds an epoch by (architecture, form) of the first processor in the file; {} where there is no such file.

    Rows of a machine that did other work, marked by `make bench`, are left out.
    """
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if all(row.get(name) for name in COLUMNS)]
    ours = [row for row in rows if row["engine"] == ENGINE and row.get("clock", "wall") == "wall"]
    processor = ours[0].get("processor") if ours else None
    chosen = [row for row in ours if row.get("processor") == processor]
    return {(row["architecture"], row["form"]): float(row["seconds_per_epoch"]) for row in chosen}
