"""results/informativeness.csv: how many uninformative numbers the same rule would call reproduced, by table.

A verdict is informative only where wrong values would have failed. So the same rule is applied to values without
information about the models: the best constant for each table, our own values shuffled within a table, CatBoost's RMSE
for everything. Beside them are measures that such values cannot match: the paper's contrasts and its order of models,
compared with the agreement of our own repeats, an upper bound for any reproduction.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from score_mlx.tables.table import Readable
from score_mlx.verdict import contrasts, rules
from score_mlx.verdict.contrasts import OPPOSITE, SAME, UNRESOLVED, Ranking
from score_mlx.verdict.evidence import Evidence
from score_mlx.verdict.measures import measure
from score_mlx.verdict.pool import UndecidedError
from score_mlx.verdict.published import Published
from score_mlx.verdict.rules import Measured

DRAWS = 200  # shuffles of a table's contrasts
COLUMNS = (
    "target", "numbers", "span", "rerun_interval", "reproduced", "constant", "constant_value", "shuffle", "catboost",
    "pairs", "pairs_paper_resolves", "same", "opposite", "same_shuffle", "same_constant", "same_repeats",
    "tau", "tau_repeats", "models", "repeats",
)  # fmt: skip
SUMS = ("numbers", "reproduced", "constant", "shuffle", "catboost", "pairs", "pairs_paper_resolves", "same", "opposite")
SUMS += ("same_shuffle", "same_constant")
CATBOOST = "CatBoost"


@dataclass(frozen=True)
class Case:
    """A primary number that rerun intervals judge, and ours."""

    number: Published
    ours: Measured

    def reproduced_by(self, value: float) -> bool:
        """Whether this value instead of ours would be called reproduced."""
        return rules.judge(self.number, replace(self.ours, value=value))[0] == rules.REPRODUCED


def informativeness_table(evidence: Evidence, published: Sequence[Published]) -> list[dict[str, Any]]:
    """One row a table with numbers that rerun intervals judge, with the keys `COLUMNS`, and their sum; None: no value.

    `constant`, `shuffle`, `catboost`: how many numbers such values would reproduce, of a shuffle the expected number.
    `same`, `opposite`: of the pairs that the paper resolves, those that ours resolve in the same or another direction;
    `same_shuffle` and `same_constant` the same by such values; `same_repeats`: the share, of the pairs that one of our
    repeats resolves, which another resolves in the same direction. `tau`: Kendall's, with the printed order, and
    between our repeats.
    """
    cases = _cases(evidence, published)
    ranked = contrasts.by_target(list(contrasts.rankings(evidence, published)))
    catboost = _catboost(evidence)
    targets = [target for target in dict.fromkeys(case.number.target for case in cases)]
    rows = []
    for target in targets:
        row = dict.fromkeys(COLUMNS) | {"target": target}
        row |= _scores([case for case in cases if case.number.target == target], catboost)
        rows.append(row | (_order(ranked[target]) if target in ranked else {}))
    total = {name: _sum(row[name] for row in rows) for name in SUMS}
    return [*rows, dict.fromkeys(COLUMNS) | {"target": "all"} | total]


def of_numbers(total: Mapping[str, Any]) -> str:
    """How many numbers such values would reproduce, from the table's last row."""
    if not total["numbers"]:
        return "No number can be judged by rerun intervals yet."
    text = (
        f"Our values reproduce {total['reproduced']} of {total['numbers']} primary numbers with a rerun interval; one "
        f"constant per table would reproduce {total['constant']}, our own values shuffled within their tables "
        f"{total['shuffle']:.0f}"
    )
    return text + (f", CatBoost's RMSE in place of each {total['catboost']}." if total["catboost"] is not None else ".")


def of_contrasts(total: Mapping[str, Any]) -> str:
    """A sentence on the contrasts, from the table's last row; "" where the paper resolves none."""
    if not total["pairs_paper_resolves"]:
        return ""
    return (
        f"Of {total['pairs']} printed pairs of models the paper resolves {total['pairs_paper_resolves']} beyond rerun "
        f"noise: our values resolve {total['same']} of these in the same direction and {total['opposite']} in the "
        f"opposite one; a shuffle resolves {total['same_shuffle']:.0f} in the same direction, a constant "
        f"{total['same_constant']}."
    )


def sentence(total: Mapping[str, Any]) -> str:
    """Both, for a caption."""
    return " ".join(filter(None, (of_numbers(total), of_contrasts(total))))


def caption(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """What a reader of the table must know, a sentence an item."""
    return [
        sentence(rows[-1]),
        "Constant: the one value for a table that reproduces most of it. Shuffle: our own values exchanged between the "
        "numbers of a table, the expected count. CatBoost: its RMSE in place of every RMSE. All are judged by the rule "
        "for ours.",
        "Span: from the least to the largest number that a table prints (of factors their ratio). Where it is no wider "
        "than two rerun intervals, no rule can tell the models apart by their means, and any value near them is "
        "reproduced; the contrasts do tell them apart.",
        "Pairs: of printed models. Resolved: they differ by more than reruns of equal models do. Repeats: of the pairs "
        "that one of our repeats resolves, the share that another resolves likewise, and Kendall's tau between "
        "repeats: the most that a reproduction can reach. Tau: of our order with the printed one.",
    ]


def best_constant(cases: Sequence[Case]) -> tuple[float, int]:
    """The value that reproduces most of `cases`, the middle one of several, and how many it reproduces."""
    bounds = sorted(bound for case in cases for bound in replace(case.ours, value=case.number.value).interval)
    counts = [sum(case.reproduced_by(value) for case in cases) for value in bounds]
    best = [value for value, count in zip(bounds, counts, strict=True) if count == max(counts)]
    return best[len(best) // 2], max(counts)


def shuffled(cases: Sequence[Case]) -> float:
    """How many of `cases` our own values reproduce on average when they are exchanged between them."""
    alike = np.array([[case.reproduced_by(other.ours.value) for other in cases] for case in cases])
    return float(alike.mean(axis=1).sum())  # each value meets each number equally often


def _cases(evidence: Evidence, published: Sequence[Published]) -> list[Case]:
    found = []
    for number in published:
        if number.primary and number.kind not in (*rules.UNJUDGED, *rules.EXACT):
            try:
                ours = measure(evidence, number)
            except UndecidedError:
                continue
            if ours.scale is not None and math.isfinite(ours.value):
                found.append(Case(number, ours))
    return found


def _scores(cases: Sequence[Case], catboost: float | None) -> dict[str, Any]:
    constant, count = best_constant(cases)
    errors = [case for case in cases if case.number.kind == "rmse"]
    return {
        "numbers": len(cases),
        "span": _span(cases),
        "rerun_interval": float(np.median([case.ours.half_width for case in cases])),
        "reproduced": sum(case.reproduced_by(case.ours.value) for case in cases),
        "constant": count,
        "constant_value": constant,
        "shuffle": shuffled(cases),
        "catboost": sum(case.reproduced_by(catboost) for case in errors) if catboost and errors else None,
    }


def _span(cases: Sequence[Case]) -> float:
    values = [case.number.value for case in cases]
    return max(values) / min(values) if cases[0].ours.logarithm else max(values) - min(values)


def _order(table: Ranking) -> dict[str, Any]:
    ours, repeats = table.ours.mean(axis=1), table.ours.shape[1]
    found = table.agreement(table.paper, ours, repeats)
    pairs = sum(found.values())
    constant = table.agreement(table.paper, np.full(len(ours), ours.mean()), repeats)
    return {
        "pairs": pairs,
        "pairs_paper_resolves": pairs - found[UNRESOLVED],
        "same": found[SAME],
        "opposite": found[OPPOSITE],
        "same_shuffle": _mean_of_shuffles(lambda values: table.agreement(table.paper, values, repeats)[SAME], ours),
        "same_constant": constant[SAME],
        "same_repeats": table.ceiling(table.resolved_alike),
        "tau": contrasts.tau(table.paper, ours),
        "tau_repeats": table.ceiling(contrasts.tau),
        "models": len(ours),
        "repeats": repeats,
    }


def _mean_of_shuffles(of: Callable[[np.ndarray], float], values: np.ndarray) -> float:
    rng = np.random.default_rng(0)  # the same for the same values
    return float(np.mean([of(rng.permutation(values)) for _ in range(DRAWS)]))


def _catboost(evidence: Evidence) -> float | None:
    try:
        return float(evidence.scores([evidence.by_model("table1")[CATBOOST]]).mean())
    except (UndecidedError, KeyError):
        return None


def _sum(values) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _count(name: str):
    return lambda row: "" if row[name] is None else f"{row[name]:.0f}"


def _share(name: str):
    return lambda row: "" if row[name] is None or math.isnan(row[name]) else f"{row[name]:.2f}"


READABLE: Readable = (
    ("target", lambda row: row["target"]),
    ("numbers", _count("numbers")),
    ("span", _share("span")),
    ("rerun interval", _share("rerun_interval")),
    ("reproduced: ours", _count("reproduced")),
    ("constant", _count("constant")),
    ("shuffle", _count("shuffle")),
    ("CatBoost", _count("catboost")),
    ("pairs", _count("pairs")),
    ("paper resolves", _count("pairs_paper_resolves")),
    ("ours same", _count("same")),
    ("opposite", _count("opposite")),
    ("shuffle same", _count("same_shuffle")),
    ("repeats same", _share("same_repeats")),
    ("tau", _share("tau")),
    ("tau of repeats", _share("tau_repeats")),
)
