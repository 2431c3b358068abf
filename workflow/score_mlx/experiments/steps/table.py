"""Tables 7a to 9: SCORE beside the native stack of the same depth, for several depths K."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from score_mlx.models.graphs.run import GraphRun
from score_mlx.runs.objective import Metric
from score_mlx.runs.run import mean_std
from score_mlx.tables.formats import mean_and_std, number
from score_mlx.tables.runs import NO_VALUE, ORIGIN, origin, paired, provenance, require_one_dataset, warnings
from score_mlx.tables.table import Readable

COLUMNS = (
    "steps", "dt", "score", "score_std", "native", "native_std", "diff", "improvement_percent", "score_last",
    "native_last", "improvement_last_percent", "paper_score", "paper_native", "paper_improvement_percent",
    "difference_score", "difference_native", "comparable", *ORIGIN,
)  # fmt: skip
AVERAGE = "average"  # the last row
Paper = Mapping[str, Mapping[str, float]]


def steps_table(runs: Sequence[GraphRun], paper: Paper) -> list[dict[str, Any]]:
    """One row a depth and their average.

    Args:
        runs: SCORE and base of one architecture, one of each for each K, on the same data and folds.
        paper: the paper's score, native and improvement_percent by K (`read_paper`).

    Returns:
        Rows with the keys `COLUMNS`. diff = native - score, the reverse of a metric of which more is better, and
        improvement = 100 diff / native, of means over folds at the best epoch of each fold; `_last` the same after the
        last epoch; None where a fold diverged.

    Raises:
        UserError: a depth lacks one of its two runs, or runs are on different data.
    """
    require_one_dataset(runs)
    both = "a run of SCORE and one of the native model"
    pairs = paired(runs, lambda run: f"K = {run.spec.steps}", lambda run: run.spec.recurrent, both)
    rows = [_row(native, score, paper) for native, score in sorted(pairs, key=lambda pair: pair[0].spec.steps)]
    return [*rows, _average(rows, paper, runs[0].metric)]


def caption(runs: Sequence[GraphRun]) -> list[str]:
    """What a reader of the table must know, a sentence an item."""
    metric = runs[0].metric
    return [
        *warnings(runs),
        f"Data and runs: {provenance(runs)}.",
        f"{metric.name}: the {metric.best} over epochs on each test fold, as in the paper (so chosen on the test "
        "fold), mean ± population standard deviation over folds. Improvement: of SCORE over the native stack of K "
        "blocks, in percent of the latter; last epoch: the same after the final epoch, without selection.",
    ]


def read_paper(path: str | Path) -> dict[str, dict[str, float]]:
    """The paper's values by K, and of the average: `{"2": {"score": 0.598, "native": 0.644, ...}, ...}`."""
    with Path(path).open(encoding="utf-8", newline="") as file:
        return {
            row["steps"]: {name: float(row[name]) for name in ("score", "native", "improvement_percent")}
            for row in csv.DictReader(file)
        }


def _row(native: GraphRun, score: GraphRun, paper: Paper) -> dict[str, Any]:
    depth = score.spec.steps
    row: dict[str, Any] = dict.fromkeys(COLUMNS) | {"steps": depth, "dt": 1 / depth}
    for name, run in (("score", score), ("native", native)):
        row[name], row[f"{name}_std"] = mean_std(run.best)
        row[f"{name}_last"], _ = mean_std(run.last)
    why_not = score.incomparable(but=("steps",)) or native.incomparable(but=("steps",))
    return _judged(row | origin(score), paper.get(str(depth), {}), why_not, score.metric)


def _average(rows: Sequence[Mapping[str, Any]], paper: Paper, metric: Metric) -> dict[str, Any]:
    """Means of the columns above; origin and comparability are those of the first row."""
    row = dict(rows[0]) | {"steps": AVERAGE, "dt": None, "score_std": None, "native_std": None, "options": None}
    for name in ("score", "native", "score_last", "native_last"):
        row[name], _ = mean_std(np.nan if each[name] is None else each[name] for each in rows)
    why_not = next((each["comparable"] for each in rows if each["comparable"] not in ("yes", NO_VALUE)), "")
    return _judged(row, paper.get(AVERAGE, {}), why_not, metric)


def _judged(row: dict[str, Any], paper: Mapping[str, float], why_not: str, metric: Metric) -> dict[str, Any]:
    """Differences between the two models, and from the paper's values where these compare."""
    for last in ("", "_last"):
        score, native = row[f"score{last}"], row[f"native{last}"]
        row[f"improvement{last}_percent"] = (
            None if None in (score, native) else 100 * metric.error(native - score) / native
        )
    row["diff"] = None if None in (row["score"], row["native"]) else metric.error(row["native"] - row["score"])
    for name in ("score", "native"):
        row[f"paper_{name}"] = paper.get(name)
        row[f"difference_{name}"] = None if why_not or not paper or row[name] is None else row[name] - paper[name]
    row["paper_improvement_percent"] = paper.get("improvement_percent")
    row["comparable"] = why_not or ("yes" if paper else NO_VALUE)
    return {name: row[name] for name in COLUMNS}


def _with_std(name: str):
    def show(row) -> str:
        std = row[f"{name}_std"]
        return number(row[name]) if std is None else mean_and_std(row[name], std)

    return show


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:+.1f} %"


def _papers(name: str, shown):
    return lambda row: "" if row["comparable"] != "yes" or row[name] is None else shown(row[name])


READABLE: Readable = (
    ("steps", lambda row: str(row["steps"])),
    ("dt", lambda row: "" if row["dt"] is None else f"{row['dt']:.3f}"),
    ("SCORE", _with_std("score")),
    ("native", _with_std("native")),
    ("improvement", lambda row: _percent(row["improvement_percent"])),
    ("last epoch", lambda row: _percent(row["improvement_last_percent"])),
    ("paper: SCORE", _papers("paper_score", number)),
    ("native", _papers("paper_native", number)),
    ("improvement", _papers("paper_improvement_percent", _percent)),
)
