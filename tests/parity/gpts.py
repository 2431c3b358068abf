"""The small GPTs that `make_torch_fixtures_of_gpts.py` computes in PyTorch and `test_gpts.py` here."""

from score_mlx.models.language.spec import ChallengeSpec, CharSpec, LanguageSpec, NanoGPTSpec

VOCABULARY = 20
SMALL = {"width": 16, "heads": 2, "context": 8}

SPECS: dict[str, LanguageSpec] = {
    "nanogpt": NanoGPTSpec("x", "nanogpt", "base", steps=2, **SMALL),
    "nanogpt_score": NanoGPTSpec("x", "nanogpt", "SCORE", steps=3, **SMALL),
    "nanogptx_half": NanoGPTSpec("x", "nanogptx", "SCORE_skip05", steps=3, **SMALL),
    "chargpt": CharSpec("x", "chargpt", "base", steps=2, **SMALL),
    "chargpt_mscore": CharSpec("x", "chargpt", "mSCORE_skip05", steps=2, blocks=2, bigram=True, **SMALL),
    "d4": ChallengeSpec("x", "d4", "skip05", steps=3, **SMALL | {"width": 32}),
    "d4_swiglu": ChallengeSpec("x", "d4", "base", steps=1, feedforward="swiglu", **SMALL | {"width": 32}),
}
