"""The part of config.yaml that says which runs are made once more under other choices, typed."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from score_mlx.data.splits import SPLITS
from score_mlx.experiments.base import Name, Typed
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.system.choices import OneOf

# What results/robustness.csv asks beside the paper's choice, and how the runs of each differ from the paper's.
REPEATS = (0, 1, 2)
ROBUSTNESS_CHOICES: dict[str, list[dict[str, str | int | bool]]] = {
    "grouped": [{"split": SPLITS[1]}],
    "repeats": [{"repeat": repeat} for repeat in REPEATS[1:]],
    "as_text": [{"fidelity": GraphSpec.CHOICES["fidelity"][1]}],
    "corrected": [{"bias_correction": True}],
}


Choice = OneOf[str, ROBUSTNESS_CHOICES]


class RobustnessRuns(Typed):
    """Runs of an experiment that are made once more under other choices, to see which claims are robust."""

    experiment: Name
    choices: Annotated[list[Choice], Field(min_length=1)]
    models: list[Name] = []  # by their names in the paper's tables; none means all
