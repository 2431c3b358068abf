"""Claims on depth from 2 to 7: Tables 7a to 9, and what becomes of atom states."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from score_mlx.stats import statistics
from score_mlx.verdict.comparisons import equal, lower, sized
from score_mlx.verdict.evidence import Evidence
from score_mlx.verdict.finding import NO, SOME, Finding, Test
from score_mlx.verdict.pool import NotRunError, record_name
from score_mlx.verdict.rules import MARGINS


def gat_every_depth(evidence: Evidence) -> Finding:
    return _every_depth(evidence, "table7a")


def gat_gain(evidence: Evidence) -> Finding:
    return _gain(evidence, "table7a", [7.6])


def gat_molattfp_every_depth(evidence: Evidence) -> Finding:
    return _every_depth(evidence, "table7b")


def gat_molattfp_gain(evidence: Evidence) -> Finding:
    return _gain(evidence, "table7b", [7.9, 6.2])


def dmpnn_gain(evidence: Evidence) -> Finding:
    return _gain(evidence, "table9", [1.4])


def gatv2_nothing(evidence: Evidence) -> Finding:
    """Both tables in one look-up, so that their runs are held to the same molecules and repeats."""
    specs = [*evidence.specs("table8"), *evidence.specs("table7b")]
    values = evidence.scores(specs)
    chosen = {
        (arch, recurrent): np.mean(
            [row for spec, row in zip(specs, values, strict=True) if (spec.arch, spec.recurrent) == (arch, recurrent)],
            axis=0,
        )
        for arch in ("gat", "gatv2")
        for recurrent in (True, False)
    }
    differences = {
        name: chosen["gatv2", recurrent] - chosen["gat", recurrent]
        for name, recurrent in (("SCORE", True), ("the native model", False))
    }
    return equal(differences, evidence.folds(specs[0]), "GATv2 - GAT")


def less_oversmoothing(evidence: Evidence) -> Finding:
    """Distances between states of atoms that are not the same; smoothed states lie near each other."""
    specs = evidence.specs("table7a")
    runs = evidence.trained(specs)[0]
    silent = [record_name(run.spec) for run in runs if not run.mad]
    if silent:
        raise NotRunError(f"{len(silent)} records say nothing of atom states, first {silent[0]}", silent)
    distance = {(spec.recurrent, spec.steps): np.array(run.mad) for spec, run in zip(specs, runs, strict=True)}
    differences = {f"K = {k}": distance[False, k] - distance[True, k] for recurrent, k in distance if recurrent}
    found = lower(differences, len(runs[0].best), "distance of states, native - SCORE")
    return _half_is_none(found, differences)


def _every_depth(evidence: Evidence, table: str) -> Finding:
    score, native, folds = _by_depth(evidence, table)
    differences = {f"K = {k}": score[k] - native[k] for k in score}
    return _half_is_none(lower(differences, folds, "difference from the stack"), differences)


def _gain(evidence: Evidence, table: str, sizes: list[float]) -> Finding:
    """Gain of the mean over depths, in percent of the stack's RMSE."""
    score, native, folds = _by_depth(evidence, table)
    points = 100 * statistics.ratio_points(*(np.mean(list(each.values()), axis=0) for each in (score, native)))
    return sized(points, folds, "gain over the stack", sizes, MARGINS["improvement"], " %")


def _half_is_none(found: Finding, differences: dict[str, np.ndarray]) -> Finding:
    """A claim on every depth that fails at half of them is not true in part."""
    failing = sum(values.mean() >= 0 for values in differences.values())
    return replace(found, says=NO) if found.says == SOME and 2 * failing >= len(differences) else found


def _by_depth(evidence: Evidence, table: str) -> tuple[dict[int, np.ndarray], dict[int, np.ndarray], int]:
    """RMSE of SCORE and of the stack by K, and the number of folds."""
    specs = evidence.specs(table)
    rows = list(zip(specs, evidence.scores(specs), strict=True))
    score, native = ({spec.steps: row for spec, row in rows if spec.recurrent == kind} for kind in (True, False))
    return score, native, evidence.folds(specs[0])


TESTS: dict[str, Test] = {
    "gat_every_depth": gat_every_depth,
    "gat_gain": gat_gain,
    "gat_molattfp_every_depth": gat_molattfp_every_depth,
    "gat_molattfp_gain": gat_molattfp_gain,
    "gatv2_nothing": gatv2_nothing,
    "dmpnn_gain": dmpnn_gain,
    "less_oversmoothing": less_oversmoothing,
}
