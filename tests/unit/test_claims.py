"""Claims: each is confirmed by runs that agree with it and fails by runs that do not."""

from dataclasses import replace

import made_up_verdict as made
import numpy as np
import pytest
from planted_claims import PLANTED, SPEEDUP, gain, graph, speeds
from score_mlx.stats import statistics
from score_mlx.system.errors import UserError
from score_mlx.verdict import claims, claims_language, survival
from score_mlx.verdict.finding import NO, YES, Finding, settle

CLAIMS = {claim.id: claim for claim in claims.read_claims(made.PAPER / "claims.yaml")}
# The tables and figures whose runs the claims of a family read.
READ = {
    "baselines": ["table1"],
    "ranking": ["table1", "table2", "table3"],
    "residuals": ["table2", "table3"],
    "ablation": ["table2", "table3", "table4", "table5", "figure9", "figure10", "learnable_dt"],
    "speed": ["table6"],
    "depth": ["table7a", "table7b", "table8", "table9"],
}


def find(name, plant, **choice):
    """Verdict on one claim, tested alone, by these runs."""
    wanted = choice.pop("wanted") if "wanted" in choice else made.specs(*READ[CLAIMS[name].family])
    (row,) = claims.decide([CLAIMS[name]], made.evidence(plant, wanted, **choice))
    return row


@pytest.fixture
def quick(monkeypatch):
    """A bootstrap of a time warp takes seconds; here any interval around the factor will do."""
    from score_mlx.stats import warp

    def around(native, score):
        factor = warp.fit(native.mean(axis=0), score.mean(axis=0)).factor
        return 0.9 * factor, 1.1 * factor

    monkeypatch.setattr(warp, "interval", around)


def test_every_claim_has_a_test_and_is_planted():
    of_language = set(claims_language.TESTS)
    assert set(claims.all_tests()) == set(CLAIMS) == set(PLANTED) | of_language
    assert {claim.family for claim in CLAIMS.values() if claim.id in of_language} == {"language"}
    keys = {key for key, _ in survival.CHOICES.values()}
    assert all(set(claim.choices) <= keys for claim in CLAIMS.values()) and len(CLAIMS) >= 35


@pytest.mark.parametrize("name", PLANTED)
def test_a_claim_is_confirmed_by_runs_that_agree_and_fails_by_runs_that_do_not(name, quick):
    agree, refute = PLANTED[name]
    row = find(name, agree)
    assert row["verdict"] == "confirmed", row["reason"]
    assert row["low"] is None or row["low"] <= row["statistic"] <= row["high"]
    row = find(name, refute)
    assert row["verdict"] == "not confirmed", row["reason"]


def test_in_part():
    five = graph(lambda s: 0.5 if s.config == "SCORE" and s.steps < 7 else 0.6 - 0.05 * (s.config == "base"))
    row = find("gat_every_depth", five)
    assert row["verdict"] == "partly" and "below 0 in 5 of 6, not of K = 7" in row["reason"]
    other_size = find("gat_gain", gain(12))
    assert other_size["verdict"] == "partly" and "12 %, more than 3 from the paper's 7.6 %" in other_size["reason"]
    mixed = graph(lambda s: {"mpnn_classic": 0.5, "dmpnn_classic": 0.7, "gt_classic": 0.7}.get(s.model, 0.6))
    assert find("classic_hurts", mixed)["verdict"] == "partly"
    noisy = [0.5, 0.7, 0.5, 0.7, 0.59]
    one = find("classic_helps_gat", lambda s: {"folds": noisy} if s.model == "gat_classic" else {})
    assert one["verdict"] == "partly" and "not beyond chance" in one["reason"]


def test_a_size_that_is_neither_near_nor_beyond_chance_is_no_part():
    noisy = [0.5, 0.7, 0.5, 0.7, 0.62]
    row = find("gat_gain", lambda s: {"folds": noisy} if s.config == "base" else {})
    assert row["verdict"] == "not confirmed", row["reason"]
    assert "more than 3 from the paper's 7.6 %" in row["reason"] and "not beyond chance" in row["reason"]


def test_what_a_large_p_leaves_open_is_said_as_what_was_asked():
    noisy = [0.5, 0.7, 0.5, 0.7, 0.6]
    row = find("score_mlp_equal", lambda s: {"folds": noisy} if s.model == "SCORE-MLP" else {})
    assert row["verdict"] == "partly" and row["reason"].endswith("equality within 0.02 not shown")
    assert "within 0.02; p" in row["reason"]
    far = find("score_mlp_equal", PLANTED["score_mlp_equal"][1])
    assert "+0.100, beyond 0.02" in far["reason"] and "not shown" not in far["reason"]
    worse = find("score_mlp_head", PLANTED["score_mlp_head"][1])
    assert "not below 0.02" in worse["reason"]


def test_curves_that_no_factor_fits_decide_nothing(quick):
    """GT's curve without descriptors ends elsewhere: no factor brings it onto the other."""

    def plant(spec):
        apart = spec.arch == "gt" and spec.recurrent and not spec.descriptors
        return {"speed": SPEEDUP[spec.recurrent] * SPEEDUP[spec.descriptors], "mean": 0.9 if apart else 0.6}

    row = find("speedup_above_one", plant)
    assert row["verdict"] == "partly" and "above 1 in 11 of 12; no factor fits GT without RDKit (" in row["reason"]
    row = find("rdkit_speeds", plant)
    assert "11 of 11 converge faster; no factor fits SCORE_gt (" in row["reason"]
    row = find("rdkit_most_for_gt", plant)
    assert row["verdict"] == "not testable here" and "; these runs say: factors " in row["reason"]


def test_each_interval_of_a_factor_counts(monkeypatch):
    """The least factor's may lie above 1 and another's hold it."""
    from score_mlx.stats import warp

    def wide(native, score):
        factor = warp.fit(native.mean(axis=0), score.mean(axis=0)).factor
        return (0.5 if factor > 2.5 else 1.1), factor + 1

    monkeypatch.setattr(warp, "interval", wide)
    row = find("speedup_above_one", speeds(lambda s: SPEEDUP[s.recurrent] * (1.5 if s.model == "SCORE_gat" else 1)))
    assert row["verdict"] == "partly" and "1 lies in the interval of GAT with RDKit, GAT without RDKit" in row["reason"]


@pytest.mark.parametrize(
    "name", ["gt_not_fitted", "stacked_unstable", "skip05_stable", "score_stable", "integrators", "less_oversmoothing"]
)
def test_a_fold_that_diverged_late_decides_nothing(name):
    """Its best epoch came before, so that a mean of best epochs is a number."""
    archs = {"gt_not_fitted": "gt", "less_oversmoothing": "gat", "integrators": "gat"}
    row = find(name, lambda s: {"lost": 9} if s.arch == archs.get(name, "mpnn") else {})
    assert row["verdict"] == "not testable here" and "diverged in a fold: " in row["reason"]


def test_seconds_of_runs_side_by_side_do_not_compare():
    row = find("no_faster_epoch", lambda s: {"host": "one" if s.model in ("gat", "SCORE_gcn") else None})
    assert row["verdict"] == "not testable here"
    assert row["reason"].startswith("2 of 16 runs shared their machine") and "takes 1.00 times" in row["reason"]


def test_missing_and_cut_records():
    row = find("catboost_best", lambda s: {}, wanted=made.specs("table1")[1:])
    assert row["verdict"] == "not run" and row["missing"] == "esol/classical/catboost/default/run.json"
    assert row["command"] == "snakemake results/runs/esol/classical/catboost/default/run.json"
    row = find("gat_gain", lambda s: {}, wanted=[])
    assert row["verdict"] == "not run" and row["command"] == "snakemake results/table7a.csv"
    cut = [replace(spec, epochs=9) for spec in made.specs("table7a")]
    row = find("gat_gain", lambda s: {}, wanted=cut)
    assert row["verdict"] == "not testable here" and "epochs 9/150" in row["reason"]
    lost = find("gat_gain", lambda s: {"folds": [np.nan] * 5} if s.model == "SCORE_gat" else {})
    assert lost["verdict"] == "not testable here" and "diverged" in lost["reason"]


def test_p_is_adjusted_within_a_family():
    seen = made.evidence(graph(lambda s: 0.59 if s.config == "SCORE" else 0.6))
    family = [claim for claim in CLAIMS.values() if claim.family == "depth"]
    rows = {row["id"]: row for row in claims.decide(family, seen)}
    tested = [row for row in rows.values() if row["p"] is not None]
    assert [row["p_holm"] for row in tested] == pytest.approx(statistics.holm([row["p"] for row in tested]))
    finding = Finding(1.0, YES, "so", p=0.03)
    assert settle(finding, 0.03)[0] == "confirmed" and settle(finding, 0.06)[0] == "partly"
    assert settle(Finding(1.0, NO, "so", p=0.03), 0.03)[0] == "not confirmed"


def test_more_repeats_are_used_where_all_runs_have_them():
    both = [replace(spec, repeat=r) for spec in made.specs("table1") for r in (0, 1)]
    table = made.evidence(wanted=both)
    specs = made.specs("table1")
    assert table.scores(specs).shape == (len(specs), 10) and table.folds(specs[0]) == 5
    assert made.evidence(wanted=both[:-1]).scores(specs).shape == (len(specs), 5)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no claims in it"),
        ("- id: x\n", "entry 1: expected the keys id, family"),
        ("a: [", "not a list of claims"),
        (None, "stands there twice"),
    ],
)
def test_a_broken_file_of_claims(tmp_path, text, says):
    path = tmp_path / "claims.yaml"
    entry = "- {id: x, family: f, claim: c, where: w, test: t, refuted_by: r, choices: []}\n"
    path.write_text(2 * entry if text is None else text)
    with pytest.raises(UserError, match=says):
        claims.read_claims(path)
    path.write_text(entry)
    with pytest.raises(UserError, match="no test decides x"):
        claims.decide(claims.read_claims(path), made.evidence(wanted=[]))
