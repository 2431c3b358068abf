"""The mean average distance by its definition, whatever the padding, and in a run's record."""

import mlx.core as mx
import numpy as np
import pytest
import tiny
from score_mlx.models.graphs.by_degree import ByDegree
from score_mlx.models.graphs.edge_list import EdgeList
from score_mlx.models.graphs.oversmoothing import mean_average_distance
from score_mlx.models.graphs.task import GraphTask
from score_mlx.training.trainer import train


def by_hand(h, batch):
    """Loops over molecules and pairs."""
    total, count = 0.0, 0
    member = tiny.member(batch)
    for molecule in range(len(member)):
        states = h[np.flatnonzero(member[molecule])]
        for i, a in enumerate(states):
            others = [1 - a @ b / (np.linalg.norm(a) * np.linalg.norm(b)) for j, b in enumerate(states) if j != i]
            total, count = total + (np.mean(others) if others else 0), count + bool(others)
    return total, count


@pytest.mark.parametrize("layout", [ByDegree, EdgeList])
def test_by_its_definition(layout):
    batch = tiny.batch()
    h = np.random.default_rng(0).standard_normal((batch.shape.atoms, 6)).astype(np.float32)
    total, count = mean_average_distance(mx.array(h), tiny.topology(batch, layout))
    expected = by_hand(h, batch)
    assert (float(total), float(count)) == pytest.approx(expected, rel=1e-5)


def test_its_ends():
    bonds = tiny.topology(tiny.batch())
    same = mx.broadcast_to(mx.array([[3.0, 4.0]]), (bonds.shape.atoms, 2))
    total, count = mean_average_distance(same, bonds)
    assert float(total) == pytest.approx(0, abs=1e-5) and float(count) > 0
    nothing, _ = mean_average_distance(mx.zeros((bonds.shape.atoms, 2)), bonds)
    assert np.isfinite(float(nothing))


def test_it_stands_in_the_record_and_side_by_side_changes_nothing(tmp_path):
    spec, data = tiny.spec("gat", "SCORE", epochs=2), tiny.data(16)
    records = [train(GraphTask, spec, data, tmp_path / str(n), replicas=n, progress="none") for n in (1, 2)]
    one, two = ([fold.mad for fold in record.folds] for record in records)
    assert one == pytest.approx(two, rel=1e-3)
    assert all(0 < value < 2 for value in one)
