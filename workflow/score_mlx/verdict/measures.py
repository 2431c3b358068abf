"""Our value of each published number: the same quantity, computed as the paper describes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from score_mlx.data.chem.facts import FACTS
from score_mlx.experiments.speedup import table as speedup
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.runs.run import Run, mean_std
from score_mlx.runs.spec import Spec
from score_mlx.tables.runs import EPOCHS
from score_mlx.verdict import language_cells
from score_mlx.verdict.comparisons import table_difference
from score_mlx.verdict.evidence import Evidence
from score_mlx.verdict.pool import NotRunError, record_name
from score_mlx.verdict.published import AVERAGE, TEXT, Published
from score_mlx.verdict.rerun import Scale, repeats_of
from score_mlx.verdict.rules import Measured

Measure = Callable[[Evidence, Published], Measured]


def measure(evidence: Evidence, number: Published) -> Measured:
    """Ours of a published number, by all repeats that there are.

    Raises:
        NotRunError, NotComparableError: the records that it needs are missing, or do not compare.
    """
    if number.place in language_cells.CELLS:
        return _language(evidence, number)
    if number.target == TEXT:
        return _of_text(evidence, number)
    if number.target in TABLE_MEASURES:
        return TABLE_MEASURES[number.target](evidence, number)
    raise NotRunError("no run of a language model is assigned to it")


def _of_text(evidence: Evidence, number: Published) -> Measured:
    if number.same_as:
        target, row, column = number.same_as
        same = Published(target, row, column, number.value, number.printed, number.kind)
        return TABLE_MEASURES[target](evidence, same)
    if number.row not in TEXT_MEASURES:
        raise NotRunError("the paper quotes it from another source: none of its models gives it")
    return TEXT_MEASURES[number.row](evidence, number)


def _ranked(evidence: Evidence, number: Published) -> Measured:
    """Tables 1 to 5: a model's mean over folds, its spread, its rank in the whole table."""
    spec = _model(evidence, number.target, number.row)
    if number.kind == "rank":
        specs = evidence.specs(number.target)
        means = np.mean(evidence.scores(specs), axis=1)
        rank = 1 + int(np.sum(means < means[[s.model for s in specs].index(number.row)]))
        return Measured(rank, how=f"of {len(specs)} models", records=[record_name(spec) for spec in specs])
    runs = [run for (run,) in evidence.repeated([spec])]
    found = [mean_std(run.rmse(evidence.epoch)) for run in runs]
    names = [record_name(run.spec) for run in runs]
    if any(mean is None for mean, _ in found):
        lost = sum(run.diverged for run in runs)
        return Measured(math.nan, how=f"{lost} of {len(runs) * len(runs[0].best)} folds", records=names)
    if number.kind == "std":
        std = float(np.mean([std for _, std in found if std is not None]))
        return Measured(std, how="population standard deviation over folds", records=names)
    scale = evidence.pool.reruns.mean(spec.FAMILY, evidence.epoch)
    means = [mean for mean, _ in found if mean is not None]
    return Measured(
        float(np.mean(means)), len(means), scale, how=_how(evidence), records=names, seconds=_seconds(runs[:1])
    )


def _depths(evidence: Evidence, number: Published) -> Measured:
    """Tables 7a to 9: SCORE and native at one K or on average, their difference and its share of the native RMSE."""
    pairs = _pairs(evidence, number.target, number.row)
    if number.kind == "setting":
        return Measured(1 / pairs[0][0].steps, how="dt = 1/K")
    side = {"score": slice(0, 1), "native": slice(1, 2)}.get(number.column, slice(0, 2))
    specs = [spec for pair in pairs for spec in pair[side]]
    values, folds = evidence.scores(specs), evidence.folds(specs[0])
    repeats = repeats_of(values[0], folds)
    if len(specs) == len(pairs):
        value = float(values.mean())
    else:
        score, native = values[::2].mean(), values[1::2].mean()
        value = float(native - score) if number.column == "diff" else 100 * float(1 - score / native)
    names = [record_name(spec) for spec in specs]
    scale = _scale(evidence, number.column, len(pairs))
    cost = _seconds(evidence.runs(specs))
    return Measured(value, repeats, scale, how=_how(evidence), records=names, seconds=cost)


def _scale(evidence: Evidence, column: str, pairs: int) -> Scale | None:
    """The rerun standard deviation of a column of Tables 7a to 9, averaged over so many depths."""
    reruns, family = evidence.pool.reruns, GraphSpec.FAMILY
    if column in ("score", "native"):
        return reruns.mean(family, evidence.epoch, pairs)
    of = reruns.difference if column == "diff" else reruns.improvement
    return of(family, evidence.epoch, pairs)


def _speed(evidence: Evidence, number: Published) -> Measured:
    """Table 6: the factor between the curves of SCORE and the native model, geometric mean over repeats."""
    specs = _speed_specs(evidence, number)
    repeated = evidence.repeated(specs)
    fits, names = [speedup.fit(*runs) for runs in repeated], [record_name(spec) for spec in specs]
    flaw = next((found.flaw for found in fits if found.flaw), "")
    value = float(np.exp(np.mean(np.log([found.factor for found in fits]))))
    if not math.isfinite(value):
        return Measured(math.nan, how=flaw, records=names)
    return Measured(
        value, len(fits), evidence.pool.reruns.log_factor, True, "time warp of the mean curves", names, flaw,
        _seconds(repeated[0]),
    )  # fmt: skip


def _language(evidence: Evidence, number: Published) -> Measured:
    """A language model's loss, bits per byte or parameter count."""
    name, value = language_cells.CELLS[number.place]
    counted = number.kind == "parameters"
    objection = language_cells.uncountable if counted else language_cells.unlike_printed
    (runs,) = evidence.language(name, objection=objection)
    values, names = [value(run) for run in runs], [record_name(run.spec) for run in runs]
    if counted:
        return Measured(values[0], how="counted", records=names)
    devices = ", ".join(dict.fromkeys(str(run.meta.device) for run in runs))
    how = f"{len(values)} run{'s' * (len(values) > 1)} on {devices}"
    scale = evidence.pool.reruns.loss(value, runs[0].spec.timed)
    return Measured(float(np.mean(values)), len(values), scale, how=how, records=names, seconds=_seconds(runs[:1]))


def _molattfp_worth(evidence: Evidence, number: Published) -> Measured:
    """Mean over all 40 models of RMSE with sum pooling - RMSE with MolAttFP."""
    found = table_difference(evidence, "table3", "table2")
    points, folds, specs = found.mean(), found.folds, found.specs
    # One pair's scale, an upper bound: what folds add to all differences at once is not known without repeats.
    scale = evidence.pool.reruns.difference(GraphSpec.FAMILY, evidence.epoch)
    names, cost = [record_name(spec) for spec in specs], _seconds(evidence.runs(specs))
    how = f"mean over {len(specs) // 2} models"
    return Measured(float(points.mean()), repeats_of(points, folds), scale, how=how, records=names, seconds=cost)


def _esol_fact(fact: str) -> Measure:
    """A fact of ESOL that is checked whenever the data are read, so that a record on ESOL confirms it."""

    def known(evidence: Evidence, number: Published) -> Measured:
        spec = evidence.by_model("table1")["CatBoost"]
        evidence.runs([spec])
        how = "the file's own value, checked when it is read"
        return Measured(float(FACTS["esol"][fact]), how=how, records=[record_name(spec)])

    return known


TABLE_MEASURES: dict[str, Measure] = {
    **dict.fromkeys(("table1", "table2", "table3", "table4", "table5"), _ranked),
    **dict.fromkeys(("table7a", "table7b", "table8", "table9"), _depths),
    "table6": _speed,
}
TEXT_MEASURES: dict[str, Measure] = {
    "mean RMSE increase without MolAttFP": _molattfp_worth,
    "ESOL target minimum (paper)": _esol_fact("lowest target"),
    "ESOL target maximum (paper)": _esol_fact("highest target"),
}


def _how(evidence: Evidence) -> str:
    return f"mean over folds, {EPOCHS[evidence.epoch]}"


def _seconds(runs: Sequence[Run]) -> float:
    """Of computing these runs took."""
    return float(sum(run.meta.seconds for run in runs))


def _model(evidence: Evidence, target: str, name: str) -> Spec:
    specs = evidence.by_model(target)
    if name not in specs:
        raise NotRunError(f"config.yaml lists no model {name} in {target}")
    return specs[name]


def _pairs(evidence: Evidence, target: str, row: str) -> list[tuple[GraphSpec, GraphSpec]]:
    """(SCORE, native) of one K, or of every K."""
    specs = evidence.graphs(target)
    pairs = [(s, n) for s in specs for n in specs if s.recurrent and not n.recurrent and s.steps == n.steps]
    chosen = [pair for pair in pairs if row in (AVERAGE, str(pair[0].steps))]
    if not chosen:
        raise NotRunError(f"config.yaml lists no K = {row} in {target}")
    return chosen


def _speed_specs(evidence: Evidence, number: Published) -> list[GraphSpec]:
    """Native and SCORE of a row of Table 6."""
    arch = next(arch for arch, name in speedup.PAPER_NAMES.items() if name == number.row)
    with_them = number.column == "with_rdkit"
    specs = [s for s in evidence.graphs(number.target) if s.arch == arch and s.descriptors == with_them]
    if not specs:
        raise NotRunError(f"config.yaml lists no {arch} in {number.target}")
    return sorted(specs, key=lambda spec: spec.recurrent)
