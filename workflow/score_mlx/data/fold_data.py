"""What every run reads: targets, folds, and descriptors scaled by what a fold trains on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from score_mlx.data.chem.folds import load_folds, load_parts
from score_mlx.data.chem.prepared import INFO, content_sha256, load_info, load_molecules
from score_mlx.data.chem.scaling import DescriptorScaler, load_descriptors
from score_mlx.data.described import DataSet
from score_mlx.data.splits import PARTS
from score_mlx.system.errors import UserError
from score_mlx.system.files import sha256


@dataclass(frozen=True, kw_only=True)
class FoldedData:
    """A data set divided into folds.

    Attributes:
        info: the data set's `dataset.json`, with `folds_sha256`.
        targets: (N,) float64, unscaled.
        folds: (N,) the fold that tests each molecule; of a hold-out its place in `PARTS`.
        holdout: whether the molecules are divided into `PARTS` and not into folds; fold 0 is then the only one.
        descriptors: (N, D) raw descriptors, or None.
        names: (D,) names of the descriptors, or None.
    """

    info: dict[str, Any]
    targets: np.ndarray
    folds: np.ndarray
    descriptors: np.ndarray | None = None
    names: np.ndarray | None = None
    holdout: bool = False

    @classmethod
    def load(cls, files: Mapping[str, Path]) -> Self:
        """Reads the DAG's files, named as in `inputs_of`.

        Raises:
            UserError: one is missing, damaged, or of another number of molecules.
        """
        return cls(**cls._parts(files))

    @classmethod
    def _parts(cls, files: Mapping[str, Path]) -> dict[str, Any]:
        targets = load_molecules(files["molecules"]).targets
        info = load_info(files["dataset"].parent)
        found, expected = content_sha256(files["molecules"], info["name"]), info["sha256"]
        if found != expected:
            raise UserError(f"{files['molecules']}: sha256 {found}, expected {expected} as {files['dataset']} says")
        info |= {"folds_sha256": sha256(files["folds"])}
        holdout = files["folds"].name.startswith("holdout-")
        folds = (load_parts if holdout else load_folds)(files["folds"], len(targets))
        parts = {"info": info, "targets": targets, "folds": folds, "holdout": holdout}
        if "descriptors" in files:
            parts["descriptors"], parts["names"] = load_descriptors(files["descriptors"])
            same_length(files["descriptors"], parts["descriptors"], files["molecules"], targets)
        return parts

    def record(self) -> DataSet:
        """The `dataset` part of a run record."""
        return DataSet(**{name: self.info[name] for name in (*INFO, "folds_sha256")})

    @property
    def fold_numbers(self) -> list[int]:
        """The folds in ascending order; a hold-out has one, 0."""
        return [0] if self.holdout else sorted({int(fold) for fold in self.folds})

    def train(self, fold: int) -> np.ndarray:
        """Indices of the molecules that train fold `fold`, in file order."""
        return self._part("train") if self.holdout else np.flatnonzero(self.folds != fold)

    def val(self, fold: int) -> np.ndarray:
        """Indices of the molecules that choose the epoch of fold `fold`; none but of a hold-out."""
        return self._part("val") if self.holdout else np.empty(0, np.int64)

    def test(self, fold: int) -> np.ndarray:
        """Indices of the molecules that test fold `fold`, in file order."""
        return np.flatnonzero(self.folds == fold)

    def _part(self, name: str) -> np.ndarray:
        return np.flatnonzero(self.folds == PARTS.index(name))

    def target_scale(self, fold: int) -> tuple[float, float]:
        """Mean and standard deviation (divisor n) of the targets that fold `fold` trains on; 1 where all are equal."""
        known = self.targets[self.train(fold)]
        mean, deviation = float(known.mean()), float(known.std())
        return mean, deviation if deviation > 1e-12 * abs(mean) else 1.0

    def scaled_descriptors(self, fold: int) -> np.ndarray | None:
        """(N, D) float32 descriptors scaled by what fold `fold` trains on, or None."""
        return None if self.descriptors is None else self.scaled(fold)

    def scaled(self, fold: int) -> np.ndarray:
        """The same of data that must have descriptors.

        Raises:
            ValueError: they were not loaded.
        """
        return self.scaler(fold).transform(self.raw)

    def scaler(self, fold: int) -> DescriptorScaler:
        """What fold `fold` trains on, as a scale for descriptors."""
        return DescriptorScaler().fit(self.raw[self.train(fold)])

    @property
    def raw(self) -> np.ndarray:
        """(N, D) descriptors as they are, of data that must have them.

        Raises:
            ValueError: they were not loaded.
        """
        if self.descriptors is None:
            raise ValueError("these data were loaded without descriptors")
        return self.descriptors

    @property
    def columns(self) -> np.ndarray:
        """(D,) names of the descriptors, of data that must have them.

        Raises:
            ValueError: they were not loaded.
        """
        if self.names is None:
            raise ValueError("these data were loaded without names of descriptors")
        return self.names


def same_length(path: Path, values: Any, molecules: Path, targets: np.ndarray) -> None:
    """Check that a file has a value for each molecule.

    Raises:
        UserError: a file is of another number of molecules than molecules.csv.
    """
    if len(values) != len(targets):
        raise UserError(f"{path}: {len(values)} molecules, expected {len(targets)} as in {molecules}")
