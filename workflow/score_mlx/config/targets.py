"""Which runs a target of the workflow wants, by its name: for Snakemake's rules and for estimates alike."""

from __future__ import annotations

from collections.abc import Iterable

from score_mlx.config.settings import Config
from score_mlx.data.splits import AT_RANDOM
from score_mlx.runs.objective import REGRESSION
from score_mlx.runs.spec import Spec
from score_mlx.system.errors import UserError, did_you_mean
from score_mlx.tables.parts import wholes

COLLECTING = ("all", "verdict", "robustness", "beyond")  # targets of many tables


def target_specs(config: Config, target: str) -> list[Spec]:
    """The runs of `all`, `verdict`, `robustness`, `beyond`, a table, its sensitivity, a figure, each once.

    Raises:
        UserError: config.yaml has no such target.
    """
    if target == "all":
        return _each_once(_listed(config, config.applicable), *(_leaking(config, name) for name in leaky(config)))
    if target == "verdict":
        return _listed(config, config.experiments)
    if target == "robustness":
        return robustness_specs(config)
    if target == "beyond":
        return _each_once(*(config.beyond_specs(name) for name in config.beyond_here))
    if (experiment := target.removesuffix("_corners").removesuffix("_summary")) in config.beyond:
        return config.beyond_specs(experiment)
    parts = wholes(config.experiments).get(target)
    if parts:
        return _listed(config, parts)
    table = target.removesuffix("_sensitivity")
    if table != target and table in leaky(config):
        return _leaking(config, table)
    if target in config.experiments:
        return config.specs(target)
    if target in config.experiment_of:
        return config.figure_specs(config.experiment_of[target], target)
    known = dict.fromkeys([*COLLECTING, *config.experiments, *config.experiment_of, *config.beyond])
    hint = did_you_mean(target, known)
    raise UserError(f"config.yaml: nothing makes {target}, expected {', '.join(known)}{hint}")


def robustness_specs(config: Config) -> list[Spec]:
    """What `robustness` lists, and the runs of the experiments that it varies.

    Raises:
        UserError: as `Config.robustness_specs`.
    """
    varied = dict.fromkeys(entry.experiment for entry in config.robustness)
    return _each_once(config.robustness_specs(), _listed(config, varied))


def leaky(config: Config) -> list[str]:
    """Tables made in folds with and without repeated molecules apart; other folds have none, or the reader's.

    Nor have classes: that table compares RMSE.
    """
    return config.of_kind("baselines") if config.split in AT_RANDOM and config.task == REGRESSION else []


def _leaking(config: Config, table: str) -> list[Spec]:
    return _each_once(*(config.specs(table, split) for split in AT_RANDOM))


def _listed(config: Config, experiments: Iterable[str]) -> list[Spec]:
    return _each_once(*(config.specs(name) for name in experiments))


def _each_once(*lists: Iterable[Spec]) -> list[Spec]:
    return list(dict.fromkeys(spec for specs in lists for spec in specs))
