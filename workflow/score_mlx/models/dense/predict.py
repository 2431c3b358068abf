"""Dense networks applied to new molecules."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import mlx.core as mx
import numpy as np

from score_mlx.models.dense.spec import DenseSpec
from score_mlx.models.dense.task import DenseModel
from score_mlx.nn import Noise
from score_mlx.runs.family import Predictor


def _model(spec: DenseSpec, descriptors: int) -> DenseModel:
    return DenseModel(spec.network, descriptors)


def _ask(spec: DenseSpec, smiles: Sequence[str], scaled: list[np.ndarray]) -> Callable[..., mx.array]:
    def ask(place: int, model: DenseModel, chosen: np.ndarray) -> mx.array:
        return model(mx.array(scaled[place][chosen]), mx.arange(len(chosen)), Noise(None))

    return ask


PREDICTOR = Predictor(_model, _ask)
