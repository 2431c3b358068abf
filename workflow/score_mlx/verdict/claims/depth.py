"""Claims on depth from 2 to 7: Tables 7a to 9, and what becomes of atom states."""

from __future__ import annotations

import numpy as np

from score_mlx.stats import statistics
from score_mlx.verdict.claims.registry import claim
from score_mlx.verdict.comparisons import equal, lower, printed, sized
from score_mlx.verdict.evidence import Evidence
from score_mlx.verdict.finding import Finding
from score_mlx.verdict.pool import NotRunError, record_name
from score_mlx.verdict.published import AVERAGE, Published
from score_mlx.verdict.rules import MARGINS


@claim("gat_every_depth")
def gat_every_depth(evidence: Evidence) -> Finding:
    """Whether SCORE-GAT with sum pooling has a lower RMSE than GAT at every depth (Table 7a)."""
    return _every_depth(evidence, "table7a")


@claim("gat_gain")
def gat_gain(evidence: Evidence) -> Finding:
    """Whether SCORE-GAT's mean gain over GAT is as large as Table 7a prints, in percent of the stack's RMSE."""
    return _gain(evidence, "table7a")


@claim("gat_molattfp_every_depth")
def gat_molattfp_every_depth(evidence: Evidence) -> Finding:
    """Whether SCORE-GAT with MolAttFP has a lower RMSE than GAT at every depth (Table 7b)."""
    return _every_depth(evidence, "table7b")


@claim("gat_molattfp_gain")
def gat_molattfp_gain(evidence: Evidence) -> Finding:
    """Whether the mean gain with MolAttFP is as large as Table 7b or as the text prints, in percent."""
    other = printed(evidence, "text", "mean GAT+MolAttFP improvement percent (text)", "value")
    return _gain(evidence, "table7b", other)


@claim("dmpnn_gain")
def dmpnn_gain(evidence: Evidence) -> Finding:
    """Whether D-MPNN's mean gain is as large as Table 9 prints, in percent of the stack's RMSE."""
    return _gain(evidence, "table9")


@claim("gatv2_nothing")
def gatv2_nothing(evidence: Evidence) -> Finding:
    """Both tables in one look-up, so that their runs are held to the same molecules and repeats."""
    specs = [*evidence.graphs("table8"), *evidence.graphs("table7b")]
    values = evidence.scores(specs)

    def mean(arch: str, recurrent: bool) -> np.ndarray:
        chosen = [(spec.arch, spec.recurrent) == (arch, recurrent) for spec in specs]
        return values[np.array(chosen)].mean(axis=0)

    sides = (("SCORE", True), ("the native model", False))
    differences = {name: mean("gatv2", recurrent) - mean("gat", recurrent) for name, recurrent in sides}
    return equal(differences, evidence.folds(specs[0]), "GATv2 - GAT")


@claim("less_oversmoothing")
def less_oversmoothing(evidence: Evidence) -> Finding:
    """Distances between states of atoms that are not the same; smoothed states lie near each other."""
    specs = evidence.graphs("table7a")
    silent = [record_name(run.spec) for runs in evidence.trained(specs) for run in runs if not run.mad]
    if silent:
        raise NotRunError(f"{len(silent)} records have no distances of atom states, first {silent[0]}", silent)
    values = evidence.measured(specs, lambda run: run.mad)
    distance = {(spec.recurrent, spec.steps): row for spec, row in zip(specs, values, strict=True)}
    differences = {f"K = {k}": distance[False, k] - distance[True, k] for recurrent, k in distance if recurrent}
    return lower(differences, evidence.folds(specs[0]), "distance of states, native - SCORE")


def _every_depth(evidence: Evidence, table: str) -> Finding:
    score, native, folds = _by_depth(evidence, table)
    return lower({f"K = {k}": score[k] - native[k] for k in score}, folds, "difference from the stack")


def _gain(evidence: Evidence, table: str, *others: Published) -> Finding:
    """Gain of the mean over depths, in percent of the stack's RMSE."""
    score, native, folds = _by_depth(evidence, table)
    points = 100 * statistics.ratio_points(*(np.mean(list(each.values()), axis=0) for each in (score, native)))
    sizes = [printed(evidence, table, AVERAGE, "improvement_percent"), *others]
    return sized(points, folds, "gain over the stack", sizes, MARGINS["improvement"], " %")


def _by_depth(evidence: Evidence, table: str) -> tuple[dict[int, np.ndarray], dict[int, np.ndarray], int]:
    """RMSE of SCORE and of the stack by K, and the number of folds."""
    specs = evidence.graphs(table)
    rows = list(zip(specs, evidence.scores(specs), strict=True))
    score, native = ({spec.steps: row for spec, row in rows if spec.recurrent == kind} for kind in (True, False))
    return score, native, evidence.folds(specs[0])
