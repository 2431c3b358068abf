"""What a language model's run is: one class of specs a table or figure of the paper, what they share above them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from score_mlx.runs.spec import NOT_NEGATIVE, POSITIVE, RATE, Range, Spec
from score_mlx.system.errors import UserError

# arch -> its name in the paper
ARCHS = {"nanogpt": "nanoGPT", "nanogptx": "nanoGPTx", "chargpt": "nanoGPT (characters)", "d4": "d4"}
VOCABULARY = {"nanogpt": 24_000, "nanogptx": 24_000, "chargpt": 65}  # about, for estimates of time
CONFIGS = ("base", "skip05", "SCORE", "SCORE_skip05", "mSCORE_skip05")


class LanguageSpec(Spec):
    """What all language models share; the fields are the subclasses'.

    `{corpus}/language/{arch}/{config}/{options}/run.json`. The configurations are named as graph networks' are;
    there is no classic one, and mSCORE is of language models only:

    base            K blocks, x <- F(x)
    skip05          K blocks, x <- x + 0.5 (F(x) - x)
    SCORE           one block, x <- x + (F(x) - x) / K
    SCORE_skip05    one block, x <- x + 0.5 (F(x) - x)
    mSCORE_skip05   M blocks, each applied `steps` times before the next, dt = 0.5
    """

    FAMILY: ClassVar[str] = "language"
    NAMED: ClassVar[tuple[str, ...]] = ("arch", "config")
    CHOICES: ClassVar[dict[str, tuple[str, ...]]] = {"arch": tuple(ARCHS), "config": CONFIGS}
    RANGES: ClassVar[dict[str, Range]] = {
        **Spec.RANGES,
        **dict.fromkeys(("steps", "blocks", "width", "heads", "context", "batch_size"), POSITIVE),
    }
    PROTOCOL: ClassVar[tuple[str, ...]] = (
        "context", "batch_size", "iterations", "evaluate_every", "evaluation_batches",
    )  # fmt: skip
    # Settings whose cut leaves losses as they are.
    SAMPLING: ClassVar[tuple[str, ...]] = ()

    # What some of them choose, and the rest leave so.
    dropout: ClassVar[float] = 0.0
    train_fraction: ClassVar[float] = 0.9
    characters: ClassVar[int] = 0
    validation: ClassVar[str] = "sampled"

    arch: str
    config: str
    steps: int
    blocks: int
    width: int
    heads: int
    context: int
    batch_size: int

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.width % self.heads:
            raise UserError(f"width = {self.width}: expected a multiple of heads = {self.heads}")
        if self.blocks > 1 and not self.config.startswith("mSCORE"):
            raise UserError(f"blocks = {self.blocks}: only mSCORE has several blocks that recur, expected 1")

    @classmethod
    def variant(cls, *named: str) -> type[LanguageSpec]:
        """The class of an architecture's specs; an unknown one gets `NanoGPTSpec`, which refuses it by name."""
        return VARIANTS.get(named[0], NanoGPTSpec)

    @property
    def recurrent(self) -> bool:
        """Whether blocks are applied more than once."""
        return "SCORE" in self.config

    @property
    def dt(self) -> float | None:
        """Step size, None where a block's output replaces the state."""
        return {"base": None, "SCORE": 1 / self.steps}.get(self.config, 0.5)

    @property
    def model(self) -> str:
        """Name in the paper's tables and figures, as `SCORE nanoGPT`."""
        name = ARCHS[self.arch]
        return {"base": name, "skip05": f"{name} skip05", "SCORE": f"SCORE {name}"}.get(
            self.config, f"{self.config.split('_')[0]} {name} dt 0.5"
        )


class IteratedSpec(LanguageSpec):
    """The base of the specs whose training takes a given number of steps."""

    iterations: int
    evaluate_every: int
    evaluation_batches: int
    learning_rate: float

    @property
    def work(self) -> float:
        """What training costs beside other runs of the architecture: operations."""
        blocks = 12 * self.width * self.steps * self.blocks
        return self.iterations * self.batch_size * self.context * self.width * (blocks + VOCABULARY[self.arch])


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
        bias_correction: Adam's. MLX leaves it out, and its first hundred steps are 3 to 6 times as long.
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
        **LanguageSpec.RANGES,
        **dict.fromkeys(("iterations", "evaluate_every", "evaluation_batches"), POSITIVE),
        "learning_rate": RATE,
        "weight_decay": (0, 1),
        "dropout": (0, 0.99),
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
        **LanguageSpec.RANGES,
        **dict.fromkeys(("iterations", "evaluate_every", "evaluation_batches"), POSITIVE),
        "learning_rate": RATE,
        "matrix_rate": RATE,
        "dropout": (0, 0.99),
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


VARIANTS: dict[str, type[LanguageSpec]] = {
    "nanogpt": NanoGPTSpec,
    "nanogptx": NanoGPTSpec,
    "chargpt": CharSpec,
    "d4": ChallengeSpec,
}
