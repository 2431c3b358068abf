"""What our records say of each published number: the same quantity, computed as the paper says it was."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from score_mlx.analysis import speedup, statistics
from score_mlx.analysis.language_runs import LanguageRun
from score_mlx.analysis.runs import mean_std
from score_mlx.analysis.steps import AVERAGE
from score_mlx.graphs.spec import GraphSpec
from score_mlx.spec import Spec
from score_mlx.verdict import language_cells
from score_mlx.verdict.comparisons import table_difference
from score_mlx.verdict.evidence import Evidence
from score_mlx.verdict.pool import NotRunError, record_name
from score_mlx.verdict.published import TEXT, Published
from score_mlx.verdict.rules import Measured

Measure = Callable[[Evidence, Published], Measured]


def measure(evidence: Evidence, number: Published) -> Measured:
    """Ours of a published number.

    Raises:
        NotRunError, NotComparableError: the records that it needs are missing, or do not compare.
    """
    if number.place in language_cells.CELLS:
        return _language(evidence, number)
    if number.target == TEXT:
        if number.row not in TEXT_MEASURES:
            raise NotRunError("quoted by the paper from elsewhere: no run of its models makes it")
        return TEXT_MEASURES[number.row](evidence, number)
    if number.target in TABLE_MEASURES:
        return TABLE_MEASURES[number.target](evidence, number)
    raise NotRunError("no run of a language model stands for it")


def _ranked(evidence: Evidence, number: Published) -> Measured:
    """Tables 1 to 5: a model's mean over folds, its spread, its rank in the whole table."""
    spec = _model(evidence, number.target, number.row)
    names = (record_name(spec),)
    if number.kind == "rank":
        specs = evidence.specs(number.target)
        means = np.mean(evidence.scores(specs), axis=1)
        place = [s.model for s in specs].index(number.row)
        rank = 1 + int(np.sum(means < means[place]))
        return Measured(rank, how=f"of {len(specs)} models", records=[record_name(spec) for spec in specs])
    (run,) = evidence.runs([spec])
    mean, std = mean_std(run.best)
    if mean is None:
        return Measured(math.nan, how=f"{run.diverged} of {len(run.best)} folds", records=names)
    if number.kind == "std":
        return Measured(std, how="population standard deviation over folds", records=names)
    return _of_folds(run.best, len(run.best), names, "mean over folds of the best epoch")


def _depths(evidence: Evidence, number: Published) -> Measured:
    """Tables 7a to 9: SCORE and native at one K or on average, their difference and its share of the native RMSE."""
    pairs = _pairs(evidence, number.target, number.row)
    if number.kind == "setting":
        return Measured(1 / pairs[0][0].steps, how="dt = 1/K")
    specs = [spec for pair in pairs for spec in pair]
    values = evidence.scores(specs)
    folds, names = evidence.folds(specs[0]), [record_name(spec) for spec in specs]
    score, native = values[::2].mean(axis=0), values[1::2].mean(axis=0)
    points = {
        "score": score,
        "native": native,
        "diff": native - score,
        "improvement_percent": 100 * statistics.ratio_points(score, native),
    }
    return _of_folds(points[number.column], folds, names, "mean over folds of the best epoch")


def _speed(evidence: Evidence, number: Published) -> Measured:
    """Table 6: the factor between the curves of SCORE and the native model."""
    specs = _speed_specs(evidence, number)
    native, score = evidence.runs(specs)
    found, names = speedup.fit(native, score), [record_name(spec) for spec in specs]
    if not math.isfinite(found.factor):
        return Measured(math.nan, how=found.flaw, records=names)
    low, high = evidence.pool.speedup_interval(native, score)
    return Measured(found.factor, low, high, "time warp of the mean curves", names, found.flaw)


def _language(evidence: Evidence, number: Published) -> Measured:
    """A language model's loss, bits per byte or parameter count."""
    name, value = language_cells.CELLS[number.place]
    counted = number.kind == "parameters"
    (runs,) = evidence.language(name, objection=language_cells.uncountable if counted else LanguageRun.incomparable)
    values, names = [value(run) for run in runs], [record_name(run.spec) for run in runs]
    if counted:
        return Measured(values[0], values[0], values[0], "counted", names)
    devices = ", ".join(dict.fromkeys(str(run.meta.get("device")) for run in runs))
    how = f"{len(values)} run{'s' * (len(values) > 1)} on {devices}"
    return Measured(float(np.mean(values)), *statistics.interval(values), how, names)


def _molattfp_worth(evidence: Evidence, number: Published) -> Measured:
    """Mean over all 40 models of RMSE with sum pooling - RMSE with MolAttFP."""
    points, folds, specs = table_difference(evidence, "table3", "table2")
    return _of_folds(points, folds, [record_name(spec) for spec in specs], f"mean over {len(specs) // 2} models")


def _esol_fact(fact: str) -> Measure:
    """A fact that every copy of ESOL is held to when it is read, so that a record on ESOL vouches for it."""

    def known(evidence: Evidence, number: Published) -> Measured:
        from score_mlx.chem.datasets import FACTS  # RDKit takes a second to import

        spec = evidence.by_model("table1")["CatBoost"]
        evidence.runs([spec])
        value = float(FACTS["esol"][fact])
        return Measured(value, value, value, "the file's own value, checked when it is read", [record_name(spec)])

    return known


def _same_as(target: str, row: str, column: str) -> Measure:
    """A number of the text that repeats one of a table."""

    def repeated(evidence: Evidence, number: Published) -> Measured:
        return TABLE_MEASURES[target](
            evidence, Published(target, row, column, number.value, number.printed, number.kind)
        )

    return repeated


TABLE_MEASURES: dict[str, Measure] = {
    **dict.fromkeys(("table1", "table2", "table3", "table4", "table5"), _ranked),
    **dict.fromkeys(("table7a", "table7b", "table8", "table9"), _depths),
    "table6": _speed,
}
TEXT_MEASURES: dict[str, Measure] = {
    "mean RMSE increase without MolAttFP": _molattfp_worth,
    "mean GAT improvement percent": _same_as("table7a", AVERAGE, "improvement_percent"),
    "mean GAT+MolAttFP improvement percent (text)": _same_as("table7b", AVERAGE, "improvement_percent"),
    "GAT + MolAttFP SCORE RMSE": _same_as("table7b", "4", "score"),
    "CatBoost RMSE": _same_as("table1", "CatBoost", "rmse_mean"),
    "ESOL target minimum (paper)": _esol_fact("lowest target"),
    "ESOL target maximum (paper)": _esol_fact("highest target"),
}


def _of_folds(points: Sequence[float], folds: int, names: Sequence[str], how: str) -> Measured:
    mean = statistics.corrected(points, folds)
    return Measured(mean.value, mean.low, mean.high, how, names)


def _model(evidence: Evidence, target: str, name: str) -> Spec:
    specs = evidence.by_model(target)
    if name not in specs:
        raise NotRunError(f"config.yaml lists no model {name} in {target}")
    return specs[name]


def _pairs(evidence: Evidence, target: str, row: str) -> list[tuple[GraphSpec, GraphSpec]]:
    """(SCORE, native) of one K, or of every K."""
    specs = evidence.specs(target)
    pairs = [(s, n) for s in specs for n in specs if s.recurrent and not n.recurrent and s.steps == n.steps]
    chosen = [pair for pair in pairs if row in (AVERAGE, str(pair[0].steps))]
    if not chosen:
        raise NotRunError(f"config.yaml lists no K = {row} in {target}")
    return chosen


def _speed_specs(evidence: Evidence, number: Published) -> list[Spec]:
    """Native and SCORE of a row of Table 6."""
    arch = next(arch for arch, name in speedup.PAPER_NAMES.items() if name == number.row)
    with_them = number.column == "with_rdkit"
    specs = [s for s in evidence.specs(number.target) if s.arch == arch and s.descriptors == with_them]
    if not specs:
        raise NotRunError(f"config.yaml lists no {arch} in {number.target}")
    return sorted(specs, key=lambda spec: spec.recurrent)
