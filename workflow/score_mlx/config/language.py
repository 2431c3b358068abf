"""The parts of config.yaml that concern language models: settings, presets' cuts, experiments."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from score_mlx.experiments.base import BatchSize, Typed
from score_mlx.models.language.spec import ChallengeSpec, CharSpec, NanoGPTSpec
from score_mlx.system.choices import OneOf

Steps = Annotated[int, Field(ge=1, le=1_000_000)]
Count = Annotated[int, Field(ge=1, le=100_000)]
Tokens = Annotated[int, Field(ge=1, le=2**31)]
Depth = Annotated[int, Field(ge=1, le=1000)]
Repeats = Annotated[int, Field(ge=1, le=100)]
Validation = OneOf[str, CharSpec.CHOICES["validation"]]
TOKENS_A_STEP = max(ChallengeSpec.BATCH.values())


class NanoGPTSettings(Typed):
    """Figures 3 and 4; `iterations_wide` for width 384, `repeats` at most so many of each run."""

    repeats: Repeats | None = None
    iterations: Steps = NanoGPTSpec.iterations
    iterations_wide: Steps = NanoGPTSpec.iterations
    evaluate_every: Steps = NanoGPTSpec.evaluate_every
    evaluation_batches: Count = NanoGPTSpec.evaluation_batches
    batch_size: BatchSize = NanoGPTSpec.batch_size


class CharSettings(Typed):
    """Tables 10 and 11."""

    iterations: Steps = CharSpec.iterations
    evaluate_every: Steps = CharSpec.evaluate_every
    validation: Validation = "whole"
    evaluation_batches: Count = CharSpec.TRAIN_BATCHES
    batch_size: BatchSize = CharSpec.batch_size
    characters: Annotated[int, Field(ge=0, le=100_000)] = CharSpec.characters


class ChallengeSettings(Typed):
    """Table 12 and Figure 5; a step has at most `batch_tokens`, settings B fewer."""

    corpus: Literal["shakespeare", "climbmix"] = "shakespeare"
    repeats: Repeats = 3
    seconds: Annotated[int, Field(ge=1, le=86_400)] | None = None
    context: Annotated[int, Field(ge=2, le=2**20)] = ChallengeSpec.context
    batch_tokens: Tokens = TOKENS_A_STEP
    evaluation_tokens: Tokens = ChallengeSpec.evaluation_tokens


class LanguageSettings(Typed):
    """The key `language`: how long each of the paper's three language tasks trains and is evaluated."""

    nanogpt: NanoGPTSettings = NanoGPTSettings()
    chargpt: CharSettings = CharSettings()
    challenge: ChallengeSettings = ChallengeSettings()


class NanoGPTCuts(Typed):
    """What a preset may lower for Figures 3 and 4; None leaves a setting as it is."""

    repeats: Repeats | None = None
    iterations: Annotated[int, Field(ge=1, le=NanoGPTSpec.iterations)] | None = None
    iterations_wide: Annotated[int, Field(ge=1, le=NanoGPTSpec.iterations)] | None = None
    evaluation_batches: Annotated[int, Field(ge=1, le=NanoGPTSpec.evaluation_batches)] | None = None
    batch_size: Annotated[int, Field(ge=1, le=NanoGPTSpec.batch_size)] | None = None


class CharCuts(Typed):
    """What a preset may lower for Tables 10 and 11; None leaves a setting as it is."""

    iterations: Annotated[int, Field(ge=1, le=CharSpec.iterations)] | None = None
    validation: Validation | None = None
    evaluation_batches: Annotated[int, Field(ge=1, le=CharSpec.evaluation_batches)] | None = None
    batch_size: Annotated[int, Field(ge=1, le=CharSpec.batch_size)] | None = None
    characters: Annotated[int, Field(ge=0, le=CharSpec.characters)] | None = None


class ChallengeCuts(Typed):
    """What a preset may lower for Table 12 and Figure 5; None leaves a setting as it is."""

    repeats: Annotated[int, Field(ge=1, le=3)] | None = None
    seconds: Annotated[int, Field(ge=1, le=ChallengeSpec.seconds)] | None = None
    context: Annotated[int, Field(ge=2, le=ChallengeSpec.context)] | None = None
    batch_tokens: Annotated[int, Field(ge=2, le=TOKENS_A_STEP)] | None = None
    evaluation_tokens: Annotated[int, Field(ge=2, le=ChallengeSpec.evaluation_tokens)] | None = None


class LanguageCuts(Typed):
    """What a preset may lower: how long a model trains and is judged. Never its width, depth or vocabulary."""

    nanogpt: NanoGPTCuts = NanoGPTCuts()
    chargpt: CharCuts = CharCuts()
    challenge: ChallengeCuts = ChallengeCuts()
