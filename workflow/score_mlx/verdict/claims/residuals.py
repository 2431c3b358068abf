"""Claims on residual connections and on stability: whom LayerNorm and averaging help, what steadies training."""

from __future__ import annotations

import numpy as np

from score_mlx.models.graphs.spec import ARCHS
from score_mlx.runs.run import FoldRun
from score_mlx.runs.spec import Spec
from score_mlx.verdict.claims.registry import claim
from score_mlx.verdict.comparisons import every, lower, over_models, scores, sign_test, table_difference
from score_mlx.verdict.evidence import Evidence
from score_mlx.verdict.finding import BELOW, Finding, tested
from score_mlx.verdict.rerun import TARGET_SD

TABLE = "table2"
UNSTABLE = ("mpnn", "gt")  # according to the paper
HURT = ("mpnn", "dmpnn", "gt")
LATE = 50  # epochs at the end over which a curve's steadiness is read
LEAST_LEARNED = 0.05  # of the targets' deviation: a network that learned less is as unstable as one that learned this


@claim("classic_helps_gat")
def classic_helps_gat(evidence: Evidence) -> Finding:
    """Whether a classical residual connection lowers GAT's RMSE (Table 2)."""
    return lower(*_classic_minus_base(evidence, ("gat",)), "difference from the plain stack")


@claim("layernorm_helps")
def layernorm_helps(evidence: Evidence) -> Finding:
    """Whether the residual connection with LayerNorm lowers the RMSE of MPNN and of the graph transformer."""
    return lower(*_classic_minus_base(evidence, UNSTABLE), "difference from the plain stack")


@claim("classic_hurts")
def classic_hurts(evidence: Evidence) -> Finding:
    """Whether a classical residual raises the RMSE of MPNN, D-MPNN and the graph transformer (Table 2)."""
    differences, folds = _classic_minus_base(evidence, HURT)
    return lower({name: -values for name, values in differences.items()}, folds, "plain stack minus residual")


@claim("stacked_unstable")
def stacked_unstable(evidence: Evidence) -> Finding:
    """Each of the two against the most unstable of the others."""
    unstable, folds = _by_arch(evidence, "base")
    order = sorted(ARCHS, key=lambda arch: -unstable[arch].mean())
    other = next(arch for arch in order if arch not in UNSTABLE)
    parts = [
        tested(f"{other} - {arch}", unstable[other] - unstable[arch], folds, BELOW, tries=len(ARCHS) - len(UNSTABLE))
        for arch in UNSTABLE
    ]
    found = every(parts, "instability")
    shown = ", ".join(f"{arch} {unstable[arch].mean():.3f}" for arch in order)
    return Finding(parts, f"{found.reason}; {shown}")


@claim("skip05_stable")
def skip05_stable(evidence: Evidence) -> Finding:
    """Whether most architectures are steadier with the averaging skip than as a plain stack (Table 2)."""
    return _steadier(evidence, "skip05")


@claim("score_stable")
def score_stable(evidence: Evidence) -> Finding:
    """Whether most architectures are steadier as SCORE than as a plain stack (Table 2)."""
    return _steadier(evidence, "SCORE")


@claim("molattfp_stable")
def molattfp_stable(evidence: Evidence) -> Finding:
    """Instability with MolAttFP - with sum pooling, fold by fold, mean over models."""

    def unstable(specs: list[Spec]) -> np.ndarray:
        return evidence.measured(specs, instability)

    return over_models(table_difference(evidence, TABLE, "table3", unstable), BELOW, "instability, MolAttFP - sum")


def instability(run: FoldRun) -> np.ndarray:
    """Mean change of RMSE from one late epoch to the next, as a share of what was learned by then: (folds,).

    Learned: by how much the late RMSE lies below that of the mean target as prediction. A network that learns nothing
    has a flat curve; as a share of what it learned its changes are large.
    """
    late = np.array(run.curves)[:, -LATE:]
    learned = np.maximum(TARGET_SD - late.mean(axis=1), LEAST_LEARNED * TARGET_SD)
    return np.abs(np.diff(late, axis=1)).mean(axis=1) / learned


def _classic_minus_base(evidence: Evidence, archs: tuple[str, ...]) -> tuple[dict[str, np.ndarray], int]:
    table = scores(evidence, evidence.by_model(TABLE), [name for a in archs for name in (a, f"{a}_classic")])
    return {arch: table.of[f"{arch}_classic"] - table.of[arch] for arch in archs}, table.folds


def _steadier(evidence: Evidence, config: str) -> Finding:
    """Whether most architectures are steadier in this form than as a plain stack."""
    (base, _), (ours, _) = (_by_arch(evidence, form) for form in ("base", config))
    steadier = [arch for arch in ARCHS if ours[arch].mean() < base[arch].mean()]
    reason = f"are steadier than the plain stack: {', '.join(steadier) or 'none'}"
    return sign_test(len(steadier), len(ARCHS), "architectures", reason)


def _by_arch(evidence: Evidence, config: str) -> tuple[dict[str, np.ndarray], int]:
    """The instability of each architecture in this form, (repeats * folds,), and the number of folds."""
    specs = {spec.arch: spec for spec in evidence.graphs(TABLE) if spec.config == config}
    values = evidence.measured([specs[arch] for arch in ARCHS], instability)
    return dict(zip(ARCHS, values, strict=True)), evidence.folds(specs[ARCHS[0]])
