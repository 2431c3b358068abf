"""Claims on language models: confirmed, refuted and in part by planted runs; not run where no run is described."""

import made_up_verdict as made
import pytest
from score_mlx.verdict import claims, claims_language, language_cells
from score_mlx.verdict.language_cells import LanguageRun

CLAIMS = {claim.id: claim for claim in claims.read_claims(made.PAPER / "claims.yaml")}


def find(name, runs=()):
    """Verdict on one claim by these runs."""
    (row,) = claims.decide([CLAIMS[name]], made.evidence(wanted=[], language=runs))
    return row


def language_run(name, loss=1.56, bpb=1.26, parameters=10_000_000, early=3.0):
    evaluations = tuple(
        {"step": step, "seconds": 1.0, "train_loss": 1.0, "val_loss": value}
        for step, value in ((0, 4.0), (100, early), (1000, loss))
    )
    return LanguageRun(f"{name}/run.json", {"name": name}, parameters, evaluations, bpb)


LOW, HIGH = {"loss": 1.4, "bpb": 1.1, "early": 2.0, "parameters": 6_000_000}, {"loss": 1.6, "bpb": 1.3, "early": 3.0}
LANGUAGE = {
    "nanogpt_d384": ["nanogpt_d384_score", "nanogpt_d384_native"],
    "nanogptx_one_block_less": ["nanogptx_score_k3", "nanogptx_native_k4"],
    "nanogptx_dt_half": [f"nanogptx_{kind}_k{k}" for k in claims_language.DEPTHS for kind in ("half", "score")],
    "char_small_reaches_large": ["char_score6_muon", "char_native_adamw"],
    "muon_beats_adam": ["char_mscore_muon", "char_mscore_adam"],
    "bigram_speeds": ["char_score12_bigram", "char_score12_no_bigram"],
    "skip05_improves_d4": ["challenge_d4_skip05", "challenge_d4"],
    "score_smaller_bpb": ["challenge_2xs2", "challenge_d4"],
}


@pytest.mark.parametrize("name", LANGUAGE)
def test_claims_on_language_models(name, monkeypatch):
    for run in LANGUAGE[name]:
        monkeypatch.setitem(language_cells.RUNS, run, {"name": run})

    def verdict(first, second, times=1):
        runs = [language_run(run, **(second if n % 2 else first)) for n, run in enumerate(LANGUAGE[name] * times)]
        return find(name, runs)["verdict"]

    assert verdict(LOW, HIGH) == "confirmed" and verdict(HIGH, LOW) == "not confirmed"
    if name in ("nanogpt_d384", "muon_beats_adam", "skip05_improves_d4", "bigram_speeds"):
        near = {key: value - 0.01 for key, value in HIGH.items()}
        assert verdict(near, HIGH) == "partly"  # less apart than runs scatter
    assert find(name)["verdict"] == "not run"
    monkeypatch.delitem(language_cells.RUNS, LANGUAGE[name][0])
    assert find(name)["verdict"] == "not run"
