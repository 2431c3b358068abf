"""Claims on language models: confirmed, refuted and in part by planted runs; not run where no run is described."""

from dataclasses import replace

import made_up_verdict as made
import pytest
from score_mlx.runs.schema import Evaluation
from score_mlx.verdict import claim_table, language_cells

CLAIMS = {claim.id: claim for claim in claim_table.read_claims(made.PAPER / "claims.yaml", made.PRINTED)}


def find(name, runs=()):
    """Verdict on one claim by these runs."""
    (row,) = claim_table.decide([CLAIMS[name]], made.evidence(wanted=[], language=runs))
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


def scattered(values, repeat):
    """What one more run of the same model gives: losses by a thousandth more, parameters as they are."""
    return {key: value if key == "parameters" else value + 0.001 * repeat for key, value in values.items()}


def lists_all(monkeypatch):
    """config.yaml with each run that a claim names, also those that it does not list."""
    monkeypatch.setattr(language_cells, "wanted", lambda name, specs: made.language_spec(name))


@pytest.mark.parametrize("name", LANGUAGE)
def test_claims_on_language_models(name, monkeypatch):
    lists_all(monkeypatch)

    def verdict(first, second, repeats=3):
        half = len(LANGUAGE[name]) // 2
        values = dict(zip(LANGUAGE[name], [first] * half + [second] * half, strict=True))
        runs = [
            made.language_run(run, repeat=r, **scattered(values[run], r))
            for run in LANGUAGE[name]
            for r in range(repeats)
        ]
        return find(name, runs)

    assert verdict(LOW, HIGH)["verdict"] == "confirmed" and verdict(HIGH, LOW)["verdict"] == "refuted"
    assert find(name)["verdict"] == "not run" and "records are missing" in find(name)["reason"]
    if name not in ("nanogptx_dt_half", "nanogptx_faster"):  # these have several depths
        one = verdict(LOW, HIGH, repeats=1)
        assert one["verdict"] == "undecided" and one["p"] is None
        assert one["reason"].endswith("one run, no test: a difference as printed")
        other = verdict({"parameters": 6_000_000} | HIGH, LOW | {"parameters": 10_000_000}, repeats=1)
        assert other["verdict"] == "undecided" and "a difference unlike printed" in other["reason"]
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
    run = replace(run, dataset=run.dataset.model_copy(update={"vocabulary": 23_861}))
    assert language_cells.uncountable(run) == "a vocabulary of 23861, the paper's has 8192"


def test_an_early_loss_is_that_of_the_evaluation_nearest_to_a_tenth_of_the_steps():
    run = made.language_run("char_score12_bigram", early=2.0)
    losses = ((0, 4.0), (250, 2.5), (500, 2.2), (3000, 1.5))
    several = replace(run, evaluations=tuple(Evaluation(step=step, val_loss=loss) for step, loss in losses))
    assert language_cells.early(several) == 2.5 and language_cells.early(run) == 2.0


def test_no_two_names_are_one_run():
    specs = [made.language_spec(name) for name in language_cells.RUNS]
    assert len(set(specs)) == len(specs)


def test_what_bias_correction_leaves_is_said():
    """Each name's runs are found although they differ in nothing but the optimiser."""
    plain = [
        made.language_run(name, repeat=r, **scattered(LOW if "score" in name else HIGH, r))
        for name in LANGUAGE["nanogpt_faster"]
        for r in range(3)
    ]
    corrected = [made.language_run(f"nanogpt_d64_{kind}_corrected", early=2.0) for kind in ("score", "native")]
    row = find("nanogpt_faster", plain + corrected)
    assert row["verdict"] == "confirmed"
    assert "AdamW with bias correction at width 64: +0.000 (one run each)" in row["reason"]
    assert "bias" not in find("nanogpt_faster", plain)["reason"]
    mixed = [run for run in plain if "384" not in str(run.spec.width) or not run.spec.repeat]
    row = find("nanogpt_faster", mixed)  # width 384 has one run each
    assert row["verdict"] == "partly" and "width 384: -0.6" in row["reason"] and "shown of width 64" in row["reason"]


def test_at_two_steps_both_step_sizes_are_one_model():
    names = LANGUAGE["nanogptx_dt_half"]
    runs = [made.language_run(name, **HIGH) for name in names if not name.endswith("_k2")]
    row = find("nanogptx_dt_half", runs)  # K = 2 need not be there, since it is not read
    assert row["verdict"] != "not run" and "over 4 depths of one run each" in row["reason"]


def test_runs_against_the_clock_compare_on_one_device_only():
    names = LANGUAGE["skip05_improves_d4"]
    runs = [made.language_run(name, repeat=r, bpb=1.2 + 0.01 * r) for name in names for r in range(3)]
    moved = [replace(run, meta=run.meta.model_copy(update={"device": "gpu: other"})) for run in runs[:3]] + runs[3:]
    row = find("skip05_improves_d4", moved)
    assert row["verdict"] == "not testable here" and "against the clock on cpu and gpu: other" in row["reason"]
    assert find("skip05_improves_d4", runs)["verdict"] != "not testable here"


def test_what_runs_with_cuts_say_is_told_but_decides_nothing():
    names = LANGUAGE["nanogpt_d384"]
    runs = [made.language_run(name, iterations=9, **values) for name, values in zip(names, (LOW, HIGH), strict=True)]
    row = find("nanogpt_d384", runs)
    assert row["verdict"] == "not testable here" and row["statistic"] is None
    assert "iterations 9/10000" in row["reason"] and "these runs indicate: 1.400 against 1.600" in row["reason"]
