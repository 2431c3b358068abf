"""Graph networks applied to new molecules."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import mlx.core as mx
import numpy as np

from score_mlx.data.chem.features import SCHEMES, featurise
from score_mlx.models.graphs.batch import Batcher
from score_mlx.models.graphs.model import GraphModel
from score_mlx.models.graphs.recipe import recipe
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.models.graphs.task import Prediction
from score_mlx.nn import Noise
from score_mlx.runs.family import Predictor


def _model(spec: GraphSpec, descriptors: int) -> GraphModel:
    return GraphModel(spec, *SCHEMES[spec.features], descriptors)


def _ask(spec: GraphSpec, smiles: Sequence[str], scaled: list[np.ndarray]) -> Callable[..., mx.array]:
    graphs = featurise(smiles, spec.features, processes=1)
    unknown, pairs = np.zeros(len(smiles)), recipe(spec.arch).pairs
    batchers = [Batcher(graphs, unknown, values, pairs=pairs) for values in scaled or [None]]

    def ask(place: int, model: GraphModel, chosen: np.ndarray) -> mx.array:
        batch = batchers[place if scaled else 0].batch(chosen)
        arrays = {name: mx.array(values) for name, values in batch.arrays.items()}
        return Prediction(batch.shape)(model, arrays, Noise(None))

    return ask


PREDICTOR = Predictor(_model, _ask)
