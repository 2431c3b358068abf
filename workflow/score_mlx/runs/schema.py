"""The types of run records, which are their schema: one for runs on folds of molecules, one for language models."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from score_mlx.data.described import CorpusPart, DataSet, Part


class Cut(Part):
    """A training setting below the paper's."""

    setting: str
    ours: float | int
    paper: float | int


class Fold(Part):
    """One fold's curves, a value an epoch; null where it is not finite."""

    fold: int
    train: int = Field(description="number of training molecules")
    test: int
    train_loss: list[float | None] = Field(description="mean squared error over the epoch's batches")
    rmse: list[float | None] = Field(description="of the fold's test molecules, after each epoch")
    val: int | None = Field(None, description="molecules that choose the epoch, of a hold-out")
    val_rmse: list[float | None] | None = Field(None, description="of these molecules, after each epoch")
    target_scale: list[float] | None = Field(
        None, description="mean and standard deviation of the training targets, where the model learns scaled ones"
    )
    learned_dt: list[float] | None = Field(None, description="step sizes after the last epoch, where they are learned")
    mad: float | None = Field(None, description="mean average distance of the test molecules' last atom states")
    fitted: dict[str, float | int | list[str]] | None = Field(None, description="what a classical model's fit chose")


class Best(Part):
    """Per fold the RMSE at the best epoch and that epoch, counted from 1.

    The best epoch has the lowest test RMSE, as the paper selects, or in a hold-out the lowest val_rmse.
    """

    rmse: list[float | None]
    epoch: list[int | None]


class Last(Part):
    """Per fold the RMSE after the last epoch: no choice made on the test fold."""

    rmse: list[float | None]


class FoldRecord(Part):
    """What every record of a model trained on folds of molecules has."""

    schema_: Literal[1] = Field(alias="schema")
    family: str = Field("graphs", description="of models; records from before there were others lack it")
    science: int
    spec: dict[str, bool | int | float | str]
    cuts: list[Cut]
    dataset: DataSet
    parameters: int | None = Field(description="numbers trained, of one fold's model; null where that says nothing")

    @property
    def data(self) -> DataSet:
        """What was trained on."""
        return self.dataset


class RunRecord(FoldRecord):
    """The record of a model that predicts numbers, trained on folds of molecules."""

    folds: list[Fold]
    best: Best
    last: Last


class ClassFold(Part):
    """One fold's curves of a model that learns classes, a value an epoch; null where it is not finite."""

    fold: int
    train: int = Field(description="number of training molecules")
    test: int
    train_loss: list[float | None] = Field(description="cross-entropy over the epoch's batches")
    roc_auc: list[float | None] = Field(description="area under the ROC curve of the test molecules, after each epoch")
    pr_auc: list[float | None] = Field(description="average precision of the test molecules, after each epoch")
    val: int | None = Field(None, description="molecules that choose the epoch, of a hold-out")
    val_roc_auc: list[float | None] | None = Field(None, description="of these molecules, after each epoch")
    val_pr_auc: list[float | None] | None = None
    learned_dt: list[float] | None = Field(None, description="step sizes after the last epoch, where they are learned")
    mad: float | None = Field(None, description="mean average distance of the test molecules' last atom states")
    fitted: dict[str, float | int | list[str]] | None = Field(None, description="what a classical model's fit chose")


class ClassBest(Part):
    """Per fold the values at the best epoch and that epoch, counted from 1.

    The best epoch has the highest test ROC-AUC, or in a hold-out the highest val_roc_auc.
    """

    roc_auc: list[float | None]
    pr_auc: list[float | None]
    epoch: list[int | None]


class ClassLast(Part):
    """Per fold the values after the last epoch: no choice made on the test fold."""

    roc_auc: list[float | None]
    pr_auc: list[float | None]


class ClassRecord(FoldRecord):
    """The record of a model that learns classes: its spec's `task` is `classification`."""

    folds: list[ClassFold]
    best: ClassBest
    last: ClassLast


class Evaluation(Part):
    """A language model after `step` updates; null where a loss is not finite."""

    step: int
    seconds: float | None = Field(None, description="of counted training, where the run ends by the clock")
    train_loss: float | None = Field(None, description="nats a token, over random batches of the training text")
    val_loss: float | None = Field(None, description="the same of the validation text")
    part_bpb: float | None = Field(None, description="bits a byte of the first eighth of the evaluated tokens")
    val_bpb: float | None = Field(None, description="bits a byte of the validation text, after the last step")
    evaluated_tokens: int | None = Field(None, description="over which val_bpb was computed")


class Sample(Part):
    """Text that the trained model wrote, and two plain measures of it."""

    text: str
    seed: int
    temperature: float
    known_words: float | None = Field(description="share of its words that occur in the corpus; null without words")
    longest_copy: int = Field(description="characters of the longest span that stands in the corpus")


class LanguageRecord(Part):
    """The record of a language model."""

    schema_: Literal[1] = Field(alias="schema")
    family: Literal["language"]
    science: int
    spec: dict[str, bool | int | float | str]
    cuts: list[Cut]
    corpus: CorpusPart
    parameters: int
    evaluations: list[Evaluation]
    best: Evaluation = Field(description="of the lowest val_loss; the last where val_bpb counts")
    last: Evaluation
    trained_tokens: int
    sample: Sample | None = None

    @property
    def data(self) -> CorpusPart:
        """What was trained on."""
        return self.corpus


class RunMeta(BaseModel):
    """How a run was made: time, machine, versions, settings that change no number; run.meta.json beside the record."""

    model_config = ConfigDict(extra="allow", strict=True)

    seconds: float = Field(description="training time, all sessions of a resumed run together")
    started: str
    host: str
    device: str
    platform: str
    versions: dict[str, str]
    commit: str | None
    resumed: int
    preset: str
    replicas: int
    runtime: dict[str, str | int] | None = Field(
        None, description="precision of float32 products, compilation, and on a GPU driver and memory settings"
    )
    plugins: dict[str, str] | None = Field(None, description="kind and name -> SHA-256 of its file")
    adopted_from: str | None = Field(None, description="where the record was taken from, if it was made elsewhere")


AnyFold = Fold | ClassFold
Record = RunRecord | ClassRecord | LanguageRecord
