"""What a language model's run is: one class of specs for each of the paper's three kinds of language experiments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from score_mlx.models.language.base import CONFIGS, IteratedSpec, LanguageSpec
from score_mlx.runs.spec import NOT_NEGATIVE, POSITIVE, RATE, Range
from score_mlx.system.errors import UserError


@dataclass(frozen=True)
class NanoGPTSpec(IteratedSpec):
    """nanoGPT and nanoGPTx on Shakespeare in GPT-4o's tokens (Figures 3 and 4).

    Attributes:
        dataset: prepared corpus, a folder of `results/corpora`.
        arch: `nanogpt` (post-norm, learned positions) or `nanogptx` (pre-norm, RMSNorm, RoPE, unit q and k, ReLU^2).
        config: how depth is built.
        steps: K, applications of a block.
        width: of a token's state; heads: attention heads.
        context: tokens that a model sees; batch_size: windows a step.
        iterations: steps of training; evaluate_every: between two evaluations; evaluation_batches: of each.
        learning_rate, weight_decay: of AdamW, no schedule.
        bias_correction: apply Adam's bias correction (MLX's default: off).
        dropout: on attention weights, after attention and after the feed-forward layers.
        fidelity: `as_code` looks positions up by token id, `as_text` by place.
        repeat: repetition with other weights and batches.
        seed: from which everything random is derived.
    """

    dataset: str
    arch: str
    config: str
    steps: int = 4
    blocks: int = 1
    width: int = 64
    heads: int = 4
    context: int = 32
    batch_size: int = 32
    iterations: int = 10_000
    evaluate_every: int = 250
    evaluation_batches: int = 100
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    bias_correction: bool = False
    dropout: float = 0.2
    fidelity: str = "as_code"
    repeat: int = 0
    seed: int = 42

    CHOICES: ClassVar[dict[str, tuple[str, ...]]] = {
        "arch": ("nanogpt", "nanogptx"),
        "config": CONFIGS[:-1],
        "fidelity": ("as_code", "as_text"),
    }
    RANGES: ClassVar[dict[str, Range]] = {
        **IteratedSpec.RANGES,
        "weight_decay": (0, 1),
    }
    CUTTABLE: ClassVar[tuple[str, ...]] = ("iterations", "evaluation_batches", "batch_size")
    ONCE_WIDE: ClassVar[int] = 15_000  # iterations at width 384 that earlier versions held to be the paper's

    def earlier_cuts(self) -> list[dict[str, Any]]:
        """The paper says 10,000 to 15,000 iterations, whatever the width."""
        if self.width != 384 or self.iterations >= self.ONCE_WIDE:
            return self.cuts()
        others = [cut for cut in self.cuts() if cut["setting"] != "iterations"]
        return [{"setting": "iterations", "ours": self.iterations, "paper": self.ONCE_WIDE}, *others]


@dataclass(frozen=True)
class CharSpec(IteratedSpec):
    """Character models on tiny Shakespeare (Tables 10 and 11); further fields as of `NanoGPTSpec`.

    Attributes:
        optimizer: `adam`, `adamw` (no decay), `muon` or `normuon` with Adam on all that is no matrix of a block.
        matrix_rate: learning rate of `muon` and `normuon`; learning_rate: of Adam and AdamW.
        bigram: whether a table of hashed pairs of tokens joins the state before each step.
        train_fraction: of the text, from its start; the rest validates.
        validation: `sampled`, the loss of `evaluation_batches` random batches of either text, as the paper estimates
            it; `whole`, of the whole validation text and of `evaluation_batches` of the training text.
        characters: generated after training, from token 0 at temperature 1.
    """

    dataset: str
    arch: str
    config: str
    steps: int = 6
    blocks: int = 1
    width: int = 384
    heads: int = 6
    context: int = 256
    batch_size: int = 64
    iterations: int = 3000
    evaluate_every: int = 250
    evaluation_batches: int = 200
    optimizer: str = "muon"
    learning_rate: float = 3e-4
    matrix_rate: float = 0.02
    dropout: float = 0.01
    bigram: bool = False
    train_fraction: float = 0.9
    validation: str = "sampled"
    characters: int = 500
    repeat: int = 0
    seed: int = 1337

    CHOICES: ClassVar[dict[str, tuple[str, ...]]] = {
        "arch": ("chargpt",),
        "config": CONFIGS,
        "optimizer": ("adam", "adamw", "muon", "normuon"),
        "validation": ("sampled", "whole"),
    }
    RANGES: ClassVar[dict[str, Range]] = {
        **IteratedSpec.RANGES,
        "matrix_rate": RATE,
        "train_fraction": (0.01, 0.99),
        "characters": NOT_NEGATIVE,
    }
    CUTTABLE: ClassVar[tuple[str, ...]] = ("iterations", "evaluation_batches", "batch_size", "characters")
    SAMPLING: ClassVar[tuple[str, ...]] = ("characters",)
    TRAIN_BATCHES: ClassVar[int] = 20  # evaluated beside a whole validation text, which alone is judged

    def published(self, name: str) -> Any:
        """Of a whole validation text no sample can be too small."""
        if name == "evaluation_batches" and self.validation == "whole":
            return self.TRAIN_BATCHES
        return super().published(name)


@dataclass(frozen=True)
class ChallengeSpec(LanguageSpec):
    """The five-minute challenge: the lowest val_bpb that so many seconds of training give (Table 12, Figure 5).

    Attributes:
        feedforward: `swiglu` (hidden 683), `gelu` or `relu2` (both 4x).
        settings: `A` or `B`, two sets of optimiser, learning rates and batch (`challenge_settings.py`).
        seconds: of training, the first step and all evaluations excluded.
        batch_tokens: tokens a step; 0: the settings', 2^16 for A and 2^14 for B.
        evaluation_tokens: of the validation text, as far as it has so many.
        context: tokens that a model sees; vocabulary, width and depth are the corpus's and the model's.
        repeat: repetition with other weights and batches.
    """

    dataset: str
    arch: str
    config: str
    steps: int = 4
    blocks: int = 1
    width: int = 256
    heads: int = 2
    feedforward: str = "relu2"
    bigram: bool = True
    settings: str = "A"
    seconds: int = 300
    context: int = 2048
    batch_tokens: int = 0
    evaluation_tokens: int = 1_572_864
    repeat: int = 0
    seed: int = 42

    CHOICES: ClassVar[dict[str, tuple[str, ...]]] = {
        "arch": ("d4",),
        "config": CONFIGS,
        "feedforward": ("relu2", "swiglu", "gelu"),
        "settings": ("A", "B", "A_polar8"),
    }
    RANGES: ClassVar[dict[str, Range]] = {
        **{name: bounds for name, bounds in LanguageSpec.RANGES.items() if name != "batch_size"},
        **dict.fromkeys(("seconds", "evaluation_tokens"), POSITIVE),
        "batch_tokens": NOT_NEGATIVE,
    }
    CUTTABLE: ClassVar[tuple[str, ...]] = ("seconds", "context", "batch_tokens", "evaluation_tokens")
    PROTOCOL: ClassVar[tuple[str, ...]] = ("context", "evaluation_tokens")
    BATCH: ClassVar[dict[str, int]] = {"A": 2**16, "B": 2**14}

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.tokens_a_step % self.context:
            raise UserError(f"batch_tokens = {self.tokens_a_step}: expected a multiple of context = {self.context}")

    @property
    def tokens_a_step(self) -> int:
        """Tokens of a training step, those of its settings unless `batch_tokens` says otherwise."""
        return self.batch_tokens or self.BATCH[self.settings]

    @property
    def batch_size(self) -> int:
        """Windows of `context` tokens in a step."""
        return self.tokens_a_step // self.context

    def cuts(self) -> list[dict[str, Any]]:
        """Each training setting below the paper's; the batch is compared with that of its settings."""
        paper = self.BATCH[self.settings]
        found = [cut for cut in super().cuts() if cut["setting"] != "batch_tokens"]
        if self.tokens_a_step < paper:
            found.append({"setting": "batch_tokens", "ours": self.tokens_a_step, "paper": paper})
        return found

    @property
    def timed(self) -> bool:
        """True: seconds end the training."""
        return True

    @property
    def work(self) -> float:
        """Seconds of training."""
        return self.seconds
