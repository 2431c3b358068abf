"""Claims on language models: confirmed, refuted and in part by planted runs; not run where no run is described."""

from dataclasses import replace

import made_up_verdict as made
import pytest
from score_mlx.verdict import claims, language_cells

CLAIMS = {claim.id: claim for claim in claims.read_claims(made.PAPER / "claims.yaml")}


def find(name, runs=()):
    """Verdict on one claim by these runs."""
    (row,) = claims.decide([CLAIMS[name]], made.evidence(wanted=[], language=runs))
    return row


LOW, HIGH = {"loss": 1.4, "bpb": 1.1, "early": 2.0, "parameters": 6_000_000}, {"loss": 1.6, "bpb": 1.3, "early": 3.0}
CUT = {
    "nanogpt": {"iterations": 9},
    "nanogptx": {"iterations": 9},
    "char": {"iterations": 9},
    "challenge": {"seconds": 9},
}
LANGUAGE = {  # the runs that should have the lower values first
    "nanogpt_faster": [f"nanogpt_d{width}_{kind}" for kind in ("score", "native") for width in (64, 384)],
    "nanogpt_d384": ["nanogpt_d384_score", "nanogpt_d384_native"],
    "nanogptx_one_block_less": ["nanogptx_score_k3", "nanogptx_native_k4"],
    "nanogptx_dt_half": [f"nanogptx_{kind}_k{k}" for kind in ("half", "score") for k in language_cells.DEPTHS],
    "nanogptx_faster": [f"nanogptx_{kind}_k{k}" for kind in ("score", "native") for k in language_cells.DEPTHS],
    "native_prefers_adamw": ["char_native_adamw", "char_native_muon"],
    "char_small_reaches_large": ["char_score6_muon", "char_native_adamw"],
    "muon_beats_adam": ["char_mscore_muon", "char_mscore_adam"],
    "bigram_speeds": ["char_score12_bigram", "char_score12_no_bigram"],
    "skip05_improves_d4": ["challenge_d4_skip05", "challenge_d4"],
    "score_smaller_bpb": ["challenge_2xs2", "challenge_d4"],
}


def lists_all(monkeypatch):
    """config.yaml with each run that a claim names, also those that it does not list."""
    monkeypatch.setattr(language_cells, "wanted", lambda name, specs: made.language_spec(name))


@pytest.mark.parametrize("name", LANGUAGE)
def test_claims_on_language_models(name, monkeypatch):
    lists_all(monkeypatch)

    def verdict(first, second, repeats=1):
        half = len(LANGUAGE[name]) // 2
        values = dict(zip(LANGUAGE[name], [first] * half + [second] * half, strict=True))
        runs = [made.language_run(run, repeat=r, **values[run]) for run in LANGUAGE[name] for r in range(repeats)]
        return find(name, runs)

    assert verdict(LOW, HIGH)["verdict"] == "confirmed" and verdict(HIGH, LOW)["verdict"] == "not confirmed"
    assert find(name)["verdict"] == "not run" and "records are missing" in find(name)["reason"]
    if name in ("nanogpt_d384", "muon_beats_adam", "native_prefers_adamw", "skip05_improves_d4", "bigram_speeds"):
        near = verdict({"parameters": 6_000_000} | {key: value - 0.01 for key, value in HIGH.items()}, HIGH)
        assert near["verdict"] == "partly" and "less apart than runs scatter" in near["reason"]
        assert near["p"] is None and "without repeated runs no test" in near["reason"]
    cut = [made.language_run(run, **LOW, **CUT[run.split("_")[0]]) for run in LANGUAGE[name]]
    assert find(name, cut)["verdict"] == "not testable here"


def test_repeated_runs_are_tested():
    names = LANGUAGE["skip05_improves_d4"]
    runs = [
        made.language_run(name, repeat=r, bpb=base + 0.01 * r)
        for name, base in zip(names, (1.1, 1.3), strict=True)
        for r in range(3)
    ]
    row = find("skip05_improves_d4", runs)
    assert row["verdict"] == "confirmed" and 0 < row["p"] < 0.001 and row["low"] < -0.2 < row["high"]


def test_another_text_and_diverged_runs_decide_nothing():
    names = LANGUAGE["skip05_improves_d4"]
    row = find("skip05_improves_d4", [made.language_run(name, corpus="shakespeare-bpe8192") for name in names])
    assert row["verdict"] == "not testable here" and "corpus shakespeare-bpe8192" in row["reason"]
    row = find("skip05_improves_d4", [made.language_run(name, bpb=None) for name in names])
    assert row["verdict"] == "not testable here" and "diverged" in row["reason"]


def test_a_run_that_config_does_not_list(monkeypatch):
    wanted = language_cells.wanted
    absent = "char_score12_no_bigram"
    monkeypatch.setattr(language_cells, "wanted", lambda n, specs: None if n == absent else wanted(n, specs))
    row = find("bigram_speeds", [made.language_run("char_score12_bigram")])
    assert row["verdict"] == "not run" and f"no run that is the paper's {absent}" in row["reason"]


def test_config_lists_every_run_of_the_paper():
    for name, (experiment, _) in language_cells.RUNS.items():
        assert language_cells.wanted(name, made.CONFIG.specs(experiment)), name


def test_parameters_are_counted_whatever_was_cut():
    run = made.language_run("challenge_pr4", corpus="shakespeare-bpe8192")
    assert run.incomparable() and not language_cells.uncountable(run)
    run.dataset["vocabulary"] = 23_861
    assert language_cells.uncountable(run) == "a vocabulary of 23861, the paper's has 8192"


def test_an_early_loss_is_that_of_the_evaluation_nearest_to_a_tenth_of_the_steps():
    run = made.language_run("char_score12_bigram", early=2.0)
    losses = ((0, 4.0), (250, 2.5), (500, 2.2), (3000, 1.5))
    several = replace(run, evaluations=tuple({"step": step, "val_loss": loss} for step, loss in losses))
    assert language_cells.early(several) == 2.5 and language_cells.early(run) == 2.0


def test_no_two_names_are_one_run():
    specs = [made.language_spec(name) for name in language_cells.RUNS]
    assert len(set(specs)) == len(specs)


def test_what_bias_correction_leaves_is_said():
    """Each name's runs are found although they differ in nothing but the optimiser."""
    plain = [made.language_run(name, **LOW if "score" in name else HIGH) for name in LANGUAGE["nanogpt_faster"]]
    corrected = [made.language_run(f"nanogpt_d64_{kind}_corrected", early=2.0) for kind in ("score", "native")]
    row = find("nanogpt_faster", plain + corrected)
    assert row["verdict"] == "confirmed" and "with AdamW's bias correction +0.000 at width 64" in row["reason"]
    assert "bias" not in find("nanogpt_faster", plain)["reason"]
    near = {**HIGH, "early": HIGH["early"] - 0.01}
    mixed = [
        made.language_run(n, **near if "384_score" in n else LOW if "score" in n else HIGH)
        for n in LANGUAGE["nanogpt_faster"]
    ]
    assert find("nanogpt_faster", mixed)["verdict"] == "partly"


def test_what_runs_with_cuts_say_is_told_but_decides_nothing():
    names = LANGUAGE["nanogpt_d384"]
    runs = [made.language_run(name, iterations=9, **values) for name, values in zip(names, (LOW, HIGH), strict=True)]
    row = find("nanogpt_d384", runs)
    assert row["verdict"] == "not testable here" and row["statistic"] is None
    assert "iterations 9/15000" in row["reason"] and "these runs say: 1.400 against 1.600" in row["reason"]
