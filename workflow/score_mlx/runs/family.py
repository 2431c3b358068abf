"""A family of models as one object with everything that the rest of the project needs to know about it.

A family is added by a subclass of `Family` and its name in `families.py`; no other code depends on a run's family.
What trains or predicts is imported by the method that needs it, so that a dry-run loads no array library.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from score_mlx.data.described import Part
from score_mlx.runs import diff as record_diff
from score_mlx.runs import plugins
from score_mlx.runs.measured import Measured
from score_mlx.runs.objective import objective_of
from score_mlx.runs.records import BY_HAND, as_json, summarise
from score_mlx.runs.run import FoldRun, Run
from score_mlx.runs.schema import ClassRecord, Record, RunRecord
from score_mlx.runs.spec import FoldSpec, Spec
from score_mlx.system.errors import UserError

if TYPE_CHECKING:
    import numpy as np

Files = Mapping[str, Path]
Writer = Callable[[int, int, float], str]  # tokens, seed, temperature -> text


@dataclass(frozen=True)
class Execution:
    """How a run is trained, beside what its spec says.

    Attributes:
        preset: noted in run.meta.json.
        replicas: folds side by side, None for what was measured to be fastest.
        report_to: where curves go while it trains, one of `training.reporting.REPORTERS`.
        device: `cpu`, `gpu`, or `auto`, the one that takes a step faster.
    """

    preset: str = BY_HAND
    replicas: int | None = None
    report_to: str = "none"
    device: str = "auto"


USUAL = Execution()


@dataclass(frozen=True)
class Predictor:
    """How a family's trained networks are applied to new molecules.

    Attributes:
        model: (spec, number of descriptors) -> a network without its trained weights.
        ask: (spec, SMILES, scaled descriptors by fold) -> a function of (place of the fold, network, indices of
            molecules) that returns their predictions (n,).
    """

    model: Callable[[Any, int], Any]
    ask: Callable[[Any, Sequence[str], list[np.ndarray]], Callable[[int, Any, np.ndarray], Any]]


class Family(ABC):
    """A family of models.

    Attributes:
        name: folder of its records below a data set, key of its `SCIENCE` number.
        command: of `score-mlx train`.
        help: the text of that command's `--help`.
        spec: the base of its specs, whose `variant` gives the class of a run's spec.
        record, run: the type of its run.json, and what is made of it.
        default_data: the data that it trains on by default, and the option that names others.
        data: part of the record that describes the data, and the folder below `results` where such data lie prepared.
        variants: whether the fields of its specs differ from model to model.
        hub_task: the task's name on model hubs.
        reports: whether it has curves to report while it trains.
        side_by_side: whether folds train side by side, as many as asked for.
    """

    name: ClassVar[str]
    command: ClassVar[str]
    help: ClassVar[str]
    spec: ClassVar[type[Spec]]
    record: ClassVar[type[Record]]
    run: ClassVar[type[Run]]
    default_data: ClassVar[tuple[str, str]] = ("esol", "dataset")
    data: ClassVar[tuple[str, str]] = ("dataset", "data")
    variants: ClassVar[bool] = False
    reports: ClassVar[bool] = True
    side_by_side: ClassVar[bool] = False
    hub_task: ClassVar[str] = "tabular-regression"

    @abstractmethod
    def inputs(self, spec: Any, results: Path) -> dict[str, Path]:
        """The prepared files that a run reads, by name, in the order in which they are made."""

    @abstractmethod
    def train(self, spec: Any, files: Files, folder: Path, how: Execution = USUAL) -> None:
        """Train and write the record.

        Args:
            spec, files: what is trained, on which of its `inputs`.
            folder: of the record.
            how: options that a family does not use are ignored.
        """

    def train_together(self, runs: Sequence[tuple[Any, Files, Path]], how: Execution = USUAL) -> None:
        """Train runs that differ in repeat and seed only in one program; each writes its own record.

        Args:
            runs: what is trained, on which of its `inputs`, and the folder of its record.
            how: `replicas` counts the folds of all runs; `report_to` is ignored.

        Raises:
            UserError: runs of this family train one after the other.
        """
        raise UserError(f"{self.name}: its runs train one after the other, expected a single repeat")

    @abstractmethod
    def summary(self, spec: Any, record: Any) -> dict[str, Part]:
        """The values that `best` and `last` of a record must have, from its curves.

        Raises:
            UserError: the curves are not complete.
        """

    def record_of(self, values: Mapping[str, Any]) -> type[Record]:
        """The type of a record whose spec has these fields."""
        return self.record

    def diff(self, ours: Any, theirs: Any) -> list[str]:
        """The differences between two records of this family, a line each."""
        return record_diff.leaves(as_json(ours), as_json(theirs))

    def predictor(self) -> Predictor | None:
        """How its networks predict new molecules; None for a family that keeps no networks or reads no molecules."""
        return None

    def writer(self, spec: Any, files: Files, weights: Path, vocabulary: Path) -> Writer:
        """What writes text with the weights of a file.

        Args:
            spec, files: what was trained, on which of its `inputs`.
            vocabulary: of exported weights; where there is no such file, that of the inputs.

        Raises:
            UserError: its models write no text, or the weights or the vocabulary are missing or another model's.
        """
        raise UserError(f"{spec.path('')}: {spec.model} is {self.name}, expected a language model")

    def measured(self, spec: Any, content: Any, record: Path, results: Path, which: str) -> list[Measured]:
        """Each value of `best` or `last` of a record, recomputed from its weights.

        Args:
            content: of `record`, a run.json with `weights` beside it.
            results: folder of the prepared data.
            which: `best` or `last`.

        Raises:
            UserError: its models keep no weights, they are another model's, or the data are not the record's.
        """
        raise UserError(f"{record}: {spec.model} is {self.name}, which keeps no weights")

    def limits(self, spec: Any) -> list[str]:
        """What a model card says of the limits of a spec's models, a sentence each."""
        return []


class FoldFamily(Family):
    """The base of all families that train on folds of molecules."""

    record, run = RunRecord, FoldRun

    def inputs(self, spec: FoldSpec, results: Path) -> dict[str, Path]:
        """Paths by name: molecules, dataset, folds; features, descriptors, shap, a plugin's code if they are read."""
        data, features = results / "data" / spec.dataset, results / "features" / spec.dataset
        files = {
            "molecules": data / "molecules.csv",
            "dataset": data / "dataset.json",
            "folds": results / "folds" / spec.dataset / f"{spec.split}-r{spec.repeat}.csv",
        }
        if spec.graph_features:
            files["features"] = features / f"{spec.graph_features}.npz"
        if spec.uses_descriptors:
            files["descriptors"] = features / "descriptors.npz"
        if spec.ranked_by:
            files["shap"] = spec.ranked_by.path(results / "shap").with_name("shap.npz")
        return files | {f"{kind}_code": code for kind, code in plugins.files(spec.as_dict()).items()}

    def summary(self, spec: FoldSpec, record: RunRecord | ClassRecord) -> dict[str, Part]:
        """Best and last values of each fold, recomputed from the record's curves.

        Raises:
            UserError: a curve has not one value an epoch.
        """
        for place, fold in enumerate(record.folds):
            objective = spec.objective
            curves = {"train_loss": fold.train_loss, **objective.curves(fold)}
            curves |= {f"val_{name}": curve for name, curve in objective.val_curves(fold).items()}
            for name, curve in curves.items():
                if len(curve) != spec.epochs:
                    raise UserError(f"folds.{place}.{name} has {len(curve)} values, expected {spec.epochs}")
        return summarise(record.folds)

    def record_of(self, values: Mapping[str, Any]) -> type[Record]:
        """`RunRecord` of models that predict numbers, `ClassRecord` of those that learn classes."""
        return objective_of(values).record

    def diff(self, ours: RunRecord | ClassRecord, theirs: RunRecord | ClassRecord) -> list[str]:
        """Differing fields, then differing results of each fold, a line each."""
        return record_diff.folds(as_json(ours), as_json(theirs))
