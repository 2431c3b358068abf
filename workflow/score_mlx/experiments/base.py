"""What all parts of config.yaml are made of: ranges of values, strict models, the base of experiments."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from score_mlx.runs.run import FoldRun, Run
from score_mlx.runs.spec import Spec
from score_mlx.tables.table import Table

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
    of_classes: ClassVar[bool] = True  # whether it can be made of models that learn classes
    of_text: ClassVar[bool] = False  # about language models, which stand beside the paper's molecules only
    run_kind: ClassVar[type[Run]] = FoldRun
    table_code: ClassVar[str | None] = None  # the module that makes its table, if it has one
    draws: ClassVar[tuple[str, ...]] = ()  # its kinds of drawings; `figure` is the first
    drawing_code: ClassVar[tuple[str, ...]] = ()  # the modules that make these, and read the paper's values for them

    @classmethod
    def table(cls, title: str, runs: Sequence[Any], paper: Path | None, top: int, not_run: Sequence[str]) -> Table:
        """The table of its runs.

        Args:
            title: of the table.
            runs: as `run_kind`, at least one.
            paper: the file of the paper's values, None where it prints none.
            top: how many of the best are marked.
            not_run: models to list without numbers.
        """
        raise NotImplementedError

    @classmethod
    def draw(cls, drawing: str, runs: Sequence[Any], out: Path, title: str, paper: Path | None, line: Any) -> None:
        """Draw a figure of its runs.

        Args:
            drawing: one of `draws`.
            out: .png; .pdf and caption beside it.
            title, paper: as of `table`.
            line: the run of a model to draw as a line, or None.
        """
        raise NotImplementedError

    @property
    def drawings(self) -> dict[str, str]:
        """Its figures, and what each of them is."""
        return {self.figure: self.draws[0]} if self.figure and self.draws else {}

    def specs(self, config: Any, split: str) -> Sequence[Spec]:
        """Its runs, in the order of config.yaml.

        Args:
            config: the whole `Config`.
            split: how molecules are divided into folds.
        """
        raise NotImplementedError

    def shows(self, figure: str, spec: Spec) -> bool:
        """Whether a figure shows a run."""
        return True
