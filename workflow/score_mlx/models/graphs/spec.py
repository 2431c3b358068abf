"""What a graph network's run is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from score_mlx.runs import plugins
from score_mlx.runs.objective import REGRESSION
from score_mlx.runs.spec import POSITIVE, RATE, FoldSpec, NetworkSpec, Range
from score_mlx.system.errors import UserError

ARCHS = ("gcn", "gat", "gatv2", "gine", "mpnn", "dmpnn", "attfp", "gt")
INTEGRATOR_EPOCHS = 75  # as long as the paper trains the integrators that it compares (Figures 9 and 10)
# Evaluations of the block in a step of each scheme; of a plugin's as many as any of these takes.
EVALUATIONS = {"euler": 1, "heun": 2, "midpoint": 2, "rk4": 4}
PAPER_CONFIGS = ("base", "classic", "skip05", "SCORE", "SCORE_skip05")
CONFIGS = (*PAPER_CONFIGS, "averaged", "shared")  # with the two corners that the paper's update x sharing leaves out
RECURRENT = ("SCORE", "SCORE_skip05", "shared")
# Whose native stack is another network than a stack of the block that SCORE iterates, also in the text's reading:
# states of bonds (D-MPNN), an activation after the input (AttentiveFP), dropout at the end (GT).
OWN_FORM = ("dmpnn", "attfp", "gt")


@dataclass(frozen=True)
class GraphSpec(NetworkSpec):
    """One graph network in one configuration, trained on all folds of one data set.

    The defaults are the paper's Table 2 (150 epochs, batch 32, Adam 1e-3, hidden 128, 4 heads, K = 4):
    `esol/graphs/gat/SCORE/default/run.json`, `.../readout=sum,head=mlp/run.json`.

    Attributes:
        dataset: name of a prepared data set, a folder of `results/data`.
        arch: architecture, one of `ARCHS`.
        config: how depth is built, one of `CONFIGS`.
        steps: K, the number of applications of a block.
        integrator: how a SCORE step is integrated.
        learn_dt: SCORE with one learned step size a step instead of 1/K or 0.5.
        readout: from atom states to a molecule's vector.
        head: from the molecule's vector to the prediction.
        descriptors: whether the 217 scaled RDKit descriptors join the molecule's vector before the head.
        features: atom and bond featurisation.
        fidelity: where text and code of the paper disagree, which one is followed.
        form: what a stack is: the architecture's `native` model, or `unified`, SCORE's network with K blocks instead of
            one, so that stack and SCORE differ in nothing but sharing.
        hidden, heads: width of a state, number of attention heads.
        epochs, batch_size, learning_rate: training protocol.
        bias_correction: apply Adam's bias correction (MLX's default: off).
        split, repeat: which folds; repeat r also means new weights.
        seed: from which each fold's initialisation, order of molecules and dropout are derived.
        scale_targets: whether the model learns targets of mean 0 and standard deviation 1 over its training molecules.
        task: whether targets are numbers (`regression`) or the classes 0 and 1 (`classification`).
    """

    dataset: str
    arch: str
    config: str
    steps: int = 4
    integrator: str = "euler"
    learn_dt: bool = False
    readout: str = "molattfp"
    head: str = "score_mlp"
    descriptors: bool = False
    features: str = "rigr_author"
    fidelity: str = "as_code"
    form: str = "native"
    hidden: int = 128
    heads: int = 4
    epochs: int = 150
    batch_size: int = 32
    learning_rate: float = 1e-3
    bias_correction: bool = False
    split: str = "kfold"
    repeat: int = 0
    seed: int = 42
    scale_targets: bool = False
    task: str = REGRESSION

    FAMILY: ClassVar[str] = "graphs"
    NAMED: ClassVar[tuple[str, ...]] = ("arch", "config")
    CHOICES: ClassVar[dict[str, tuple[str, ...]]] = {
        "arch": ARCHS,
        "config": CONFIGS,
        "readout": ("molattfp", "sum"),
        "head": ("score_mlp", "mlp", "mlp_64_32"),
        "integrator": tuple(EVALUATIONS),
        "features": ("rigr_author", "rigr_chemprop"),
        "fidelity": ("as_code", "as_text"),
        "form": ("native", "unified"),
        **FoldSpec.CHOICES,
    }
    PLUGGABLE: ClassVar[tuple[str, ...]] = tuple(plugins.KINDS)
    RANGES: ClassVar[dict[str, Range]] = {
        **FoldSpec.RANGES,
        **dict.fromkeys(("steps", "hidden", "heads", "epochs", "batch_size"), POSITIVE),
        "learning_rate": RATE,
    }
    CUTTABLE: ClassVar[tuple[str, ...]] = ("epochs", "batch_size", "hidden", "heads")
    PROTOCOL: ClassVar[tuple[str, ...]] = (
        "steps", "integrator", "learn_dt", "form", "hidden", "heads", "epochs", "batch_size", "learning_rate", "split",
        "scale_targets",
    )  # fmt: skip

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.hidden % self.heads:
            raise UserError(f"hidden = {self.hidden}: expected a multiple of heads = {self.heads}")
        if not self.config.startswith("SCORE") and (self.integrator != "euler" or self.learn_dt):
            raise UserError(f"config = {self.config}: integrator and learn_dt belong to SCORE and SCORE_skip05 only")
        if self.form != "native" and not self.two_forms:
            reason = "one shared block" if self.recurrent else f"a stack of {self.arch} {self.fidelity}"
            raise UserError(f"form = {self.form}: {reason} has one form only; expected native")

    def published(self, name: str) -> Any:
        """Of integrators other than Euler's the paper shows only so many epochs."""
        shorter = name == "epochs" and self.integrator != type(self).integrator
        return INTEGRATOR_EPOCHS if shorter else super().published(name)

    @property
    def recurrent(self) -> bool:
        """Whether one block is shared over all steps (SCORE) instead of K stacked ones."""
        return self.config in RECURRENT

    @property
    def dt(self) -> float:
        """Step size of h <- h + dt (F(h) - h); 1 where the block's output replaces the state or is added to it."""
        half, inverse = ("skip05", "SCORE_skip05"), ("averaged", "SCORE")
        return 0.5 if self.config in half else 1 / self.steps if self.config in inverse else 1.0

    @property
    def native(self) -> bool:
        """Whether this is the architecture's native model rather than SCORE's network with one block or K."""
        return not self.recurrent and self.form == "native"

    @property
    def two_forms(self) -> bool:
        """Whether the native stack computes something else than SCORE's network with K blocks."""
        return not self.recurrent and (self.arch in OWN_FORM or self.fidelity == "as_code")

    def unified(self) -> Self:
        """The same run in the form that stacks share with SCORE; itself where its form is that one already."""
        return replace(self, form="unified") if self.two_forms else self

    @property
    def model(self) -> str:
        """Name in the paper's tables: `gat`, `gat_classic`, `gat_skip05`, `SCORE_gat`, `SCORE_gat_skip05`.

        The corners that the paper lacks follow its pattern: `gat_averaged`, `gat_shared`.
        """
        if self.config == "base":
            return self.arch
        if self.config.startswith("SCORE"):
            return f"SCORE_{self.arch}{self.config.removeprefix('SCORE')}"
        return f"{self.arch}_{self.config}"

    @property
    def work(self) -> float:
        """Epochs, times what an epoch costs in blocks: those of all steps, three more for readout, head, optimiser."""
        return self.epochs * (self.steps * EVALUATIONS.get(self.integrator, max(EVALUATIONS.values())) + 3)

    @property
    def uses_descriptors(self) -> bool:
        """Whether molecule descriptors join the readout before the head."""
        return self.descriptors

    @property
    def graph_features(self) -> str | None:
        """Which atom and bond features its graphs have, a file name in `results/features`."""
        return self.features
