"""SCORE beside stacks narrowed to its number of parameters, and beside one block applied once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from score_mlx.models.graphs.run import GraphRun
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.runs.spec import Spec
from score_mlx.stats.crossed import crossed
from score_mlx.stats.statistics import ALPHA, holm
from score_mlx.tables.formats import change, interval, number
from score_mlx.tables.runs import lacking, provenance, require_one_dataset, warnings
from score_mlx.tables.table import Readable, Row

COLUMNS = (
    "architecture", "rival", "hidden", "steps", "parameters", "score_parameters", "rmse", "score_rmse", "difference",
    "low", "high", "p", "p_holm", "below_0", "architectures", "last_difference", "last_low", "last_high", "repeats",
)  # fmt: skip
ALL = "all"  # in the column `architecture`
Errors = dict[tuple[int, int], float]  # (repeat, fold) -> RMSE


def equal_size_table(runs: Sequence[GraphRun]) -> list[dict[str, Any]]:
    """One row an architecture and rival, those of all architectures together first; keys `COLUMNS`.

    `difference` is SCORE's RMSE less the rival's, below 0 where SCORE is better; p is adjusted by Holm over the rows of
    all architectures together, and over those of single ones.

    Raises:
        UserError: runs of one repeat on different data or folds.
    """
    for repeat in {run.spec.repeat for run in runs}:
        require_one_dataset(run for run in runs if run.spec.repeat == repeat)
    grouped: dict[str, dict[str, list[GraphRun]]] = {}
    for run in runs:
        grouped.setdefault(run.spec.arch, {}).setdefault(rival(run.spec), []).append(run)
    rivals = dict.fromkeys(name for forms in grouped.values() for name in forms if name != "SCORE")
    together = [row for name in rivals if (row := _row(grouped, list(grouped), name, ALL))]
    each = [row for arch in grouped for name in rivals if (row := _row(grouped, [arch], name, arch))]
    for family in (together, each):
        for row, p in zip(family, holm([row["p"] for row in family]), strict=True):
            row["p_holm"] = p
    return together + each


def rival(spec: GraphSpec) -> str:
    """What a run is here: `SCORE`, `K = 1`, `base, narrowed`."""
    if spec.recurrent:
        return "SCORE"
    return "K = 1" if spec.steps == 1 else f"{spec.config}, narrowed"


def caption(runs: Sequence[GraphRun], missing: Sequence[Spec]) -> list[str]:
    """What a reader must know, a sentence an item."""
    lines = [
        *warnings([run for run in runs if run.spec.recurrent] or runs),  # of others the width is lower on purpose
        f"Data and runs: {provenance(runs)}.",
        "Difference: RMSE of SCORE less that of the rival, best epoch of each fold as in the paper; below 0 SCORE is "
        "better. Narrowed: a stack of K blocks at the width whose number of parameters is nearest to SCORE's. K = 1: "
        "one block, applied once, at full width: SCORE's size for a K-th of its depth.",
        "Interval: 95 %; of all architectures together for other architectures and other folds, folds corrected as by "
        "Nadeau and Bengio (2003). p (Holm): adjusted over the rows of all together, and over those of single ones.",
    ]
    return lines + lacking(missing)


def _row(
    grouped: dict[str, dict[str, list[GraphRun]]], archs: Sequence[str], name: str, label: str
) -> dict[str, Any] | None:
    chosen = [arch for arch in archs if _difference(grouped[arch], name, "best")]
    if not chosen:
        return None
    forms = [grouped[arch] for arch in chosen]
    row = dict.fromkeys(COLUMNS) | {"architecture": label, "rival": name, "architectures": len(chosen)}
    row |= {"score_rmse": _mean(forms, "SCORE"), "rmse": _mean(forms, name), "repeats": len(forms[0][name])}
    if len(forms) == 1:
        other, score = forms[0][name][0], forms[0]["SCORE"][0]
        row |= {"hidden": other.spec.hidden, "steps": other.spec.steps, "parameters": other.parameters}
        row |= {"score_parameters": score.parameters}
    for epoch, prefix in (("best", ""), ("last", "last_")):
        found = [_difference(form, name, epoch) for form in forms]
        if all(found):
            shared = sorted(set.intersection(*map(set, found)))
            effect = crossed([[each[at] for at in shared] for each in found], 1 + max(fold for _, fold in shared))
            row |= {f"{prefix}difference": effect.value, f"{prefix}low": effect.low, f"{prefix}high": effect.high}
            row |= {} if prefix else {"p": effect.p, "below_0": effect.below}
    return row


def _difference(forms: dict[str, list[GraphRun]], name: str, epoch: str) -> Errors:
    """SCORE less the rival, repeat by repeat and fold by fold; empty where one lacks or diverged."""
    sides = [
        {(r.spec.repeat, fold): rmse for r in forms.get(form, []) for fold, rmse in enumerate(r.rmse(epoch))}
        for form in ("SCORE", name)
    ]
    found = {at: sides[0][at] - sides[1][at] for at in sides[0].keys() & sides[1].keys()}
    return found if all(map(math.isfinite, found.values())) else {}


def _mean(forms: Sequence[dict[str, list[GraphRun]]], name: str) -> float:
    return float(np.mean([np.mean(run.best) for form in forms for run in form[name]]))


def _shown(row: Row) -> str:
    return "not shown" if row["p_holm"] >= ALPHA else "SCORE better" if row["difference"] < 0 else "SCORE worse"


READABLE: Readable = (
    ("model", lambda row: row["architecture"]),
    ("comparison", lambda row: f"SCORE against {row['rival']}"),
    ("width", lambda row: str(row["hidden"] or "")),
    ("parameters", lambda row: f"{row['parameters']:,}" if row["parameters"] else ""),
    ("of SCORE", lambda row: f"{row['score_parameters']:,}" if row["score_parameters"] else ""),
    ("RMSE", lambda row: number(row["rmse"])),
    ("SCORE", lambda row: number(row["score_rmse"])),
    ("difference", lambda row: change(row["difference"])),
    ("95 % interval", lambda row: interval(row["low"], row["high"])),
    ("p (Holm)", lambda row: f"{row['p_holm']:.3f}"),
    ("shown", _shown),
    ("last epoch", lambda row: change(row["last_difference"])),
)
