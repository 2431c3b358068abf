"""results/contrasts.csv: the paper's order of models, pair by pair, beside ours and beside that of our own repeats.

Means that lie within rerun noise of each other are reproduced by any number near them; the sign of a difference is
not. A pair is *resolved* where the difference of its means exceeds what reruns of the same two models scatter by. Where
paper and ours both resolve a pair, they agree or contradict each other.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np
from scipy import stats

from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.runs.spec import Spec, of_type
from score_mlx.stats import statistics
from score_mlx.tables.formats import change
from score_mlx.tables.table import Readable
from score_mlx.verdict.evidence import Evidence
from score_mlx.verdict.pool import UndecidedError
from score_mlx.verdict.published import Published
from score_mlx.verdict.rerun import Scale, repeats_of

COLUMNS = (
    "target", "a", "b", "paper_difference", "difference", "paper_bound", "bound", "repeats", "rerun_sd", "df", "result",
)  # fmt: skip
SAME, OPPOSITE, OPEN, UNRESOLVED = "same", "opposite", "open", "not resolved by the paper"


@dataclass(frozen=True)
class Ranking:
    """The printed RMSE of one table's models beside ours.

    Attributes:
        target: the table.
        names: of its models, with their depth where the table varies it.
        paper: (n,) printed means.
        ours: (n, repeats) our means by repeat.
        scales: what a rerun adds to each model beside what folds add to all; None where it is not known.
    """

    target: str
    names: Sequence[str]
    paper: np.ndarray
    ours: np.ndarray
    scales: Sequence[Scale | None]

    @cached_property
    def sds(self) -> np.ndarray:
        """(n, n) rerun standard deviations of the difference of two models' means, NaN where not known."""
        own = np.array([math.nan if scale is None else scale.sd for scale in self.scales])
        return np.hypot(own[:, None], own[None, :])

    @cached_property
    def df(self) -> np.ndarray:
        """(n, n) degrees of freedom of `sds`."""
        own = np.array([1 if scale is None else scale.df for scale in self.scales])
        return np.minimum(own[:, None], own[None, :])

    @cached_property
    def bounds(self) -> np.ndarray:
        """(n, n) what the difference of two single means exceeds in 5 % of reruns of equal models."""
        return stats.t.ppf((1 + statistics.LEVEL) / 2, self.df) * self.sds

    def says(self, theirs: np.ndarray, ours: np.ndarray, repeats: int) -> list[str]:
        """Whether `theirs` (means of one run) and `ours` (over `repeats`) resolve each pair, and how."""
        a, b = np.triu_indices(len(self.names), 1)
        first, second, bounds = theirs[a] - theirs[b], ours[a] - ours[b], self.bounds[a, b]
        both = np.where(np.sign(first) == np.sign(second), SAME, OPPOSITE)
        resolved = np.where(np.abs(second) > bounds / math.sqrt(repeats), both, OPEN)
        return np.where(np.abs(first) > bounds, resolved, UNRESOLVED).tolist()

    def agreement(self, theirs: np.ndarray, ours: np.ndarray, repeats: int) -> Counter[str]:
        """How many pairs of models have which answer of `says`."""
        return Counter(self.says(theirs, ours, repeats))

    def ceiling(self, of: Callable[[np.ndarray, np.ndarray], float]) -> float | None:
        """Mean of a measure of agreement over all ordered pairs of our repeats; None without repeats."""
        repeats = self.ours.shape[1]
        pairs = [(i, j) for i in range(repeats) for j in range(repeats) if i != j]
        return float(np.mean([of(self.ours[:, i], self.ours[:, j]) for i, j in pairs])) if pairs else None

    def resolved_alike(self, theirs: np.ndarray, ours: np.ndarray, repeats: int = 1) -> float:
        """Share of the pairs that `theirs` resolves which `ours` resolves in the same direction; NaN for none."""
        found = self.agreement(theirs, ours, repeats)
        resolved = found[SAME] + found[OPPOSITE] + found[OPEN]
        return found[SAME] / resolved if resolved else math.nan


def tau(a: np.ndarray, b: np.ndarray) -> float:
    """Kendall's tau-b of two rows of means; 0 where one of them does not vary."""
    return float(statistics.tau_b(np.asarray(a), np.asarray(b)))


def rankings(evidence: Evidence, published: Sequence[Published]) -> Iterator[Ranking]:
    """One for each table whose primary numbers are RMSE, of the models that have comparable records."""
    cells = [n for n in published if n.kind == "rmse" and n.primary and n.target.startswith("table")]
    for target in dict.fromkeys(n.target for n in cells):
        found = [(n, spec) for n in cells if n.target == target if (spec := _spec(evidence, n)) is not None]
        chosen = [(number, spec) for number, spec in found if _there(evidence, spec)]
        if len(chosen) > 1:
            yield _ranking(evidence, target, chosen)


def contrasts_table(tables: Sequence[Ranking]) -> list[dict[str, Any]]:
    """One row a pair of printed models with the keys `COLUMNS`; differences are a - b, of RMSE."""
    return [row for table in tables for row in _rows(table)]


def caption() -> list[str]:
    """What a reader of the table must know, a sentence an item."""
    return [
        "Each pair of models whose RMSE one table of the paper prints. Resolved: a difference larger than 95 % of "
        "those between reruns of two equal models on the same folds (bound; ours is smaller with repeats). Same: both "
        "are resolved, in the same direction. Opposite: both are resolved, in opposite directions. Open: the paper's "
        "difference is resolved, ours is not.",
    ]


def _there(evidence: Evidence, spec: Spec) -> bool:
    try:
        evidence.scores([spec])
    except UndecidedError:
        return False
    return True


def _spec(evidence: Evidence, number: Published) -> Spec | None:
    """The run behind a primary RMSE: by its model's name, or by depth and side."""
    try:
        specs = evidence.specs(number.target)
    except UndecidedError:
        return None
    if number.column == "rmse_mean":
        return next((spec for spec in specs if spec.model == number.row), None)
    score = number.column == "score"
    networks = of_type(specs, GraphSpec)
    return next((spec for spec in networks if str(spec.steps) == number.row and spec.recurrent == score), None)


def _ranking(evidence: Evidence, target: str, chosen: Sequence[tuple[Published, Spec]]) -> Ranking:
    numbers, specs = zip(*chosen, strict=True)
    values, folds = evidence.scores(specs), evidence.folds(specs[0])
    means = values.reshape(len(specs), repeats_of(values[0], folds), folds).mean(axis=2)
    names = [n.row if n.column == "rmse_mean" else f"{n.column}, K = {n.row}" for n in numbers]
    scales = [evidence.pool.reruns.own(spec.FAMILY, evidence.epoch) for spec in specs]
    return Ranking(target, names, np.array([n.value for n in numbers]), means, scales)


def _rows(table: Ranking) -> Iterator[dict[str, Any]]:
    ours, repeats = table.ours.mean(axis=1), table.ours.shape[1]
    pairs = combinations(range(len(table.names)), 2)
    for (a, b), says in zip(pairs, table.says(table.paper, ours, repeats), strict=True):
        found = {"rerun_sd": float(table.sds[a, b]), "paper_bound": float(table.bounds[a, b])}
        found["bound"] = found["paper_bound"] / math.sqrt(repeats)
        yield dict.fromkeys(COLUMNS) | {name: value for name, value in found.items() if math.isfinite(value)} | {
            "target": table.target, "a": table.names[a], "b": table.names[b], "repeats": repeats,
            "paper_difference": float(table.paper[a] - table.paper[b]), "difference": float(ours[a] - ours[b]),
            "df": int(table.df[a, b]) if math.isfinite(found["rerun_sd"]) else None, "result": says,
        }  # fmt: skip


def _bound(name: str):
    return lambda row: "" if row[name] is None else f"{row[name]:.3f}"


READABLE: Readable = (
    ("target", lambda row: row["target"]),
    ("a", lambda row: row["a"]),
    ("b", lambda row: row["b"]),
    ("paper, a - b", lambda row: change(row["paper_difference"])),
    ("ours, a - b", lambda row: change(row["difference"])),
    ("resolved from (paper)", _bound("paper_bound")),
    ("(ours)", _bound("bound")),
    ("result", lambda row: row["result"]),
)


def by_target(tables: Sequence[Ranking]) -> Mapping[str, Ranking]:
    """The rankings by the name of the table that each is of."""
    return {table.target: table for table in tables}
