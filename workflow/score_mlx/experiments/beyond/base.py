"""What experiments beyond the paper have in common: settings, and what is made of their runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field

from score_mlx.data.dataset_names import BuiltIn
from score_mlx.data.splits import Drawn
from score_mlx.experiments.base import Name, Typed
from score_mlx.models.graphs.choices import Head, Readout
from score_mlx.models.graphs.size import BLOCKS
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.runs.run import FoldRun
from score_mlx.runs.spec import Spec
from score_mlx.system.choices import OneOf
from score_mlx.tables.table import Table

Block = OneOf[str, BLOCKS]
Repeats = Annotated[list[Annotated[int, Field(ge=0, le=100)]], Field(min_length=1)]
Archs = Annotated[list[Block], Field(min_length=1)]


class Setting(Typed):
    """Readout and head, as the paper's tables vary them."""

    readout: Readout = GraphSpec.readout
    head: Head = GraphSpec.head


class Data(Typed):
    """A data set and how it is divided; by default config.yaml's."""

    dataset: BuiltIn | None = None
    split: Drawn | None = None


class Beyond(Typed):
    """An experiment that the paper lacks: `results/{name}.csv`."""

    title: Name
    code: ClassVar[tuple[str, ...]]  # the modules that make its tables and its figure
    drawn: ClassVar[bool] = False  # whether it has a figure

    @property
    def own_data(self) -> bool:
        """Whether it can be made on any data set, rather than on those that it names."""
        return True

    def specs(self, config: Any) -> list[Spec]:
        """Its runs, in the order of config.yaml; `config` is the whole `Config`."""
        raise NotImplementedError

    def tables(self, config: Any, there: Mapping[Spec, FoldRun], missing: Sequence[Spec]) -> dict[str, Table]:
        """Its tables, by what follows its name in theirs; the first one has "".

        Args:
            config: the whole `Config`.
            there, missing: its runs with a record, at least one, and its specs without.
        """
        raise NotImplementedError

    def draw(self, there: Mapping[Spec, FoldRun], missing: Sequence[Spec], out: Path) -> None:
        """Draw its figure, where `drawn`: `out` (.png), .pdf and caption beside it."""
        raise NotImplementedError

    @property
    def heading(self) -> str:
        """Its title above tables and figures."""
        return self.title.rstrip(".")


def common(config: Any, data: Data | None = None) -> dict[str, Any]:
    """Fields of graph networks that the whole config says."""
    data = data or Data()
    chosen = {"split": data.split or config.split, "seed": config.seed, "features": config.features}
    return config.graphs.model_dump() | chosen | {"dataset": data.dataset or config.dataset_name}
