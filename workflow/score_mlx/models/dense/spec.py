"""What a dense network's run is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from score_mlx.runs.objective import REGRESSION
from score_mlx.runs.spec import POSITIVE, RATE, FoldSpec, NetworkSpec, Range

NETWORKS = {"mlp": "MLP", "score_mlp": "SCORE-MLP"}  # and their names in the paper's Table 1


@dataclass(frozen=True)
class DenseSpec(NetworkSpec):
    """A dense network on the 217 scaled descriptors, trained on all folds of one data set.

    Attributes:
        dataset: name of a prepared data set, a folder of `results/data`.
        network: `mlp` (128-64-32-1) or `score_mlp` (one block of width 128, relaxed four times with dt = 1/4).
        epochs, batch_size, learning_rate, bias_correction: training protocol, the graph networks'.
        split, repeat: which folds; repeat r also means new weights.
        seed: from which each fold's initialisation, order of molecules and dropout are derived.
        scale_targets: whether the model learns targets of mean 0 and standard deviation 1 over its training molecules.
        task: whether targets are numbers (`regression`) or the classes 0 and 1 (`classification`).
    """

    dataset: str
    network: str
    epochs: int = 150
    batch_size: int = 32
    learning_rate: float = 1e-3
    bias_correction: bool = False
    split: str = "kfold"
    repeat: int = 0
    seed: int = 42
    scale_targets: bool = False
    task: str = REGRESSION

    FAMILY: ClassVar[str] = "dense"
    NAMED: ClassVar[tuple[str, ...]] = ("network",)
    CHOICES: ClassVar[dict[str, tuple[str, ...]]] = {"network": tuple(NETWORKS), **FoldSpec.CHOICES}
    RANGES: ClassVar[dict[str, Range]] = {
        **FoldSpec.RANGES,
        "epochs": POSITIVE,
        "batch_size": POSITIVE,
        "learning_rate": RATE,
    }
    CUTTABLE: ClassVar[tuple[str, ...]] = ("epochs", "batch_size")
    PROTOCOL: ClassVar[tuple[str, ...]] = ("epochs", "batch_size", "learning_rate", "split", "scale_targets")

    @property
    def model(self) -> str:
        """Name in the paper's Table 1."""
        return NETWORKS[self.network]

    @property
    def uses_descriptors(self) -> bool:
        """True: descriptors are all that a dense network reads."""
        return True
