"""Optimisers by their defining properties: orthogonality, even rows, agreement with MLX's own."""

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest
import tiny_text
from mlx import optimizers as mlx_optimizers
from mlx.utils import tree_flatten
from score_mlx.models.language.challenge_settings import SETTINGS
from score_mlx.models.language.models import build as build_model
from score_mlx.models.language.optimizers.adam import FusedAdamW
from score_mlx.models.language.optimizers.groups import build
from score_mlx.models.language.optimizers.normuon import NorMuon
from score_mlx.models.language.optimizers.orthogonal import newton_schulz, polar_express, polar_express_8

RNG = np.random.default_rng(0)
SHAPES = [(24, 24), (48, 16), (16, 48)]


def matrix(*shape: int) -> mx.array:
    return mx.array(RNG.standard_normal(shape), mx.float32)


def singular_values(x: mx.array) -> np.ndarray:
    return np.linalg.svd(np.array(x, np.float64), compute_uv=False)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(("method", "low", "high"), [(newton_schulz, 0.6, 1.3), (polar_express, 0.85, 1.15)])
def test_singular_values_become_one(method, low, high, shape):
    u, _, vt = np.linalg.svd(RNG.standard_normal(shape), full_matrices=False)
    x = mx.array(u * np.geomspace(0.1, 5, min(shape)) @ vt, mx.float32)
    found = method(x)
    values = singular_values(found)
    assert low < values.min() and values.max() < high
    # singular vectors are kept: close to the exact polar factor
    assert np.abs(np.array(found) - u @ vt).max() < 0.3


def test_polar_express_is_the_more_exact():
    x = matrix(32, 32)
    spread = {m: np.ptp(singular_values(m(x))) for m in (newton_schulz, polar_express)}
    assert spread[polar_express] < spread[newton_schulz]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_muon_agrees_with_mlxs(shape):
    """Without evening of rows and decay the two are one optimiser, over several steps."""
    ours = NorMuon(0.02, method="newton_schulz", rows="none")
    theirs = mlx_optimizers.Muon(0.02, weight_decay=0.0)
    a = b = {"w": matrix(*shape)}
    for _ in range(4):
        gradient = {"w": matrix(*shape)}
        a, b = ours.apply_gradients(gradient, a), theirs.apply_gradients(gradient, b)
    np.testing.assert_allclose(np.array(a["w"]), np.array(b["w"]), atol=1e-5)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_normuon_evens_rows_and_keeps_the_norm(shape):
    optimizer = NorMuon(1.0, beta2=0.0)  # no memory: rows are evened by their own mean square alone
    update = polar_express(matrix(*shape) * mx.array(np.geomspace(0.05, 20, shape[0])[:, None], mx.float32), 2)
    state = {"rows": mx.zeros((shape[0], 1))}
    evened = np.array(optimizer._even(update, state))
    rows = np.sqrt((evened**2).mean(axis=1))
    before = np.sqrt((np.array(update) ** 2).mean(axis=1))
    assert np.ptp(rows) < 1e-4 < np.ptp(before)
    assert np.linalg.norm(evened) == pytest.approx(np.linalg.norm(np.array(update)), rel=1e-4)


def test_normuon_remembers_rows():
    optimizer = NorMuon(1.0, beta2=0.9)
    parameter = {"w": mx.zeros((8, 8))}
    for _ in range(3):
        parameter = optimizer.apply_gradients({"w": matrix(8, 8)}, parameter)
    rows = np.array(optimizer.state["w"]["rows"])
    assert rows.shape == (8, 1) and (rows > 0).all()


def test_decay_is_decoupled():
    """Without a gradient a parameter shrinks by rate times decay, and by nothing else."""
    optimizer = NorMuon(0.1, weight_decay=0.5)
    moved = optimizer.apply_gradients({"w": mx.zeros((4, 4))}, {"w": mx.ones((4, 4))})
    np.testing.assert_allclose(np.array(moved["w"]), 0.95, atol=1e-6)


@pytest.mark.parametrize("corrected", [False, True])
@pytest.mark.parametrize("decay", [0.0, 0.01])
def test_one_pass_adamw_is_mlxs(decay, corrected):
    make = {"learning_rate": 0.01, "betas": [0.8, 0.95], "eps": 1e-8, "weight_decay": decay}
    ours, theirs = (kind(**make, bias_correction=corrected) for kind in (FusedAdamW, mlx_optimizers.AdamW))
    a = b = {"w": matrix(5, 3), "b": matrix(3)}
    for _ in range(4):
        gradients = {"w": matrix(5, 3), "b": matrix(3)}
        a, b = ours.apply_gradients(gradients, a), theirs.apply_gradients(gradients, b)
    for name in a:
        np.testing.assert_allclose(np.array(a[name]), np.array(b[name]), rtol=1e-5, atol=1e-7)


def moved_by(spec) -> dict[str, str]:
    """Which optimiser holds state for each parameter."""
    groups = build(spec, build_model(spec, 16, 0))
    holders = groups.whole.state.get("states", [groups.whole.state])
    found: dict[str, str] = {}
    for group, state in zip(groups.groups, holders, strict=True):
        names = {name.rsplit(".", 1)[0] for name, _ in tree_flatten(state) if "." in name}
        assert not names & found.keys()  # none is moved twice
        found |= dict.fromkeys(names, f"{type(group.optimizer).__name__} {float(group.optimizer.learning_rate):.3g}")
    assert found.keys() == {name for name, _ in tree_flatten(build_model(spec, 16, 0).trainable_parameters())}
    return found


def test_muon_moves_the_matrices_of_blocks_only():
    found = moved_by(tiny_text.spec("chargpt", "SCORE_skip05", bigram=True))
    muon = {name for name, optimizer in found.items() if optimizer == "Muon 0.02"}
    assert muon == {name for name in found if name.startswith("depth.blocks") and name.endswith("weight")}
    assert {found[name] for name in found.keys() - muon} == {"FusedAdamW 0.0003"}


def test_groups_of_the_challenge():
    """Rates of settings A: width 64 stretches those of tables and head by sqrt(768 / 64)."""
    found = moved_by(tiny_text.spec("d4", "base"))
    assert found["depth.blocks.1.gate.weight"] == "NorMuon 0.04"
    stretch = (768 / 64) ** 0.5
    assert found["table.weight"] == found["pairs.weight"] == f"FusedAdamW {0.6 * stretch:.3g}"
    assert found["depth.blocks.1.value_table.weight"] == found["table.weight"]
    assert found["head.weight"] == f"FusedAdamW {0.004 * stretch:.3g}"
    assert (found["mix.residual"], found["mix.x0"], found["mix.bigram"]) == (
        "FusedAdamW 0.005",
        "FusedAdamW 0.5",
        "FusedAdamW 0.5",
    )


def test_rates_follow_the_clock():
    a, b = SETTINGS["A"], SETTINGS["B"]
    assert [a.rate_at(p) for p in (0, 0.5, 0.75, 1, 1.2)] == pytest.approx([1, 1, 0.5, 0, 0])
    assert [b.rate_at(p) for p in (0, 0.015, 0.03, 0.6, 0.8, 1)] == pytest.approx([0, 0.5, 1, 1, 0.55, 0.1])
    assert [b.decay_at(p) for p in (0, 0.5, 1)] == [1, 0.5, 0] and a.decay_at(1) == 1
    spec = tiny_text.spec("d4", "base", settings="B")
    groups = build(spec, nn.Linear(2, 2))
    groups.scale(0.5, 0.25)
    assert [float(g.optimizer.learning_rate) for g in groups.groups[:1]] == pytest.approx([0.02])
    assert groups.groups[0].optimizer.weight_decay == pytest.approx(0.0125)


def test_the_list_of_eight_is_that_of_the_published_algorithm():
    """Three steps as Algorithm 1 of Amsel et al. (2025) takes them, in double precision, beside the list of five."""
    x = RNG.standard_normal((16, 48))
    expected = x / (1.01 * np.linalg.norm(x) + 1e-7)
    for a, b, c in [
        (8.28721201814563, -23.595886519098837, 17.300387312530933),
        (4.107059111542203, -2.9478499167379106, 0.5448431082926601),
        (3.9486908534822946, -2.908902115962949, 0.5518191394370137),
    ]:
        a, b, c = a / 1.01, b / 1.01**3, c / 1.01**5
        gram = expected @ expected.T
        expected = a * expected + (b * gram + c * gram @ gram) @ expected
    found = np.array(polar_express_8(mx.array(x, mx.float32), 3))
    np.testing.assert_allclose(found, expected, atol=1e-4)
    other = np.array(polar_express(mx.array(x, mx.float32), 3))
    assert np.linalg.norm(found - other) > 0.05 * np.linalg.norm(other)
    whole = singular_values(polar_express_8(mx.array(x, mx.float32)))
    assert whole.min() > 0.99 and whole.max() < 1.01


def test_settings_a_with_the_list_of_eight_differ_in_nothing_else():
    a, b = SETTINGS["A"], SETTINGS["A_polar8"]
    assert {name for name in vars(a) if getattr(a, name) != getattr(b, name)} == {"orthogonal"}
