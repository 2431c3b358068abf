"""The benchmark's own arithmetic: what it counts, which engines have which models, the picture."""

import mlx.core as mx
import mlx.nn as nn
import pytest
from score_mlx.bench import roofline
from score_mlx.bench.engines import ENGINES
from score_mlx.graphs.spec import ARCHS, GraphSpec
from score_mlx.nn import linear
from score_mlx.plots import speed


def test_products_are_counted_and_the_counting_ends():
    a, b = mx.zeros((3, 4)), mx.zeros((4, 5))
    with roofline._counted() as total:
        a @ b
        assert total[0] == 2 * 3 * 4 * 5
        mx.zeros((7, 3, 4)) @ b
        assert total[0] == 2 * (1 + 7) * 3 * 4 * 5
        nn.Linear(4, 5)(a)  # by addmm
        assert total[0] == 2 * (1 + 7 + 1) * 3 * 4 * 5
        linear(a, mx.zeros((5, 4)))  # by a kernel, where there is one
        assert total[0] == 2 * (1 + 7 + 1 + 1) * 3 * 4 * 5
    a @ b
    linear(a, mx.zeros((5, 4)))
    assert total[0] == 2 * 10 * 3 * 4 * 5


def test_the_rate_of_the_blas_is_a_rate():
    assert 0.1 < roofline.gflop_per_second(0.05) < 1e5


@pytest.mark.parametrize("arch", ARCHS)
def test_every_model_is_compared_with_somebody_but_mpnn(arch):
    has = {engine for engine, (_, known) in ENGINES.items() if known(GraphSpec("esol", arch, "base"))}
    ours = {"score-mlx", "score-mlx-plain"}
    assert ours <= has
    assert (has == ours) == (arch == "mpnn")
    assert ("chemprop" in has) == (arch == "dmpnn")


def test_the_picture(tmp_path):
    rows = [
        {"architecture": arch, "form": form, "engine": engine, "seconds_per_epoch": 0.1 * (1 + place)}
        for arch in ARCHS
        for form in ("base", "SCORE")
        for place, engine in enumerate(speed.ENGINE_STYLE)
    ]
    speed.draw(rows, tmp_path / "bench.png")
    assert (tmp_path / "bench.png").stat().st_size > 10_000 and (tmp_path / "bench.pdf").exists()
