"""Language models against what PyTorch computed of them (`make_torch_fixtures_of_gpts.py`), without torch."""

from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest
from gpts import SPECS, VOCABULARY
from mlx.utils import tree_flatten, tree_unflatten
from score_mlx.models.language.gpt import SILENT
from score_mlx.models.language.models import build

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.mark.parametrize("name", SPECS)
def test_equal_to_torch(name, both_ways):
    """Logits, loss and the gradient by each parameter."""
    with np.load(FIXTURES / f"gpt_{name}.npz", allow_pickle=False) as arrays:
        f = dict(arrays)
    model = build(SPECS[name], VOCABULARY, seed=0)
    given = {key.removeprefix("weight."): mx.array(f[key]) for key in f if key.startswith("weight.")}
    assert given.keys() == dict(tree_flatten(model.trainable_parameters())).keys()
    tokens, targets = mx.array(f["tokens"]), mx.array(f["targets"])

    def loss(parameters):
        model.update(tree_unflatten(list(parameters.items())))
        return model.losses(tokens, targets).mean()

    value, gradients = mx.value_and_grad(loss)(given)
    model.update(tree_unflatten(list(given.items())))
    np.testing.assert_allclose(np.array(model.logits(tokens, SILENT)), f["logits"], rtol=1e-4, atol=1e-4)
    assert float(value) == pytest.approx(float(f["loss"]), rel=1e-5)
    for key, found in gradients.items():
        expected = f[f"grad.{key}"]
        scale = max(abs(expected).max(), 1e-3)
        np.testing.assert_allclose(np.array(found), expected, rtol=1e-3, atol=1e-4 * scale, err_msg=key)
