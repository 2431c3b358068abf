"""The parts of config.yaml that concern language models: settings, presets' cuts, experiments."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from score_mlx.config.base import BatchSize, Experiment, FigureName, LearningRate, Typed
from score_mlx.models.language.spec import ChallengeSpec, CharSpec, LanguageSpec, NanoGPTSpec

Steps = Annotated[int, Field(ge=1, le=1_000_000)]
Count = Annotated[int, Field(ge=1, le=100_000)]
Tokens = Annotated[int, Field(ge=1, le=2**31)]
Depth = Annotated[int, Field(ge=1, le=1000)]
Repeats = Annotated[int, Field(ge=1, le=100)]
Validation = Literal[CharSpec.CHOICES["validation"]]
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
    nanogpt: NanoGPTSettings = NanoGPTSettings()
    chargpt: CharSettings = CharSettings()
    challenge: ChallengeSettings = ChallengeSettings()


class NanoGPTCuts(Typed):
    repeats: Repeats | None = None
    iterations: Annotated[int, Field(ge=1, le=NanoGPTSpec.iterations)] | None = None
    iterations_wide: Annotated[int, Field(ge=1, le=NanoGPTSpec.iterations)] | None = None
    evaluation_batches: Annotated[int, Field(ge=1, le=NanoGPTSpec.evaluation_batches)] | None = None
    batch_size: Annotated[int, Field(ge=1, le=NanoGPTSpec.batch_size)] | None = None


class CharCuts(Typed):
    iterations: Annotated[int, Field(ge=1, le=CharSpec.iterations)] | None = None
    validation: Validation | None = None
    evaluation_batches: Annotated[int, Field(ge=1, le=CharSpec.evaluation_batches)] | None = None
    batch_size: Annotated[int, Field(ge=1, le=CharSpec.batch_size)] | None = None
    characters: Annotated[int, Field(ge=0, le=CharSpec.characters)] | None = None


class ChallengeCuts(Typed):
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


class LanguageRun(Typed):
    """One run of an experiment: what differs from the architecture's defaults, and in how many repeats."""

    arch: Literal[LanguageSpec.CHOICES["arch"]]
    config: Literal[LanguageSpec.CHOICES["config"]]
    steps: Depth | None = None
    blocks: Depth | None = None
    width: Annotated[int, Field(ge=1, le=65536)] | None = None
    learning_rate: LearningRate | None = None
    optimizer: Literal[CharSpec.CHOICES["optimizer"]] | None = None
    dropout: Annotated[float, Field(ge=0, lt=1)] | None = None
    bias_correction: bool | None = None
    bigram: bool | None = None
    train_fraction: Annotated[float, Field(gt=0, lt=1)] | None = None
    feedforward: Literal[ChallengeSpec.CHOICES["feedforward"]] | None = None
    settings: Literal[ChallengeSpec.CHOICES["settings"]] | None = None
    seconds: Annotated[int, Field(ge=1, le=86_400)] | None = None
    repeats: Repeats = 1

    def given(self) -> dict[str, Any]:
        """Fields of its spec."""
        return {name: value for name, value in self if value is not None and name != "repeats"}

    def in_repeats(self, settings: LanguageSettings) -> range:
        """The repeats to train: the challenge's, or the run's own where `settings` allow as many."""
        if self.arch == "d4":
            return range(settings.challenge.repeats)
        most = settings.nanogpt.repeats if LanguageSpec.variant(self.arch) is NanoGPTSpec else None
        return range(self.repeats if most is None else min(self.repeats, most))


class LanguageExperiment(Experiment):
    """Language models on one text; with `depths` each run once for each number of steps."""

    corpus: Literal["shakespeare-gpt4o", "tinyshakespeare-char", "challenge"]
    runs: Annotated[list[LanguageRun], Field(min_length=1)]
    depths: list[Depth] = []

    def specs(self, config: Any, split: str) -> list[LanguageSpec]:
        """Run by run, depth by depth, repeat by repeat; a text has no folds."""
        corpus = _corpus(self.corpus, config)
        specs = [
            _spec(corpus, run.given() | depth, config, repeat)
            for run in self.runs
            for depth in [{"steps": k} for k in self.depths] or [{}]
            for repeat in run.in_repeats(config.language)
        ]
        return list(dict.fromkeys(specs))  # a cut may make two of them one


class LossesExperiment(LanguageExperiment):
    """Curves of training and validation loss (Figures 3 and 4)."""

    kind: Literal["losses"]
    drawing: ClassVar[str] = "losses"
    figure: FigureName


class CharactersExperiment(LanguageExperiment):
    """Losses and generated text of character models (Tables 10 and 11)."""

    kind: Literal["characters"]
    drawing: ClassVar[str] = "losses"


class ChallengeExperiment(LanguageExperiment):
    """Bits a byte that so many seconds give (Table 12, Figure 5)."""

    kind: Literal["challenge"]
    drawing: ClassVar[str] = "challenge"


def _corpus(name: str, config: Any) -> str:
    """The prepared corpus: the paper's, or the stand-in for all of them."""
    if config.stand_in_text:
        return "markov-char"
    return f"{config.language.challenge.corpus}-bpe8192" if name == "challenge" else name


def _spec(corpus: str, fields: dict[str, Any], config: Any, repeat: int) -> LanguageSpec:
    arch, rest = fields["arch"], {key: value for key, value in fields.items() if key not in ("arch", "config")}
    kind = LanguageSpec.variant(arch)
    settings = _settings(kind, rest, config)
    return kind(corpus, arch, fields["config"], **(rest | settings), repeat=config.repeat + repeat)


def _settings(kind: type[LanguageSpec], fields: dict[str, Any], config: Any) -> dict[str, Any]:
    """Protocol fields from `language` of config.yaml, lowered where the run itself says more."""
    if kind is NanoGPTSpec:
        ours = config.language.nanogpt.model_dump()
        wide, _ = ours.pop("iterations_wide"), ours.pop("repeats")
        return ours | {"fidelity": config.fidelity} | ({"iterations": wide} if fields.get("width") == 384 else {})
    if kind is CharSpec:
        return config.language.chargpt.model_dump()
    ours = config.language.challenge
    paper = ChallengeSpec.BATCH[fields.get("settings", ChallengeSpec.settings)]
    seconds = fields.get("seconds", ChallengeSpec.seconds)
    return {
        "seconds": seconds if ours.seconds is None else min(seconds, ours.seconds),
        "context": ours.context,
        "batch_tokens": 0 if ours.batch_tokens >= paper else ours.batch_tokens,
        "evaluation_tokens": ours.evaluation_tokens,
    }
