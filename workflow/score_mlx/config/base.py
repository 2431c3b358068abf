"""What all parts of config.yaml are made of: ranges of values, strict models, the base of experiments."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from score_mlx.runs.spec import Spec

Name = Annotated[str, Field(min_length=1, max_length=200)]
Epochs = Annotated[int, Field(ge=1, le=100_000)]
BatchSize = Annotated[int, Field(ge=1, le=100_000)]
# strict=False: YAML 1.1 reads 1e-3 as text.
LearningRate = Annotated[float, Field(gt=0, le=1, strict=False)]
FigureName = Annotated[str, Field(pattern=r"^figure\d+[a-z]?$")]
CsvName = Annotated[str, Field(pattern=r"^\w+\.csv$")]


class Typed(BaseModel):
    """No unknown key, no silent conversion: `epochs: "150"` and `epochs: true` are errors."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, protected_namespaces=())


class Experiment(Typed):
    """A table of the paper: where its published values are, which figure shows the same runs."""

    title: Name
    paper: CsvName | None = None
    figure: FigureName | None = None
    top: Annotated[int, Field(ge=0)] = 0
    drawing: ClassVar[str]  # what `figure` is, which `cli.figure` knows

    @property
    def drawings(self) -> dict[str, str]:
        """Its figures, and what each of them is."""
        return {self.figure: self.drawing} if self.figure else {}

    def specs(self, config: Any, split: str) -> list[Spec]:
        """Its runs, in the order of config.yaml.

        Args:
            config: the whole `Config`.
            split: how molecules are divided into folds.
        """
        raise NotImplementedError

    def shows(self, figure: str, spec: Spec) -> bool:
        """Whether a figure shows a run."""
        return True
