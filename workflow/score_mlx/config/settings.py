"""What may stand in config.yaml, typed: every choice with its range, and the runs that each experiment lists."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from score_mlx.config import columns
from score_mlx.config.language import LanguageSettings
from score_mlx.config.models import ClassicalSettings, DenseSettings, Devices, GraphSettings, Presets, TaskName
from score_mlx.config.robustness import ROBUSTNESS_CHOICES, RobustnessRuns
from score_mlx.data.dataset_names import BUILT_IN, column_dataset, dataset_name, ending
from score_mlx.data.splits import GIVEN, STRATIFIED, Split
from score_mlx.experiments.base import Name, Typed
from score_mlx.experiments.registry import AnyBeyond, AnyExperiment
from score_mlx.models.graphs.choices import Features, Fidelity
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.runs import plugins
from score_mlx.runs.objective import CLASSIFICATION, REGRESSION
from score_mlx.runs.spec import Spec
from score_mlx.system.choices import OneOf
from score_mlx.system.errors import UserError, unknown

PluginKind = OneOf[str, plugins.KINDS]  # a field of Config hides the module


class Config(Typed):
    """Every choice. `specs` turns an experiment of it into the runs to train."""

    dataset: Name = "esol"
    smiles_column: Name = "smiles"
    target_column: columns.TargetColumn = "target"
    name_column: Name | None = None
    fold_column: Name | None = None
    target_label: columns.TargetLabel = None
    target_unit: str = ""
    drop_bad: bool = False
    data_folders: Annotated[list[Name], Field(min_length=1)] = ["data/raw", "../shared/data"]
    precision: Literal["float32", "tf32"] = "float32"
    device: Devices = Devices()
    preset: Literal["auto", "paper", "laptop", "smoke"] = "auto"
    records: Name | None = None
    features: Features = GraphSpec.features
    fidelity: Fidelity = GraphSpec.fidelity
    task: TaskName = REGRESSION
    split: Annotated[Split | None, Field(validate_default=True)] = None
    scale_targets: bool | None = None
    repeat: Annotated[int, Field(ge=0, le=10_000)] = GraphSpec.repeat
    seed: Annotated[int, Field(ge=0, lt=2**32)] = GraphSpec.seed
    plugins: dict[PluginKind, dict[Name, Name]] = {}
    graphs: GraphSettings = GraphSettings()
    dense: DenseSettings = DenseSettings()
    classical: ClassicalSettings = ClassicalSettings()
    language: LanguageSettings = LanguageSettings()
    presets: Presets = Presets()
    experiments: dict[
        Annotated[str, Field(pattern=r"^(table\d+[a-z]?|figure\d+[a-z]?|learnable_dt)$")], AnyExperiment
    ] = {}
    robustness: list[RobustnessRuns] = []
    beyond: dict[Annotated[str, Field(pattern=r"^[a-z][a-z_]*$")], AnyBeyond] = {}

    @field_validator("dataset")
    @classmethod
    def _known_dataset(cls, value: str) -> str:
        try:
            dataset_name(value)
        except UserError as error:
            raise ValueError(str(error).removeprefix(f"dataset = {value}: ")) from None
        return value

    @property
    def folds_file(self) -> str | None:
        """The path of the reader's folds file, None where the folds are a column or are drawn."""
        return self.fold_column if self.fold_column and _is_file(self.fold_column) else None

    @field_validator("task")
    @classmethod
    def _of_own_classes(cls, value: str, info: ValidationInfo) -> str:
        if value == CLASSIFICATION and info.data.get("dataset") in BUILT_IN:
            raise ValueError(f"expected {REGRESSION!r}, as the targets of {info.data['dataset']} are numbers")
        return value

    @field_validator("split", mode="before")
    @classmethod
    def _usual(cls, value: Any, info: ValidationInfo) -> Any:
        """The paper's folds; of classes those that share them out."""
        return (STRATIFIED if info.data.get("task") == CLASSIFICATION else GraphSpec.split) if value is None else value

    @field_validator("split")
    @classmethod
    def _with_its_column(cls, value: str, info: ValidationInfo) -> str:
        column, dataset = info.data.get("fold_column"), info.data.get("dataset")
        if value in GIVEN and not column:
            raise ValueError("expected fold_column as well, which says whose folds")
        if value not in GIVEN and column:
            raise ValueError(f"expected {' or '.join(map(repr, GIVEN))}, as fold_column is {column!r}")
        if dataset in BUILT_IN and column and not _is_file(column):
            raise ValueError(f"expected fold_column to be a folds file (.csv), as {dataset} has no column '{column}'")
        if value == STRATIFIED and info.data.get("task") == REGRESSION:
            raise ValueError(f"expected another split with task {REGRESSION!r}, as these folds share out classes")
        return value

    @field_validator("scale_targets")
    @classmethod
    def _of_numbers(cls, value: bool | None, info: ValidationInfo) -> bool | None:
        if value and info.data.get("task") == CLASSIFICATION:
            raise ValueError(f"expected false with task {CLASSIFICATION!r}, as classes have no scale")
        return value

    @property
    def own_csv(self) -> str | None:
        """The path of the reader's own CSV, None for a built-in data set."""
        return None if self.dataset in BUILT_IN else self.dataset

    @property
    def scaled(self) -> bool:
        """Whether models learn scaled targets: those of a reader's own data, unless config.yaml decides it."""
        return self.task == REGRESSION and bool(self.own_csv) if self.scale_targets is None else self.scale_targets

    @property
    def dataset_name(self) -> str:
        """Folder of `results/data`: the built-in name, or the stem of the CSV and the column where it is of several."""
        several = isinstance(self.target_column, list)
        return column_dataset(self.dataset, self.column) if several else dataset_name(self.dataset)

    @property
    def column(self) -> str:
        """The target's column."""
        return columns.only(self.target_column)

    @property
    def stand_in_text(self) -> bool:
        """Whether language models learn from the stand-in text: beside stand-in molecules."""
        return self.dataset == "nci"

    @property
    def applicable(self) -> list[str]:
        """The experiments that concern this data set: language models only stand beside the paper's molecules."""
        texts = self.dataset in ("esol", "nci")
        return [name for name, e in self.experiments.items() if (texts or not e.of_text) and not self.unfit(name)]

    def unfit(self, name: str) -> str:
        """Why an experiment cannot be made of what is learnt; "" where it can."""
        experiment = self.experiments[name]
        reason = f"{name}: {experiment.kind} compares errors of numbers, expected it with task: {REGRESSION}"
        return reason if self.task == CLASSIFICATION and not experiment.of_classes else ""

    def of_kind(self, kind: str) -> list[str]:
        """The experiments of one kind."""
        return [name for name, experiment in self.experiments.items() if experiment.kind == kind]

    @property
    def experiment_of(self) -> dict[str, str]:
        """Figure -> the experiment that it shows."""
        return {figure: name for name, experiment in self.experiments.items() for figure in experiment.drawings}

    @property
    def tables_folder(self) -> str:
        """The paper's names are for the paper's data; any other data set keeps to a folder of its own."""
        return "results" if self.dataset == "esol" else f"results/{self.dataset_name}"

    @property
    def figures_folder(self) -> str:
        """`paper_figures` for the paper's data; any other data set has its figures beside its tables."""
        return "paper_figures" if self.dataset == "esol" else f"{self.tables_folder}/figures"

    def specs(self, experiment: str, split: str | None = None) -> list[Spec]:
        """The runs of an experiment in the order of config.yaml.

        Args:
            experiment: a key of `experiments`.
            split: instead of config.yaml's.
        """
        chosen = split or self.split
        if chosen is None:  # a validator has put the task's own there
            raise ValueError("split is not known")
        return list(self.experiments[experiment].specs(self, chosen))

    def figure_specs(self, experiment: str, figure: str) -> list[Spec]:
        """The runs of an experiment that one of its figures shows."""
        return [spec for spec in self.specs(experiment) if self.experiments[experiment].shows(figure, spec)]

    @property
    def beyond_here(self) -> list[str]:
        """The experiments of `beyond` that this data set can have: those that name data sets belong to the paper's."""
        if self.task == CLASSIFICATION:
            return []
        return [name for name, experiment in self.beyond.items() if self.dataset == "esol" or experiment.own_data]

    def beyond_specs(self, name: str) -> list[Spec]:
        """The runs of an experiment beyond the paper, each once.

        Raises:
            UserError: it names an experiment that there is not, or a change that a run of it cannot have.
        """
        if self.task == CLASSIFICATION:
            raise UserError(f"{name}: compares errors of numbers, expected it with task: {REGRESSION}")
        for experiment in getattr(self.beyond[name], "experiments", []):
            if experiment not in self.experiments:
                raise UserError(f"config.yaml: beyond.{name}: " + unknown("experiment", experiment, self.experiments))
        try:
            return list(dict.fromkeys(self.beyond[name].specs(self)))
        except (TypeError, UserError) as reason:
            raise UserError(f"config.yaml: beyond.{name}: {reason}") from None

    def beyond_own(self, name: str) -> list[Spec]:
        """Those of `beyond_specs` that no experiment of the paper lists; without any there is nothing to say."""
        listed = {spec for experiment in self.experiments for spec in self.specs(experiment)}
        return [spec for spec in self.beyond_specs(name) if spec not in listed]

    def baseline_specs(self) -> list[Spec]:
        """CatBoost on the descriptors, the line that figures of graph networks show; [] where no experiment has it."""
        specs = (spec for name in self.of_kind("baselines") for spec in self.specs(name))
        return [spec for spec in specs if spec.as_dict().get("method") == "catboost"]

    def robustness_specs(self) -> list[Spec]:
        """The runs that only `robustness` lists.

        Raises:
            UserError: it names an experiment or a model that there is not.
        """
        specs: dict[Spec, None] = {}
        for place, entry in enumerate(self.robustness):
            if entry.experiment not in self.experiments:
                raise UserError(
                    f"config.yaml: robustness.{place}: " + unknown("experiment", entry.experiment, self.experiments)
                )
            listed = self.specs(entry.experiment)
            for model in entry.models:
                if model not in (names := {spec.model: None for spec in listed}):
                    raise UserError(f"config.yaml: robustness.{place}: " + unknown("model", model, names))
            changes = [change for choice in entry.choices for change in ROBUSTNESS_CHOICES[choice]]
            chosen = [spec for spec in listed if not entry.models or spec.model in entry.models]
            for change in changes:
                specs |= dict.fromkeys(replace(spec, **change) for spec in chosen if set(change) <= set(spec.as_dict()))
        return list(specs)


def _is_file(text: str) -> bool:
    """Whether `fold_column` is a folds file and no column of the molecules' file."""
    return ending(text).removesuffix(".gz") in (".csv", ".tsv", ".txt")
