"""Committed records trained again: do they still come out as they say?

On the same processor with the same versions a run repeats bit by bit. Elsewhere sums are rounded differently, curves
part after some epochs, and the means of two runs differ by noise. How much is usual is known from repeats: the rerun
standard deviation of a five-fold mean, without what other folds add, since these are the same.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from score_mlx.models.families import family_of, spec_from_path
from score_mlx.runs.run import FoldRun
from score_mlx.runs.spec import Spec
from score_mlx.system.errors import UserError
from score_mlx.tables.formats import change, number
from score_mlx.tables.runs import distinct
from score_mlx.tables.table import Readable
from score_mlx.verdict.rerun import Reruns

ALPHA = 0.01  # chance that a spot check of unchanged code fails
EPOCHS = ("best", "last")
COLUMNS = (
    "record", "model", "committed", "again", "difference", "in_sd", "last_committed", "last_again", "last_difference",
    "last_in_sd", "equal", "same_epochs", "epochs", "same_versions", "same_science", "same_device", "commit_then",
    "commit_now", "within",
)  # fmt: skip


@dataclass(frozen=True)
class Drawn:
    """Records chosen at random.

    Attributes:
        specs: those drawn, in the order of their paths.
        of: how many could have been drawn.
    """

    specs: list[Spec]
    of: int


def draw(folder: Path, count: int, seed: int, longest: float = math.inf) -> Drawn:
    """`count` records below `folder` at random, the same ones for the same seed.

    Text models are left out: hours each, and what they write is no mean over folds.

    Args:
        longest: seconds that a record may have taken where it was made.

    Raises:
        UserError: there are fewer than `count`.
    """
    from score_mlx.models.resources import measured

    times = {run.spec: run.meta.seconds for run in measured(folder)}
    specs = [spec_from_path(path) for path in sorted(folder.rglob("run.json"))]
    fitting = [s for s in specs if family_of(s).run is FoldRun and times.get(s, math.inf) <= longest]
    if len(fitting) < count:
        raise UserError(f"{folder}: {len(fitting)} records that could be drawn, expected at least {count}")
    drawn = set(random.Random(seed).sample(range(len(fitting)), count))
    return Drawn([spec for place, spec in enumerate(fitting) if place in drawn], len(fitting))


def comparison(
    pairs: Sequence[tuple[FoldRun, FoldRun]], science: Sequence[bool], reruns: Reruns
) -> list[dict[str, Any]]:
    """One row a record: what it says, what came out now; keys `COLUMNS`.

    `in_sd` is the difference of the means over folds in rerun standard deviations; None where no repeats tell one.
    `within`: yes where it is no larger than noise makes one of `pairs` in all but `ALPHA` of spot checks.

    Args:
        pairs: the committed run and that of now.
        science: whether both are of one `SCIENCE` number.
    """
    return [_row(*pair, same, reruns, len(pairs)) for pair, same in zip(pairs, science, strict=True)]


def failed(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Records that came out otherwise, by more than noise."""
    return [row["record"] for row in rows if row["within"] == "no"]


def caption(rows: Sequence[dict[str, Any]], drawn: Drawn, seed: int, longest: float, reruns: Reruns) -> list[str]:
    """What a reader must know, a sentence an item."""
    quick = f" of at most {longest:.0f} s" if longest < math.inf else ""
    scales = {family: _scale(reruns, family, "best") for family in dict.fromkeys(_family(row) for row in rows)}
    sds = "; ".join(f"{family} {scale[0]:.4f}" for family, scale in scales.items() if scale)
    known = [abs(row["in_sd"]) for row in rows if row["in_sd"] is not None]
    largest = f" Largest difference: {max(known):.1f} of these." if known else ""
    alike = [row for row in rows if row["same_versions"] == row["same_science"] == row["same_device"] == "yes"]
    unchanged = [row for row in alike if row["commit_then"] == row["commit_now"]]
    return [
        f"{len(rows)} of {drawn.of} committed records{quick}, drawn with seed {seed} and trained again at commit "
        f"{', '.join(distinct(row['commit_now'] for row in rows))}.",
        f"Rerun standard deviation of a five-fold mean at the best epoch, by family: {sds}.{largest} Within: no larger "
        f"than noise makes any of {len(rows)} in all but {ALPHA:.0%} of spot checks.",
        f"{_equal(rows)} of {len(rows)} are equal in every epoch of every fold. {len(alike)} have versions, science "
        f"and processor of now: {_equal(alike)} of these are equal. {len(unchanged)} have the commit of now as well, "
        f"where no digit may differ: {_equal(unchanged)} of these are equal. Another commit may order sums otherwise.",
    ]


def _equal(rows: Sequence[dict[str, Any]]) -> int:
    return sum(row["equal"] == "yes" for row in rows)


def _row(then: FoldRun, now: FoldRun, science: bool, reruns: Reruns, count: int) -> dict[str, Any]:
    row = dict.fromkeys(COLUMNS) | {"record": then.spec.path("").parent.as_posix(), "model": then.model}
    parted = next((at for at, (a, b) in enumerate(zip(_epochs(then), _epochs(now), strict=True)) if a != b), None)
    row |= {"equal": "yes" if parted is None else "no", "epochs": len(_epochs(then))}
    row["same_epochs"] = row["epochs"] if parted is None else parted
    row["same_versions"] = "yes" if then.meta.versions == now.meta.versions else "no"
    row["same_device"] = "yes" if then.meta.device == now.meta.device else "no"
    row["same_science"] = "yes" if science else "no"
    row |= {"commit_then": then.meta.commit, "commit_now": now.meta.commit}
    outside = False
    for epoch, prefix in (("best", ""), ("last", "last_")):
        means = [float(np.mean(run.rmse(epoch))) for run in (then, now)]
        row[f"{prefix}committed"], row[f"{prefix}again"] = means
        difference = means[1] - means[0]
        row[f"{prefix}difference"] = difference
        scale = _scale(reruns, then.spec.FAMILY, epoch)
        if scale:
            row[f"{prefix}in_sd"] = difference / scale[0]
            outside |= not abs(difference) <= _limit(*scale, count)  # NaN is not
    return row | {"within": "no" if outside else "yes"}


def _scale(reruns: Reruns, family: str, epoch: str) -> tuple[float, int] | None:
    """Standard deviation that new weights add to a five-fold mean, and its degrees of freedom."""
    found = reruns.own(family, epoch) or reruns.mean(family, epoch)
    return (found.sd, found.df) if found and found.sd else None


def _limit(sd: float, df: int, count: int) -> float:
    """Difference of two reruns that one of `count` pairs exceeds in `ALPHA` of all cases, at two epochs each."""
    return float(stats.t.ppf(1 - ALPHA / (2 * count * len(EPOCHS)), df)) * math.sqrt(2) * sd


def _epochs(run: FoldRun) -> list[tuple[float, ...]]:
    """RMSE of all folds, epoch by epoch."""
    return list(zip(*run.curves, strict=True))


def _family(row: dict[str, Any]) -> str:
    return row["record"].split("/")[1]


def _in_sd(value: float | None) -> str:
    return "" if value is None else f"{value:+.1f}"


READABLE: Readable = (
    ("record", lambda row: row["record"]),
    ("committed", lambda row: number(row["committed"])),
    ("again", lambda row: number(row["again"])),
    ("difference", lambda row: change(row["difference"])),
    ("in sd", lambda row: _in_sd(row["in_sd"])),
    ("last epoch", lambda row: change(row["last_difference"])),
    ("in sd", lambda row: _in_sd(row["last_in_sd"])),
    ("equal epochs", lambda row: f"{row['same_epochs']} of {row['epochs']}"),
    ("same versions", lambda row: row["same_versions"]),
    ("same processor", lambda row: row["same_device"]),
    ("within", lambda row: row["within"]),
)
