"""What all specs of language models share: how depth is built, and how much training costs."""

from __future__ import annotations

from typing import ClassVar

from score_mlx.runs.spec import POSITIVE, RATE, Range, Spec
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
    VARIANTS: ClassVar[dict[str, type[LanguageSpec]]] = {}  # by architecture; a class that chooses some is theirs
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

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "CHOICES" in vars(cls):
            cls.VARIANTS.update(dict.fromkeys(cls.CHOICES["arch"], cls))

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.width % self.heads:
            raise UserError(f"width = {self.width}: expected a multiple of heads = {self.heads}")
        if self.blocks > 1 and not self.config.startswith("mSCORE"):
            raise UserError(f"blocks = {self.blocks}: only mSCORE has several blocks that recur, expected 1")

    @classmethod
    def variant(cls, *named: str) -> type[LanguageSpec]:
        """The class of an architecture's specs; an unknown one gets the first class, which refuses it by name."""
        return cls.VARIANTS.get(named[0]) or next(iter(cls.VARIANTS.values()))

    @property
    def recurrent(self) -> bool:
        """Whether blocks are applied more than once."""
        return "SCORE" in self.config

    @property
    def dt(self) -> float | None:
        """Step size, None where a block's output replaces the state."""
        return {"base": None, "SCORE": 1 / self.steps}.get(self.config, 0.5)

    @property
    def limits(self) -> list[str]:
        """What a model card says of its limits, a sentence each."""
        return [f"It sees {self.context} tokens at a time."]

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

    RANGES: ClassVar[dict[str, Range]] = {
        **LanguageSpec.RANGES,
        **dict.fromkeys(("iterations", "evaluate_every", "evaluation_batches"), POSITIVE),
        "learning_rate": RATE,
        "dropout": (0, 0.99),
    }

    @property
    def work(self) -> float:
        """What training costs beside other runs of the architecture: operations."""
        blocks = 12 * self.width * self.steps * self.blocks
        return self.iterations * self.batch_size * self.context * self.width * (blocks + VOCABULARY[self.arch])

    @property
    def limits(self) -> list[str]:
        """Also whether the whole validation text was read."""
        sampled = f"The validation loss is that of {self.evaluation_batches} random batches, not of the whole text."
        return super().limits + [sampled] * (self.validation == "sampled")
