"""GPTs: sizes as published, causality, one block applied once, rotary positions, gradients, generated text."""

import math

import mlx.core as mx
import numpy as np
import pytest
import tiny_text
from mlx.utils import tree_flatten
from score_mlx import kernels
from score_mlx.models.language.bigram import Bigram, bigram_rows
from score_mlx.models.language.challenge import windows
from score_mlx.models.language.gpt import SILENT, parameters
from score_mlx.models.language.layers import attend, rope, unit_heads
from score_mlx.models.language.models import build
from score_mlx.models.language.spec import ChallengeSpec, CharSpec, LanguageSpec, NanoGPTSpec
from score_mlx.nn import Noise
from score_mlx.system.errors import UserError

PUBLISHED = 23_544  # the paper's vocabulary of Shakespeare in GPT-4o's tokens

SIZES = [
    (NanoGPTSpec("x", "nanogpt", "base", width=384), PUBLISHED, 34_240_248),
    (NanoGPTSpec("x", "nanogpt", "SCORE", width=384), PUBLISHED, 28_920_312),
    (NanoGPTSpec("x", "nanogpt", "base"), PUBLISHED, 4_743_288),
    (NanoGPTSpec("x", "nanogpt", "SCORE_skip05"), PUBLISHED, 4_593_912),
    (CharSpec("x", "chargpt", "base"), 65, 10_687_553),
    (CharSpec("x", "chargpt", "mSCORE_skip05", blocks=2, steps=3), 65, 3_595_841),
    (CharSpec("x", "chargpt", "SCORE_skip05"), 65, 1_822_913),
    (CharSpec("x", "chargpt", "SCORE_skip05", steps=12, bigram=True), 65, 1_947_715),
]


@pytest.mark.parametrize(("spec", "vocabulary", "expected"), SIZES, ids=[str(size) for _, _, size in SIZES])
def test_parameters_are_those_of_the_paper(spec, vocabulary, expected):
    assert parameters(build(spec, vocabulary, 0)) == expected


def test_the_challenge_is_mostly_tables():
    """22M and 18.4M as printed, of which the bigram table is 10,485,760; the paper's fourth row has neither."""
    millions = {
        (config, bigram): parameters(build(ChallengeSpec("x", "d4", config, bigram=bigram, **more), 8192, 0)) / 1e6
        for config, bigram, more in (
            ("base", True, {}),
            ("mSCORE_skip05", True, {"blocks": 2, "steps": 2}),
            ("base", False, {"feedforward": "gelu"}),
        )
    }
    assert [round(value, 1) for value in millions.values()] == [22.0, 18.4, 11.5]
    assert Bigram(8192, 256).weight.size == 10_485_760


def model_of(arch, config, options, vocabulary=16):
    model = build(tiny_text.spec(arch, config, **options), vocabulary, 3)
    # what starts at zero would hide what it does
    noise = np.random.default_rng(1)
    model.apply(lambda a: a + mx.array(0.02 * noise.standard_normal(a.shape), a.dtype))
    return model


@pytest.mark.parametrize(("arch", "config", "options"), tiny_text.EXAMPLES, ids=tiny_text.NAMES)
def test_a_later_token_never_changes_an_earlier_logit(arch, config, options, both_ways):
    model = model_of(arch, config, options)
    tokens = tiny_text.tokens(2, 8)
    before = model.logits(mx.array(tokens), SILENT)
    for place in (1, 4, 7):
        changed = tokens.copy()
        changed[:, place] = (changed[:, place] + 5) % 16
        after = model.logits(mx.array(changed), SILENT)
        np.testing.assert_allclose(np.array(after[:, :place]), np.array(before[:, :place]), atol=1e-5)
        assert np.abs(np.array(after[:, place:]) - np.array(before[:, place:])).max() > 1e-4


@pytest.mark.parametrize("arch", ["nanogpt", "nanogptx", "chargpt", "d4"])
def test_one_step_of_a_recurrence_is_one_block(arch):
    """K = 1: SCORE (dt = 1) and the native stack are the same network."""
    tokens = mx.array(tiny_text.tokens(2, 8))
    native, score = (model_of(arch, config, {"steps": 1}) for config in ("base", "SCORE"))
    assert [name for name, _ in tree_flatten(native.parameters())] == [
        name for name, _ in tree_flatten(score.parameters())
    ]
    a, b = (np.array(model.logits(tokens, SILENT)) for model in (native, score))
    np.testing.assert_allclose(a, b, atol=1e-5)


@pytest.mark.parametrize("shift", [1, 5])
def test_rotary_positions_are_relative(shift):
    """Turned q and k at places t and s have the product of places t + shift and s + shift."""
    q, k = (mx.array(np.random.default_rng(n).standard_normal(8), mx.float32) for n in (1, 2))

    def product(t: int, s: int) -> float:
        placed = mx.zeros((1, 1, 16, 8))
        placed_q, placed_k = placed + 0, placed + 0
        placed_q[0, 0, t], placed_k[0, 0, s] = q, k
        return float((rope(placed_q)[0, 0, t] * rope(placed_k)[0, 0, s]).sum())

    assert product(7, 3) == pytest.approx(product(7 + shift, 3 + shift), abs=1e-5)
    assert abs(product(7, 3) - product(7, 4)) > 1e-3


def test_unit_heads(both_ways):
    """Vectors of length 1, turned by their places."""
    x = mx.array(np.random.default_rng(0).standard_normal((2, 5, 12)), mx.float32)
    found, parts = np.array(unit_heads(x, 3)), np.array(x).reshape(2, 5, 3, 4).swapaxes(1, 2)
    turned = np.array(rope(mx.array(parts)))
    np.testing.assert_allclose(found, turned / np.linalg.norm(parts, axis=-1, keepdims=True), atol=1e-5)


@pytest.mark.parametrize("window", [None, 3])
def test_attention_against_its_definition(window, both_ways):
    rng = np.random.default_rng(0)
    q, k, v = rng.standard_normal((3, 2, 2, 70, 4))  # more rows than a kernel handles at a time
    logits = 0.5 * q @ k.swapaxes(-1, -2)
    distance = np.arange(70)[:, None] - np.arange(70)
    logits[..., (distance < 0) | (distance >= (window or 70))] = -np.inf
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    expected = (weights / weights.sum(axis=-1, keepdims=True)) @ v
    found = attend(*(mx.array(x, mx.float32) for x in (q, k, v)), 0.5, window)
    np.testing.assert_allclose(np.array(found), expected, atol=1e-5)


def test_windows_of_the_challenge():
    """SSSL, and the last step sees all."""
    assert windows(ChallengeSpec("x", "d4", "base")) == [1024, 1024, 1024, 2048]
    assert windows(ChallengeSpec("x", "d4", "base", steps=6)) == [1024, 1024, 1024, 2048, 1024, 2048]


def test_rows_of_pairs():
    """The first place has the last row to itself; a row depends on both tokens and on their order."""
    found = np.array(bigram_rows(mx.array([[3, 7, 3, 7], [7, 3, 7, 3]]), 65))
    assert (found[:, 0] == 5 * 65 - 1).all() and found.max() == 5 * 65 - 1 and found.min() >= 0
    assert found[0, 1] == ((36313 * 7) ^ (27191 * 3)) % 324
    assert found[0, 1] == found[1, 2] != found[0, 2]


@pytest.mark.parametrize(("arch", "config", "options"), tiny_text.EXAMPLES, ids=tiny_text.NAMES)
def test_gradients_with_and_without_kernels(arch, config, options, cpu):
    if not kernels.compiled():
        pytest.skip("no kernels are compiled here: python -m score_mlx.kernels")
    model = model_of(arch, config, options)
    rows = mx.array(tiny_text.tokens(2, 9))

    def gradients():
        def loss(parameters):
            model.update(parameters)
            return model.losses(rows[:, :-1], rows[:, 1:], Noise(mx.array(5, mx.uint32), 0.1)).mean()

        return dict(tree_flatten(mx.grad(loss)(model.trainable_parameters())))

    found = gradients()
    with kernels.switched_off():
        expected = gradients()
    for name, value in expected.items():
        scale = max(float(mx.abs(value).max()), 1e-3)
        assert float(mx.abs(found[name] - value).max()) < 2e-3 * scale, name


def test_dropout_is_off_unless_asked_for():
    model = model_of("nanogpt", "base", {})
    rows = mx.array(tiny_text.tokens(2, 8))
    quiet = [np.array(model.logits(rows, SILENT)) for _ in range(2)]
    np.testing.assert_array_equal(*quiet)
    noisy = np.array(model.logits(rows, Noise(mx.array(1, mx.uint32), 0.2)))
    assert np.abs(noisy - quiet[0]).max() > 1e-3


def test_capped_logits():
    """The challenge's loss is that of 15 tanh(z / 15), however large z is."""
    model = model_of("d4", "base", {})
    model.head.weight = model.head.weight * 1e4
    losses = np.array(model.losses(mx.array(tiny_text.tokens(1, 8)), mx.array(tiny_text.tokens(1, 8, seed=1))))
    assert losses.max() <= 30 + math.log(16)


def test_generated_text_is_a_function_of_the_seed():
    model = model_of("chargpt", "SCORE_skip05", {})
    first, again, other = (list(model.generate(20, seed)) for seed in (1, 1, 2))
    assert first == again != other
    assert len(first) == 20 and all(0 <= token < 16 for token in first)
    bold = [list(model.generate(20, seed, temperature=0.01)) for seed in (1, 2)]
    assert bold[0] == bold[1]  # at no temperature the most probable token, whatever the seed


def test_specs_and_their_paths():
    spec = CharSpec("tinyshakespeare-char", "chargpt", "mSCORE_skip05", blocks=2, steps=3, optimizer="adam")
    assert spec.path("").as_posix() == (
        "tinyshakespeare-char/language/chargpt/mSCORE_skip05/steps=3,blocks=2,optimizer=adam/run.json"
    )
    assert LanguageSpec.from_path(spec.path("results/runs")) == spec
    published = NanoGPTSpec("x", "nanogpt", "SCORE", width=384)
    assert not published.cuts() and not published.departures()
    wide = NanoGPTSpec("x", "nanogpt", "SCORE", width=384, iterations=1000)
    assert [cut["paper"] for cut in wide.cuts()] == [10_000]
    assert [cut["paper"] for cut in wide.earlier_cuts()] == [15_000]  # as records say that are older
    longer = NanoGPTSpec("x", "nanogpt", "SCORE", width=384, iterations=15_000)
    assert not longer.cuts() and not longer.earlier_cuts() and longer.departures() == ["iterations 15000"]
    short = ChallengeSpec("x", "d4", "base", batch_tokens=4096, settings="B", context=512)
    assert {cut["setting"]: cut["paper"] for cut in short.cuts()} == {"context": 2048, "batch_tokens": 2**14}
    assert not ChallengeSpec("x", "d4", "base", seconds=360).cuts()


def test_a_whole_validation_text_is_no_cut():
    whole = CharSpec("x", "chargpt", "base", validation="whole", evaluation_batches=20)
    assert not whole.cuts() and not whole.departures()
    assert [cut["ours"] for cut in CharSpec("x", "chargpt", "base", evaluation_batches=20).cuts()] == [20]
    fewer = CharSpec("x", "chargpt", "base", validation="whole", evaluation_batches=2)
    assert fewer.cuts() == [{"setting": "evaluation_batches", "ours": 2, "paper": 20}]
    assert LanguageSpec.from_path(whole.path("results/runs")) == whole


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (lambda: NanoGPTSpec("x", "nanogpt", "SCORE", width=10, heads=4), "width = 10: expected a multiple of heads"),
        (lambda: CharSpec("x", "chargpt", "SCORE", blocks=2), "blocks = 2: only mSCORE"),
        (lambda: NanoGPTSpec("x", "nanogpt", "SCORE", steps=0), "steps = 0: expected at least 1"),
        (lambda: CharSpec("x", "chargpt", "SCORE", optimizer="sgd"), "unknown optimizer = 'sgd'"),
        (lambda: ChallengeSpec("x", "d4", "base", batch_tokens=100), "batch_tokens = 100: expected a multiple of"),
        (lambda: LanguageSpec.from_path("x/language/gpt5/base/default/run.json"), "unknown arch = 'gpt5'"),
    ],
)
def test_what_a_spec_refuses(make, line):
    with pytest.raises(UserError, match=line.replace("(", r"\(")):
        make()
