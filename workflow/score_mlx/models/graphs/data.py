"""What a graph run reads beside targets and folds: the molecules' graphs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from score_mlx.data.chem.molecules import MoleculeGraphs
from score_mlx.data.fold_data import FoldedData, same_length


@dataclass(frozen=True, kw_only=True)
class GraphData(FoldedData):
    """A data set ready for training graph networks.

    Attributes:
        graphs: N molecules; the others as in `FoldedData`.
    """

    graphs: MoleculeGraphs

    @classmethod
    def _parts(cls, files: Mapping[str, Path]) -> dict[str, Any]:
        parts = super()._parts(files)
        graphs = MoleculeGraphs.load(files["features"])
        same_length(files["features"], graphs, files["molecules"], parts["targets"])
        return parts | {"graphs": graphs}
