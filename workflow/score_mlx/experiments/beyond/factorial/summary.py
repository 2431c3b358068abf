"""A factorial in a row a group: its main effects over all architectures, for a page of results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from score_mlx.experiments.beyond.factorial.table import ALL, GROUP, MAIN, WHOLE, Corners, incomplete, shown, spoken
from score_mlx.runs.spec import Spec
from score_mlx.tables.formats import change
from score_mlx.tables.runs import warnings
from score_mlx.tables.table import Readable

EFFECTS = dict(zip(("step", "sharing", "interaction"), MAIN, strict=True)) | {"score": WHOLE}
COLUMNS = (
    *GROUP, "architecture", "architectures",
    *(f"{name}{part}" for name in EFFECTS for part in ("", "_low", "_high", "_shown")),
)  # fmt: skip
HEADS = {"step": "step: dt < 1 against 1", "sharing": "sharing: one block against K", "interaction": "interaction"}


def summary(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row a group, and one more without its outlying architectures; keys `COLUMNS`.

    Args:
        rows: of `table.effects`.
    """
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    names = {effect: name for name, effect in EFFECTS.items()}
    for row in rows:
        if row["effect"] not in names or not row["architecture"].startswith(ALL):
            continue
        kept = {name: row[name] for name in (*GROUP, "architecture", "architectures")}
        own = found.setdefault(tuple(kept[name] for name in (*GROUP, "architecture")), dict.fromkeys(COLUMNS) | kept)
        name = names[row["effect"]]
        own |= {name: row["difference"], f"{name}_low": row["low"], f"{name}_high": row["high"]}
        own[f"{name}_shown"] = shown(row)
    return list(found.values())


def caption(corners: Corners, missing: Sequence[Spec]) -> list[str]:
    """What a reader must know, a sentence an item."""
    own = "Differences of RMSE, at the lowest over epochs on each test fold, with 95 % intervals; below 0 where the "
    own += "first-named is better. An asterisk: the test shows it, after Holm's adjustment for step, sharing and "
    own += "interaction."
    return [*warnings(corners.runs), own, *([incomplete(missing)] if missing else [])]


def _cell(row: Mapping[str, Any], name: str) -> str:
    if row[name] is None:
        return ""
    star = "" if row[f"{name}_shown"] == "not shown" else "*"
    return f"{change(row[name])} [{change(row[f'{name}_low'])}, {change(row[f'{name}_high'])}]{star}"


READABLE: Readable = (
    ("comparison", spoken),
    ("architectures", lambda row: f"{row['architecture']} ({row['architectures']})"),
    *((HEADS.get(name, effect), lambda row, name=name: _cell(row, name)) for name, effect in EFFECTS.items()),
)
