"""Of an experiment the runs to show where records of several lengths lie side by side: the longest that there is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from score_mlx.config.settings import Config
from score_mlx.runs.spec import Spec


def fullest(listed: Callable[[Config], list[Spec]], configs: list[Config], runs: Path) -> list[Spec]:
    """Of each model the runs that have a record under the first of `configs` that has any; else those of the last.

    Args:
        listed: the runs of an experiment or figure under a config, which lists the same models under each of them.
        configs: under presets from the longest runs to the shortest; the last one is the present one.
        runs: folder of records.
    """
    models = [_by_model(listed(config)) for config in configs]
    if len({len(groups) for groups in models}) > 1:
        return listed(configs[-1])
    return [spec for same in zip(*models, strict=True) for spec in _there(same, runs)]


def _by_model(specs: list[Spec]) -> list[list[Spec]]:
    """The repeats of each model, in the order of their first."""
    groups: dict[Spec, list[Spec]] = {}
    for spec in specs:
        groups.setdefault(replace(spec, repeat=0), []).append(spec)
    return list(groups.values())


def _there(same: tuple[list[Spec], ...], runs: Path) -> list[Spec]:
    for repeats in same:
        if found := [spec for spec in repeats if spec.path(runs).exists()]:
            return found
    return same[-1]
