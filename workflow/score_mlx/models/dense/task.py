"""A dense network's run as a task for the training loop."""

from __future__ import annotations

from collections.abc import Collection

import mlx.core as mx
import mlx.nn as nn
import numpy as np

from score_mlx.data.fold_data import FoldedData
from score_mlx.models.dense.networks import HEADS
from score_mlx.models.dense.spec import DenseSpec
from score_mlx.nn import Noise
from score_mlx.training.fold_task import Arrays, FoldTask, Predict, to_device


class DenseModel(nn.Module):
    """Dropout on the descriptors, then one of the heads of graph networks.

    Args:
        network: a key of `HEADS`.
        descriptors: width D of the input.
    """

    def __init__(self, network: str, descriptors: int):
        super().__init__()
        self.head = HEADS[network](descriptors)

    def __call__(self, descriptors: mx.array, molecule_id: mx.array, noise: Noise) -> mx.array:
        """descriptors (B, D), molecule_id (B,) names of rows for `Noise` -> predictions (B,)."""
        return self.head(noise(descriptors, molecule_id)).squeeze(-1)


class DenseTask(FoldTask[DenseSpec, FoldedData]):
    """Training of one dense network; arguments as in `FoldTask`."""

    validation_batch = 4096

    def prepare(self) -> None:
        """Scale the descriptors (N, D) and targets (N,) of each member, once for all epochs."""
        self.inputs = [member.data.scaled(member.fold) for member in self.members]
        self.known = [member.labels.astype(np.float32) for member in self.members]

    def model(self) -> DenseModel:
        """A new network, as wide at its input as there are descriptors."""
        return DenseModel(self.spec.network, self.data.raw.shape[1])

    def alone(self, place: int, molecules: np.ndarray, names: Collection[str] | None = None) -> Arrays:
        """A member's rows of descriptors."""
        arrays = self._batch(self.inputs[place], self.known[place], molecules, len(molecules))
        return {name: mx.array(values) for name, values in arrays.items()}

    def predicting(self, molecules: np.ndarray) -> Predict:
        """What a model makes of a batch of any size."""
        return _predict

    def side_by_side(self, molecules: list[np.ndarray]) -> tuple[Arrays, Predict]:
        """One batch a member, padded with zero rows to the largest."""
        rows = max(map(len, molecules))
        parts = zip(self.inputs, self.known, molecules, strict=True)
        return to_device([self._batch(*part, rows) for part in parts]), _predict

    def _batch(self, inputs: np.ndarray, known: np.ndarray, molecules: np.ndarray, rows: int) -> dict[str, np.ndarray]:
        """Rows of a fold's molecules, zeros where there is none."""
        padding = rows - len(molecules)
        return {
            "descriptors": np.pad(inputs[molecules], ((0, padding), (0, 0))),
            "label": np.pad(known[molecules], (0, padding)),
            "weight": np.pad(np.ones(len(molecules), np.float32), (0, padding)),
            "molecule_id": np.arange(rows, dtype=np.uint32),
        }


def _predict(model: DenseModel, arrays: Arrays, noise: Noise) -> mx.array:
    return model(arrays["descriptors"], arrays["molecule_id"], noise)
