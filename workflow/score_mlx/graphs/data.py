"""What a graph run reads: the prepared files of a data set, and the batches made of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from score_mlx.chem.folds import load_folds
from score_mlx.chem.molecules import MoleculeGraphs
from score_mlx.chem.prepared import load_info, load_molecules
from score_mlx.chem.scaling import DescriptorScaler, load_descriptors
from score_mlx.errors import UserError
from score_mlx.files import sha256


@dataclass(frozen=True)
class GraphData:
    """A data set ready for training.

    Attributes:
        info: the data set's `dataset.json`, with `folds_sha256`.
        graphs: N molecules.
        targets: (N,) float64, unscaled.
        folds: (N,) the fold that tests each molecule.
        descriptors: (N, D) raw descriptors, or None.
    """

    info: dict[str, Any]
    graphs: MoleculeGraphs
    targets: np.ndarray
    folds: np.ndarray
    descriptors: np.ndarray | None = None

    @classmethod
    def load(cls, folder: Path, features: Path, descriptors: Path | None, folds: Path) -> GraphData:
        """Reads the DAG's files.

        Raises:
            UserError: one is missing, damaged, or of another number of molecules.
        """
        targets = load_molecules(folder / "molecules.csv").targets
        graphs = MoleculeGraphs.load(features)
        if len(graphs) != len(targets):
            raise UserError(f"{features}: {len(graphs)} molecules, expected {len(targets)} as in {folder}")
        values = None
        if descriptors is not None:
            values, _ = load_descriptors(descriptors)
            if len(values) != len(targets):
                raise UserError(f"{descriptors}: {len(values)} molecules, expected {len(targets)} as in {folder}")
        info = load_info(folder) | {"folds_sha256": sha256(folds)}
        return cls(info, graphs, targets, load_folds(folds, len(targets)), values)

    def record(self) -> dict[str, Any]:
        """The `dataset` part of a run record."""
        names = ("name", "label", "unit", "stand_in", "rows", "sha256", "folds_sha256")
        return {name: self.info[name] for name in names}

    def train(self, fold: int) -> np.ndarray:
        """Indices of the molecules that train fold `fold`, in file order."""
        return np.flatnonzero(self.folds != fold)

    def test(self, fold: int) -> np.ndarray:
        """Indices of the molecules that test fold `fold`, in file order."""
        return np.flatnonzero(self.folds == fold)

    def scaled_descriptors(self, fold: int) -> np.ndarray | None:
        """(N, D) float32 descriptors scaled by what fold `fold` trains on, or None."""
        if self.descriptors is None:
            return None
        return DescriptorScaler().fit(self.descriptors[self.train(fold)]).transform(self.descriptors)
