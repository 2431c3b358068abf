"""Descriptors as models take them: read from their file, scaled with what the training fold knows."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from score_mlx.system.files import read_arrays


def load_descriptors(path: str | Path) -> tuple[np.ndarray, np.ndarray]:
    """Reads what `descriptors.save` wrote: values (N, D) float64, names (D,).

    Raises:
        UserError: the file is missing or is not such a file.
    """
    arrays = read_arrays(path, ("values", "names"), "descriptors")
    return arrays["values"], arrays["names"]


class DescriptorScaler:
    """arcsinh, then mean 0 and standard deviation 1 as the training fold has them.

    arcsinh tames columns that span hundreds of decades (Ipc) and, unlike the logarithm, takes zero and negatives.
    Missing values take no part in mean and deviation and become 0, the mean. Columns that do not vary within the
    training fold are 0 for every molecule.
    """

    def fit(self, values: np.ndarray) -> DescriptorScaler:
        """Learns mean and deviation (divisor n) of each column from `values` (n, D) of the training fold alone."""
        if not len(values):
            raise ValueError("no rows to fit the descriptor scaler on")
        known, count, x = _known(values)
        self.mean = x.sum(0) / count  # (D,)
        deviation = np.sqrt((np.where(known, x - self.mean, 0) ** 2).sum(0) / count)
        # Rounding leaves a constant column with a deviation of about 1e-16 of its size.
        constant = deviation <= 1e-12 * np.abs(x).max(0)
        self.scale = np.where(constant, 0, 1 / np.where(constant, 1, deviation))
        return self

    def transform(self, values: np.ndarray) -> np.ndarray:
        """(n, D) raw values -> (n, D) float32, finite."""
        known, _, x = _known(values)
        return np.where(known, (x - self.mean) * self.scale, 0).astype(np.float32)


def _known(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where values are finite (n, D); how many are in each column, at least 1 (D,); arcsinh of them, 0 elsewhere."""
    values = np.asarray(values, dtype=np.float64)
    known = np.isfinite(values)
    return known, np.maximum(known.sum(0), 1), np.arcsinh(np.where(known, values, 0))
