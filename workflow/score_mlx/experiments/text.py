"""What kinds of experiments with language models share."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from score_mlx.experiments.base import Experiment, LearningRate, Typed
from score_mlx.models.language.run import LanguageRun
from score_mlx.models.language.spec import ChallengeSpec, CharSpec, LanguageSpec, NanoGPTSpec
from score_mlx.runs.run import Run
from score_mlx.system.choices import OneOf

Depth = Annotated[int, Field(ge=1, le=1000)]
Repeats = Annotated[int, Field(ge=1, le=100)]


Arch = OneOf[str, LanguageSpec.CHOICES["arch"]]
Configuration = OneOf[str, LanguageSpec.CHOICES["config"]]
Optimizer = OneOf[str, CharSpec.CHOICES["optimizer"]]
Feedforward = OneOf[str, ChallengeSpec.CHOICES["feedforward"]]
OptimizerSettings = OneOf[str, ChallengeSpec.CHOICES["settings"]]


class TextRun(Typed):
    """One run of an experiment: what differs from the architecture's defaults, and in how many repeats."""

    arch: Arch
    config: Configuration
    steps: Depth | None = None
    blocks: Depth | None = None
    width: Annotated[int, Field(ge=1, le=65536)] | None = None
    learning_rate: LearningRate | None = None
    optimizer: Optimizer | None = None
    dropout: Annotated[float, Field(ge=0, lt=1)] | None = None
    bias_correction: bool | None = None
    bigram: bool | None = None
    train_fraction: Annotated[float, Field(gt=0, lt=1)] | None = None
    feedforward: Feedforward | None = None
    settings: OptimizerSettings | None = None
    seconds: Annotated[int, Field(ge=1, le=86_400)] | None = None
    repeats: Repeats = 1

    def given(self) -> dict[str, Any]:
        """Fields of its spec."""
        return {name: value for name, value in self if value is not None and name != "repeats"}

    def in_repeats(self, settings: Any) -> range:
        """The repeats to train: the challenge's, or the run's own where `settings` allow as many."""
        if self.arch == "d4":
            return range(settings.challenge.repeats)
        most = settings.nanogpt.repeats if LanguageSpec.variant(self.arch) is NanoGPTSpec else None
        return range(self.repeats if most is None else min(self.repeats, most))


class TextExperiment(Experiment):
    """Language models on one text; with `depths` each run once for each number of steps."""

    of_text: ClassVar[bool] = True
    run_kind: ClassVar[type[Run]] = LanguageRun

    corpus: Literal["shakespeare-gpt4o", "tinyshakespeare-char", "challenge"]
    runs: Annotated[list[TextRun], Field(min_length=1)]
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


def _corpus(name: str, config: Any) -> str:
    """The prepared corpus: the paper's, or the stand-in for all of them."""
    if config.stand_in_text:
        return "markov-char"
    return f"{config.language.challenge.corpus}-bpe8192" if name == "challenge" else name


def _spec(corpus: str, fields: dict[str, Any], config: Any, repeat: int) -> LanguageSpec:
    kind = LanguageSpec.variant(fields["arch"])
    settings = _settings(kind, fields, config)
    return kind(**{"dataset": corpus} | fields | settings | {"repeat": config.repeat + repeat})


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
