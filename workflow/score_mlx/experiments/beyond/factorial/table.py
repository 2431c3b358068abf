"""{stack, one shared block} x {dt = 1, 0.5, 1/K}: effects of the step, of sharing, and what they do to each other."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.runs.run import FoldRun, mean_std
from score_mlx.runs.spec import Spec, of_type
from score_mlx.stats.crossed import Effect, crossed
from score_mlx.stats.statistics import ALPHA, holm
from score_mlx.tables.formats import change, interval, number
from score_mlx.tables.runs import conditions, distinct, require_one_dataset, warnings
from score_mlx.tables.table import Readable

# dt -> stack, one shared block
LEVELS = {"1": ("base", "shared"), "0.5": ("skip05", "SCORE_skip05"), "1/K": ("averaged", "SCORE")}
CORNERS = tuple(corner for pair in LEVELS.values() for corner in pair)
STACKS, SHARED = (tuple(pair[side] for pair in LEVELS.values()) for side in (0, 1))


def _contrast(plus: Sequence[str], minus: Sequence[str]) -> dict[str, float]:
    """Mean over the corners of `plus` less that of `minus`."""
    return dict.fromkeys(plus, 1 / len(plus)) | dict.fromkeys(minus, -1 / len(minus))


def _interaction() -> dict[str, float]:
    """Sharing where dt < 1 less sharing where dt = 1."""
    parts = (_contrast(SHARED[1:], STACKS[1:]), _contrast(STACKS[:1], SHARED[:1]))
    return {corner: weight for part in parts for corner, weight in part.items()}


# Effect -> weights of the corners' RMSE. The first three are a family for Holm.
CONTRASTS: dict[str, dict[str, float]] = {
    "step: dt < 1 against dt = 1": _contrast([*LEVELS["0.5"], *LEVELS["1/K"]], LEVELS["1"]),
    "sharing: one block against a stack": _contrast(SHARED, STACKS),
    "interaction: sharing at dt < 1 against sharing at dt = 1": _interaction(),
    "step 0.5 against 1": _contrast(LEVELS["0.5"], LEVELS["1"]),
    "step 1/K against 1": _contrast(LEVELS["1/K"], LEVELS["1"]),
    "step 1/K against 0.5": _contrast(LEVELS["1/K"], LEVELS["0.5"]),
    "sharing at dt = 1": _contrast(["shared"], ["base"]),
    "sharing at dt = 0.5": _contrast(["SCORE_skip05"], ["skip05"]),
    "sharing at dt = 1/K": _contrast(["SCORE"], ["averaged"]),
    "SCORE against base": _contrast(["SCORE"], ["base"]),
}
MAIN = tuple(CONTRASTS)[:3]
WHOLE = tuple(CONTRASTS)[-1]  # both ideas together
ALL = "all"  # in the column `architecture`
ALL_BUT = f"{ALL} but "  # and which are outlying
# [code] The MPNN's base adds its messages to the state, and SCORE iterates h + MP(h), which is no contraction: its
# corners differ in more than step and sharing.
APART = {"as_code": ("mpnn",), "as_text": ()}
OTHERS = ("held_out", "last")  # epochs, beside the best one
JUDGED = ("difference", "low", "high", "p", "p_holm")
GROUP = ("dataset", "split", "fidelity", "readout", "head")
COLUMNS = (
    *GROUP, "effect", "architecture", "architectures", "folds", "repeats", "difference", "low", "high", "p", "p_holm",
    "low_architectures", "high_architectures", "low_folds", "high_folds", "below_0", "least_without_one",
    "most_without_one", "against_rmse", "percent", *(f"{epoch}_{name}" for epoch in OTHERS for name in JUDGED), "apart",
)  # fmt: skip
CORNER_COLUMNS = (
    *GROUP, "architecture", *CORNERS, *(f"{corner}_last" for corner in CORNERS), "catboost", "parameters_stack",
    "parameters_shared", "repeats", "missing",
)  # fmt: skip
Group = tuple[str, ...]
Errors = dict[tuple[int, int], float]  # (repeat, fold) -> RMSE


class Corners:
    """Runs of a factorial by group (data, split, reading, readout, head), architecture and corner.

    Args:
        runs: of graph networks, and CatBoost's where it stands beside them.

    Raises:
        UserError: runs of one data set on different molecules or folds.
    """

    def __init__(self, runs: Iterable[FoldRun]) -> None:
        self.runs = list(runs)
        for key in dict.fromkeys((run.spec.dataset, run.spec.split, run.spec.repeat) for run in self.runs):
            require_one_dataset(r for r in self.runs if (r.spec.dataset, r.spec.split, r.spec.repeat) == key)
        self.groups: dict[Group, dict[str, dict[str, list[FoldRun]]]] = {}
        self.baselines: dict[tuple[str, str], list[FoldRun]] = {}
        for run in self.runs:
            if run.spec.configuration:
                archs = self.groups.setdefault(_group(run.spec), {})
                archs.setdefault(run.spec.arch, {}).setdefault(run.spec.config, []).append(run)
            else:
                self.baselines.setdefault((run.spec.dataset, run.spec.split), []).append(run)

    def outlying(self, group: Group) -> list[str]:
        """Architectures with a corner far off or diverged.

        Far off is a mean more than three interquartile ranges above the upper quartile of all corners' means (Tukey's
        far outliers).
        """
        means = {
            (arch, c): _mean(runs, "best") for arch, forms in self.groups[group].items() for c, runs in forms.items()
        }
        finite = [mean for mean in means.values() if math.isfinite(mean)]
        low, high = np.quantile(finite, [0.25, 0.75]) if finite else (0.0, 0.0)
        return list(dict.fromkeys(arch for (arch, _), mean in means.items() if not mean <= high + 3 * (high - low)))

    def contrast(self, group: Group, arch: str, weights: Mapping[str, float], epoch: str) -> Errors | None:
        """The weighted sum of corners, repeat by repeat and fold by fold; None where a corner lacks or diverged."""
        corners = [_errors(self.groups[group][arch].get(corner, []), epoch) for corner in weights]
        shared = sorted(set.intersection(*map(set, corners)))
        values = {at: sum(w * c[at] for w, c in zip(weights.values(), corners, strict=True)) for at in shared}
        return values if values and all(map(math.isfinite, values.values())) else None

    def effect(self, group: Group, archs: Sequence[str], weights: Mapping[str, float], epoch: str) -> Effect | None:
        """Over those of `archs` that have all corners of a contrast, in the repeats that all of these have."""
        found = [each for arch in archs if (each := self.contrast(group, arch, weights, epoch))]
        shared = sorted(set.intersection(*map(set, found))) if found else []
        if not shared:
            return None
        return crossed([[each[at] for at in shared] for each in found], 1 + max(fold for _, fold in shared))


def effects(corners: Corners) -> list[dict[str, Any]]:
    """One row a group, effect and architecture, those of `ALL` first; keys `COLUMNS`.

    Where an architecture is outlying, as a network that does not learn is, rows of all others follow those of `ALL`.

    `difference` is in the target's unit, of the best epoch of each fold, below 0 where the first-named is better;
    `percent` the same of the mean RMSE of the corners it is measured against; `last_...` after the last epoch.
    """
    rows = []
    for group, archs in corners.groups.items():
        apart = [arch for arch in archs if arch in APART[group[2]]]
        together = [arch for arch in archs if arch not in apart]
        sets = [(ALL, together)] + [(arch, [arch]) for arch in archs]
        outlying = [arch for arch in corners.outlying(group) if arch in together]
        if outlying:
            rest = [arch for arch in together if arch not in outlying]
            sets.insert(1, (ALL_BUT + ", ".join(outlying), rest))
        for name, members in sets:
            family = [_row(corners, group, effect, name, members) for effect in CONTRASTS]
            rows += _adjusted([row | {"apart": "yes" if name in apart else ""} for row in family if row])
    return rows


def corner_table(corners: Corners, specs: Iterable[Spec]) -> list[dict[str, Any]]:
    """One row a group and architecture: the mean RMSE of each corner, over folds and repeats; keys `CORNER_COLUMNS`.

    Args:
        specs: all runs that the table lists, with a record or without.
    """
    there = {run.spec for run in corners.runs}
    lacking: dict[tuple[Group, str], list[str]] = {}
    for spec in of_type(specs, GraphSpec):
        named = lacking.setdefault((_group(spec), spec.arch), [])
        named += [spec.config + (f" repeat {spec.repeat}" if spec.repeat else "")] if spec not in there else []
    return [_corner_row(corners, group, arch, missing) for (group, arch), missing in lacking.items()]


def caption(corners: Corners, missing: Sequence[Spec]) -> list[str]:
    """What a reader must know, a sentence an item."""
    networks = [run for run in corners.runs if run.spec.configuration]
    lines = [
        *warnings(corners.runs),
        f"Data and runs: {_data(corners.runs)}; {'; '.join(conditions(networks))}.",
        "RMSE: the lowest over epochs on each test fold, as in the paper (so chosen on the test fold); held-out "
        "epoch: chosen on the other folds; last epoch: without selection. Difference: of means over corners, below 0 "
        "where the first-named is better.",
        "Interval: 95 %, for other architectures and other folds: both vary, and all architectures are tested on the "
        "same folds; folds corrected as by Nadeau and Bengio (2003). p (Holm): adjusted over step, sharing and "
        "interaction.",
        "as_text: one form for all six corners, which is the test of sharing. as_code: the paper's models, whose "
        "stacks have their activation after the update and SCORE inside its block; the MPNN, whose messages are added "
        "to the state there, is left out of the means.",
    ]
    if missing:
        lines.append(incomplete(missing))
    return lines


def incomplete(missing: Sequence[Spec]) -> str:
    """A sentence that names the first of the runs without a record."""
    named = ", ".join(spec.path("").parent.as_posix() for spec in missing[:3])
    more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
    return f"NOT COMPLETE: {len(missing)} runs have no record, {named}{more}; a contrast needs all of its corners."


def _data(runs: Sequence[FoldRun]) -> str:
    named = (f"{r.dataset.label}, {r.dataset.rows} molecules, {len(r.best)} folds ({r.spec.split})" for r in runs)
    return "; ".join(distinct(named))


def _group(spec: GraphSpec) -> Group:
    return spec.dataset, spec.split, spec.fidelity, spec.readout, spec.head


def _errors(runs: Sequence[FoldRun], epoch: str) -> Errors:
    return {(run.spec.repeat, fold): rmse for run in runs for fold, rmse in enumerate(run.rmse(epoch))}


def _row(corners: Corners, group: Group, effect: str, name: str, archs: Sequence[str]) -> dict[str, Any] | None:
    weights = CONTRASTS[effect]
    found, *others = (corners.effect(group, archs, weights, epoch) for epoch in ("best", *OTHERS))
    if found is None or (name.startswith(ALL) and found.units < 2):
        return None
    contrasts = {arch: corners.contrast(group, arch, weights, "best") for arch in archs}
    complete = [arch for arch, contrast in contrasts.items() if contrast]
    repeats = sorted({repeat for contrast in contrasts.values() for repeat, _ in contrast or ()})
    row = dict.fromkeys(COLUMNS) | dict(zip(GROUP, group, strict=True)) | {"effect": effect, "architecture": name}
    row |= {"architectures": found.units, "repeats": len(repeats), "difference": found.value, "p": found.p}
    row |= {"low": found.low, "high": found.high, "below_0": found.below}
    row |= {"folds": len(next(iter(corners.groups[group][complete[0]].values()))[0].best)}
    row |= dict(zip(("low_architectures", "high_architectures"), map(_finite, found.over_units), strict=True))
    row |= dict(zip(("low_folds", "high_folds"), found.over_folds, strict=True))
    row |= {"least_without_one": found.least, "most_without_one": found.most}
    against = [corner for corner, weight in weights.items() if weight < 0]
    level = np.mean([_mean(corners.groups[group][arch][corner], "best") for arch in complete for corner in against])
    row |= {"against_rmse": float(level), "percent": float(100 * found.value / level)}
    for epoch, other in zip(OTHERS, others, strict=True):
        if other:
            values = (other.value, other.low, other.high, other.p)
            row |= {f"{epoch}_{name}": value for name, value in zip(JUDGED, values, strict=False)}
    return row


def _adjusted(family: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """With p adjusted over the main effects."""
    for column in ("p", *(f"{epoch}_p" for epoch in OTHERS)):
        main = [row for row in family if row["effect"] in MAIN]
        for row, p in zip(main, holm([row[column] for row in main]), strict=True):
            row[f"{column}_holm"] = p
    return family


def _corner_row(corners: Corners, group: Group, arch: str, lacking: Sequence[str]) -> dict[str, Any]:
    runs = corners.groups.get(group, {}).get(arch, {})
    row = dict.fromkeys(CORNER_COLUMNS) | dict(zip(GROUP, group, strict=True)) | {"architecture": arch}
    for corner, same in runs.items():
        row[corner], row[f"{corner}_last"] = _finite(_mean(same, "best")), _finite(_mean(same, "last"))
    baseline = corners.baselines.get((group[0], group[1]))
    row["catboost"] = _mean(baseline, "best") if baseline else None
    for name, chosen in (("stack", STACKS), ("shared", SHARED)):
        row[f"parameters_{name}"] = next((same[0].parameters for c, same in runs.items() if c in chosen), None)
    row["repeats"] = max((len(same) for same in runs.values()), default=0)
    return row | {"missing": ", ".join(lacking)}


def _mean(runs: Sequence[FoldRun], epoch: str) -> float:
    return float(np.mean([mean_std(run.rmse(epoch))[0] or math.nan for run in runs]))


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _with_interval(row: Mapping[str, Any], epoch: str) -> str:
    difference, low, high = (row[f"{epoch}_{name}"] for name in JUDGED[:3])
    return "" if difference is None else f"{change(difference)} [{change(low)}, {change(high)}]"


def spoken(row: Mapping[str, Any]) -> str:
    """Data, reading and setting of a row in few words."""
    head = row["head"].replace("_", "-")
    return f"{row['dataset']} {row['split']}, {row['fidelity']}, {row['readout']}, {head}"


def shown(row: Mapping[str, Any]) -> str:
    """What the test shows; a main effect after Holm's adjustment."""
    p = row["p"] if row["p_holm"] is None else row["p_holm"]
    return "not shown" if p >= ALPHA else "better" if row["difference"] < 0 else "worse"


READABLE: Readable = (
    ("comparison", spoken),
    ("architectures", lambda row: row["architecture"]),
    ("effect", lambda row: row["effect"]),
    ("difference", lambda row: change(row["difference"])),
    ("95 % interval", lambda row: interval(row["low"], row["high"])),
    ("p", lambda row: f"{row['p']:.3f}"),
    ("p (Holm)", lambda row: "" if row["p_holm"] is None else f"{row['p_holm']:.3f}"),
    ("shown", shown),
    ("of RMSE", lambda row: f"{row['percent']:+.1f} %"),
    ("below 0", lambda row: f"{row['below_0']} of {row['architectures']}"),
    ("one left out", lambda row: interval(row["least_without_one"], row["most_without_one"])),
    ("held-out epoch", lambda row: _with_interval(row, "held_out")),
    ("last epoch", lambda row: _with_interval(row, "last")),
)
CORNER_READABLE: Readable = (
    ("comparison", spoken),
    ("model", lambda row: row["architecture"]),
    *((corner, lambda row, corner=corner: "" if row[corner] is None else number(row[corner])) for corner in CORNERS),
    ("CatBoost", lambda row: "" if row["catboost"] is None else number(row["catboost"])),
    ("missing", lambda row: row["missing"]),
)
