"""The kinds of experiments, by the name that config.yaml gives as `kind`."""

from __future__ import annotations

from typing import Annotated, get_args

from pydantic import Field

from score_mlx.experiments.base import Experiment
from score_mlx.experiments.baselines.settings import BaselinesExperiment
from score_mlx.experiments.beyond.base import Beyond
from score_mlx.experiments.beyond.equal_size.settings import EqualSizeExperiment
from score_mlx.experiments.beyond.factorial.settings import FactorialExperiment
from score_mlx.experiments.beyond.repeats.settings import RepeatsExperiment
from score_mlx.experiments.beyond.variant.settings import VariantExperiment
from score_mlx.experiments.challenge.settings import ChallengeExperiment
from score_mlx.experiments.characters.settings import CharactersExperiment
from score_mlx.experiments.integrators.settings import IntegratorsExperiment
from score_mlx.experiments.learned_dt.settings import LearnedDtExperiment
from score_mlx.experiments.losses.settings import LossesExperiment
from score_mlx.experiments.models.settings import ModelsExperiment
from score_mlx.experiments.speedup.settings import SpeedupExperiment
from score_mlx.experiments.steps.settings import StepsExperiment

AnyExperiment = Annotated[
    BaselinesExperiment
    | ChallengeExperiment
    | CharactersExperiment
    | IntegratorsExperiment
    | LearnedDtExperiment
    | LossesExperiment
    | ModelsExperiment
    | SpeedupExperiment
    | StepsExperiment,
    Field(discriminator="kind"),
]
KINDS: dict[str, type[Experiment]] = {
    get_args(kind.model_fields["kind"].annotation)[0]: kind for kind in get_args(get_args(AnyExperiment)[0])
}
DRAWN_BY = {drawing: kind for kind in reversed(KINDS.values()) for drawing in kind.draws}
TABLES = tuple(name for name, kind in KINDS.items() if kind.table_code)  # the kinds that have a table
AnyBeyond = Annotated[
    EqualSizeExperiment | FactorialExperiment | RepeatsExperiment | VariantExperiment, Field(discriminator="kind")
]
BEYOND_KINDS: dict[str, type[Beyond]] = {
    get_args(kind.model_fields["kind"].annotation)[0]: kind for kind in get_args(get_args(AnyBeyond)[0])
}
