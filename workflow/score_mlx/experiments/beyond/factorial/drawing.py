"""The factorial drawn: how the RMSE goes with the step, as a stack and with one block; effects by data set."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from score_mlx.experiments.beyond.factorial.table import ALL, APART, LEVELS, MAIN, WHOLE, Corners, Group, effects
from score_mlx.plots import style
from score_mlx.runs.run import FoldRun
from score_mlx.runs.spec import Spec
from score_mlx.tables.runs import conditions

SIDES = (("K blocks", "o", "#000000"), ("one shared block", "D", "#0072B2"))
SHORT = {MAIN[0]: "step:\ndt < 1 against 1", MAIN[1]: "sharing:\none block against K", MAIN[2]: "interaction"}
MARKERS = ("o", "s", "^", "v", "D", "P", "X", "*")


def draw_interactions(corners: Corners, path: Path, *, title: str, missing: Sequence[Spec] = ()) -> None:
    """One panel an architecture (column) and reading and setting (row): RMSE over dt, a line for stacks, one for SCORE.

    Args:
        corners: of one data set.
        path: .png; .pdf and .md beside it.
        missing: runs without a record, counted in the caption.
    """
    archs = list(dict.fromkeys(arch for found in corners.groups.values() for arch in found))
    rows = list(corners.groups)
    with style.context():
        height = 1.3 * len(rows) + 0.85
        figure, grid = plt.subplots(
            len(rows), len(archs), figsize=(style.WIDTH, height), sharex=True, sharey="row", squeeze=False
        )
        for line, group in zip(grid, rows, strict=True):
            low, high = _limits(corners, group)
            for axes, arch in zip(line, archs, strict=True):
                _panel(axes, corners, group, arch, high)
                axes.set_ylim(low, high)
            line[0].set_ylabel(f"{group[2]}\n{_setting(group)}", fontsize=7)
        for axes, arch in zip(grid[0], archs, strict=True):
            axes.set_title(style.arch_label(arch), fontsize=8, pad=4)
        for axes in grid[-1]:
            axes.set_xlabel("dt", labelpad=1)
        figure.subplots_adjust(wspace=0.12, hspace=0.16, top=1 - 0.62 / height, bottom=0.25 / height)
        handles = [Line2D([], [], color=c, marker=m, ms=4, lw=1.2, label=name) for name, m, c in SIDES]
        handles.append(Line2D([], [], color="#777777", marker="o", ls="", ms=2.2, mew=0, label="one fold"))
        figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.115, 1 - 0.15 / height), ncols=3)
        data = corners.runs[0].dataset
        figure.suptitle(style.titled(title, data), x=0.125, y=1 - 0.02 / height, ha="left", fontsize=9)
        lines = _small_print(corners, missing, f"{style.rmse_label(data)}, mean over folds, lowest over epochs.")
        style.footnote(grid[-1][0], lines)
        style.save(figure, path, style.titled(title, data), lines)


def draw_effects(corners: Corners, path: Path, *, title: str, missing: Sequence[Spec] = ()) -> None:
    """One panel a data set and split: effects in percent of the RMSE, their intervals, architectures as points."""
    rows = [row for row in effects(corners) if row["effect"] in (*SHORT, WHOLE)]
    groups = list(corners.groups)
    archs = list(dict.fromkeys(arch for found in corners.groups.values() for arch in found))
    with style.context():
        figure, grid = plt.subplots(1, len(groups), figsize=(style.WIDTH, 2.5), sharey=True, sharex=True, squeeze=False)
        for axes, group in zip(grid[0], groups, strict=True):
            _forest(axes, [row for row in rows if _group_of(row) == group], archs)
            axes.set_title(_data_name(corners, group), fontsize=8)
            axes.set_xlabel("difference, % of RMSE", fontsize=7)
        grid[0][0].set_yticks(range(4), [*SHORT.values(), WHOLE.replace(" against", "\nagainst")])
        grid[0][0].invert_yaxis()
        handles = [Line2D([], [], color="#0072B2", marker="D", ms=5, lw=1.4, label="mean, 95 % interval")]
        handles += [
            Line2D([], [], color="#777777", marker=m, ls="", ms=3.6, mew=0, label=style.arch_label(arch))
            for arch, m in zip(archs, MARKERS, strict=False)
        ]
        figure.suptitle(title, x=0.125, y=1.08, ha="left", fontsize=9)
        figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.115, 1.05), ncols=len(handles))
        lines = _small_print(corners, missing, "Left of 0: the first-named has the lower RMSE.")
        style.footnote(grid[0][0], lines, below=34)
        style.save(figure, path, title, lines)


def _panel(axes: Axes, corners: Corners, group: Group, arch: str, highest: float) -> None:
    forms = corners.groups[group].get(arch, {})
    for side, (_, marker, colour) in enumerate(SIDES):
        places, means = [], []
        for place, pair in enumerate(LEVELS.values()):
            runs = forms.get(pair[side], [])
            folds = [rmse for run in runs for rmse in run.best]
            if folds:
                shown = [rmse for rmse in folds if rmse <= highest]
                axes.plot(
                    [place + 0.12 * (side - 0.5)] * len(shown), shown, marker, color=colour, ms=1.9, alpha=0.35, mew=0
                )
                places.append(place + 0.12 * (side - 0.5))
                means.append(float(np.mean(folds)))
        axes.plot(places, means, marker + "-", color=colour, ms=3.6, lw=1.2, mec="white", mew=0.5, zorder=3)
        for place, mean in zip(places, means, strict=True):
            if not mean <= highest:
                text = "diverged" if math.isnan(mean) else f"{mean:.2f} ↑"
                axes.annotate(
                    text,
                    (place - 0.15, 0.97 - 0.12 * side),
                    xycoords=("data", "axes fraction"),
                    fontsize=5.5,
                    color=colour,
                    va="top",
                    bbox={"fc": "white", "ec": "none", "pad": 0.4},  # folds and lines pass here
                )
    axes.set_xticks(range(len(LEVELS)), list(LEVELS), fontsize=6.5)
    axes.set_xlim(-0.35, len(LEVELS) - 0.65)
    axes.tick_params(axis="y", labelsize=6.5)


def _forest(axes: Axes, rows: Sequence[dict[str, Any]], archs: Sequence[str]) -> None:
    axes.axvline(0, color="#999999", lw=0.8, zorder=1)
    axes.grid(axis="x")
    for place, effect in enumerate((*SHORT, WHOLE)):
        for row in rows:
            if row["effect"] != effect:
                continue
            scale = 100 / row["against_rmse"]
            if row["architecture"] == ALL:
                axes.plot([row["low"] * scale, row["high"] * scale], [place] * 2, color="#0072B2", lw=1.6, zorder=2)
                axes.plot(row["percent"], place, "D", color="#0072B2", ms=5.5, mec="white", mew=0.6, zorder=4)
            elif row["architecture"] in archs:
                marker = MARKERS[archs.index(row["architecture"]) % len(MARKERS)]
                axes.plot(row["percent"], place + 0.24, marker, color="#777777", ms=3.4, mew=0, zorder=3)


def _limits(corners: Corners, group: Group) -> tuple[float, float]:
    """RMSE range of a row: all folds of runs that are not far off."""
    runs: list[FoldRun] = [run for forms in corners.groups[group].values() for same in forms.values() for run in same]
    means = [mean for run in runs if math.isfinite(mean := float(np.mean(run.best)))]
    low, high = np.quantile(means, [0.25, 0.75])
    kept = [rmse for run in runs if np.mean(run.best) <= high + 3 * max(high - low, 0.02) for rmse in run.best]
    margin = 0.06 * (max(kept) - min(kept))
    return min(kept) - margin, max(kept) + margin


def _small_print(corners: Corners, missing: Sequence[Spec], first: str) -> list[str]:
    networks = [
        run for forms in corners.groups.values() for same in forms.values() for runs in same.values() for run in runs
    ]
    lines = [first, f"{'; '.join(conditions(networks))}."]
    if any(group[2] == "as_code" for group in corners.groups):
        apart = ", ".join(style.arch_label(arch) for arch in APART["as_code"])
        lines.append(
            f"as_code: the activation of stacks is after the update, SCORE's inside; {apart} adds messages to states."
        )
    if missing:
        lines.append(f"NOT COMPLETE: {len(missing)} runs have no record.")
    return style.small_print(lines, corners.runs[0].dataset)


def _setting(group: Group) -> str:
    return f"{group[3]}, {group[4].replace('_', '-')}"


def _group_of(row: dict[str, Any]) -> Group:
    return tuple(row[name] for name in ("dataset", "split", "fidelity", "readout", "head"))


def _data_name(corners: Corners, group: Group) -> str:
    run = next(run for run in corners.runs if (run.spec.dataset, run.spec.split) == group[:2])
    return style.shown(run.dataset) + ("" if group[1] == "kfold" else f", {group[1]} folds")
