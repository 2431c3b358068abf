"""Claims: each is confirmed by runs that agree with it and fails by runs that do not."""

from dataclasses import replace

import made_up_verdict as made
import numpy as np
import pytest
from planted_claims import PLANTED, SOLO, SPEEDUP, gain, graph, option, speeds
from score_mlx.stats import statistics
from score_mlx.system.errors import UserError
from score_mlx.verdict import claim_table, comparisons, robustness
from score_mlx.verdict.claims import registry
from score_mlx.verdict.finding import Finding, settle

CLAIMS = {claim.id: claim for claim in claim_table.read_claims(made.PAPER / "claims.yaml", made.PRINTED)}
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
    (row,) = claim_table.decide([CLAIMS[name]], made.evidence(plant, wanted, **choice))
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
    of_language = {name for name, test in registry.all_tests().items() if test.__module__.endswith(".language")}
    assert set(registry.all_tests()) == set(CLAIMS) == set(PLANTED) | of_language
    assert {claim.family for claim in CLAIMS.values() if claim.id in of_language} == {"language"}
    keys = {key for key, *_ in robustness.CHOICES.values()}
    assert all(set(claim.choices) <= keys for claim in CLAIMS.values()) and len(CLAIMS) >= 35


@pytest.mark.parametrize("name", PLANTED)
def test_a_claim_is_confirmed_by_runs_that_agree_and_fails_by_runs_that_do_not(name, quick):
    agree, refute = PLANTED[name]
    solo_agree, solo_refute = SOLO if name == "no_faster_epoch" else ({}, {})
    row = find(name, agree, solo_seconds=solo_agree)
    assert row["verdict"] == "confirmed", row["reason"]
    assert row["low"] is None or row["low"] <= row["statistic"] <= row["high"]
    row = find(name, refute, solo_seconds=solo_refute)
    assert row["verdict"] == "refuted", row["reason"]


def test_in_part():
    five = graph(lambda s: 0.5 if s.config == "SCORE" and s.steps < 7 else 0.6 - 0.05 * (s.config == "base"))
    row = find("gat_every_depth", five)
    assert row["verdict"] == "partly" and "as claimed in 5 of 6, not in K = 7" in row["reason"]
    assert row["reason"].endswith("shown of K = 2, K = 3, K = 4, K = 5, K = 6")
    other_size = find("gat_gain", gain(12))
    assert other_size["verdict"] == "partly" and other_size["reason"].endswith("shown of a gain")
    assert "more than 3 from the paper's 7.6 %" in other_size["reason"]
    mixed = graph(lambda s: {"mpnn_classic": 0.5, "dmpnn_classic": 0.7, "gt_classic": 0.7}.get(s.model, 0.6))
    assert find("classic_hurts", mixed)["verdict"] == "partly"


def test_weak_statistics_are_undecided_whatever_side_the_number_is_on():
    for folds in ([0.5, 0.7, 0.5, 0.7, 0.59], [0.5, 0.7, 0.5, 0.7, 0.63]):
        row = find("classic_helps_gat", lambda s, folds=folds: {"folds": folds} if s.model == "gat_classic" else {})
        assert row["verdict"] == "undecided", row["reason"]


def test_a_printed_size_inside_our_interval_is_not_refuted():
    """As of D-MPNN: a gain of 4.25 % with an interval of -2.2 to 10.7 holds the printed 1.4 %."""
    noisy = [0.5, 0.7, 0.5, 0.7, 0.62]
    row = find("dmpnn_gain", lambda s: {"folds": noisy} if s.config == "base" else {})
    assert row["low"] < 1.4 < row["high"] and row["verdict"] == "undecided", row["reason"]


def test_equality_is_shown_refuted_or_open():
    noisy = [0.5, 0.7, 0.5, 0.7, 0.6]
    row = find("score_mlp_equal", lambda s: {"folds": noisy} if s.model == "SCORE-MLP" else {})
    assert row["verdict"] == "undecided"
    far = find("score_mlp_equal", PLANTED["score_mlp_equal"][1])
    assert far["verdict"] == "refuted" and "; beyond 0.02" in far["reason"]
    worse = find("score_mlp_head", PLANTED["score_mlp_head"][1])
    assert worse["verdict"] == "refuted" and "claimed below 0.02" in worse["reason"]


def test_a_mean_that_one_untrained_network_carries_confirms_nothing():
    """The native graph transformer stays at 1.5; the others gain nothing from SCORE."""
    row = find("score_beats_stack", graph(lambda s: 1.5 if s.model == "gt" else 0.6))
    assert row["verdict"] != "confirmed"
    assert "8 models: -0.11" in row["reason"] and "7 models without gt, which did not learn: +0.000" in row["reason"]
    row = find("molattfp_worth", graph(lambda s: 2.0 if s.model == "gt" and s.readout == "sum" else 0.6))
    assert row["verdict"] != "confirmed" and "without gt, which did not learn: +0.000" in row["reason"]


def test_the_best_models_are_compared_with_those_that_share_their_update():
    """All of the best average: 10 of 13 are SCORE by chance, since 16 of the 24 that average are."""
    best = {"skip05": 0.5, "SCORE": 0.5, "SCORE_skip05": 0.5}
    row = find("top13_score", graph(lambda s: best.get(s.config, 0.7)))
    assert row["verdict"] == "undecided" and "so are 16 of the 24 models with the averaging update" in row["reason"]


def test_a_network_that_does_not_learn_is_not_steady():
    """A flat curve at the level of the mean prediction: its changes are large beside what it learned."""
    flat = {"mean": 2.05, "jitter": 0.005, "speed": 9.0}
    row = find("stacked_unstable", lambda s: flat if s.model in ("gt", "mpnn") else {"jitter": 0.01})
    assert row["verdict"] == "confirmed", row["reason"]


def test_claims_read_all_repeats():
    """What the caption promises: `n` of the oversmoothing, stability and steadiness claims grows with repeats."""
    for name, experiments in (
        ("less_oversmoothing", ["table7a"]),
        ("skip05_stable", ["table2"]),
        ("stacked_unstable", ["table2"]),
        ("molattfp_stable", ["table2", "table3"]),
    ):
        wanted = made.specs(*experiments)
        further = [replace(spec, repeat=r) for spec in wanted for r in (1, 2)]

        def plant(spec):
            value = 0.01 if spec.repeat else 0.1  # the first repeat alone says something else
            base = getattr(spec, "config", "") == "base" or getattr(spec, "readout", "") == "sum"
            return {"jitter": value if base else 0.05, "mad": value if base else 0.05}

        first, all_three = find(name, plant, wanted=wanted), find(name, plant, wanted=[*wanted, *further])
        assert first["statistic"] != all_three["statistic"], name


def test_curves_that_no_factor_fits_decide_nothing(quick):
    """GT's curve without descriptors ends elsewhere: no factor brings it onto the other."""

    def plant(spec):
        apart = spec.arch == "gt" and spec.recurrent and not spec.descriptors
        return {"speed": SPEEDUP[spec.recurrent] * SPEEDUP[spec.descriptors], "mean": 0.9 if apart else 0.6}

    row = find("speedup_above_one", plant)
    assert row["verdict"] == "partly" and "above 1 in 11 of 12; no factor fits GT without RDKit (" in row["reason"]
    assert row["low"] is not None
    row = find("rdkit_speeds", plant)
    assert "of 11 networks converge faster; no factor fits SCORE_gt (" in row["reason"]
    row = find("rdkit_most_for_gt", plant)
    assert row["verdict"] == "not testable here" and "; these runs indicate: factors " in row["reason"]


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


def test_epochs_timed_alone_decide_on_cost(tmp_path):
    from score_mlx.verdict.timings import solo_seconds

    row = find("no_faster_epoch", lambda s: {})
    assert row["verdict"] == "not testable here" and "make bench" in row["reason"]
    lines = ["architecture,form,engine,folds,seconds_per_epoch"]
    for arch, score in (("gcn", 0.1), ("gat", 0.102), ("gine", 0.098), ("dmpnn", 0.18)):
        lines += [f"{arch},base,score-mlx,5,0.1", f"{arch},SCORE,score-mlx,5,{score}", f"{arch},SCORE,pyg,5,9"]
    (tmp_path / "bench.csv").write_text("\n".join(lines))
    solo = solo_seconds(tmp_path / "bench.csv")
    row = find("no_faster_epoch", lambda s: {}, solo_seconds=solo)
    assert "most in dmpnn: 1.8 times" in row["reason"] and row["statistic"] == pytest.approx(1.158, abs=0.01)
    assert solo_seconds(tmp_path / "none.csv") == {}
    lines = [
        "architecture,form,engine,clock,seconds_per_epoch",
        "gcn,base,score-mlx,processor,9",
        "gat,base,score-mlx,wall,1",
    ]
    (tmp_path / "bench.csv").write_text("\n".join(lines))
    assert solo_seconds(tmp_path / "bench.csv") == {("gat", "base"): 1.0}  # the other machine did other work


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
    rows = {row["id"]: row for row in claim_table.decide(family, seen)}
    tested = [row for row in rows.values() if row["p"] is not None]
    assert [row["p_holm"] for row in tested] == pytest.approx(statistics.holm([row["p"] for row in tested]))
    every = statistics.holm([row["p"] for row in rows.values()])
    assert [row["p_holm_all"] for row in rows.values()] == pytest.approx(every)
    whole = claim_table.decide(list(CLAIMS.values()), seen)
    with_p = [row for row in whole if row["p"] is not None]
    assert len({CLAIMS[row["id"]].family for row in with_p}) > 1
    assert all(row["p_holm_all"] >= row["p_holm"] - 1e-12 for row in with_p)


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
        (None, "is used twice"),
    ],
)
def test_a_broken_file_of_claims(tmp_path, text, says):
    path = tmp_path / "claims.yaml"
    entry = "- {id: x, family: f, claim: c, where: w, test: t, refuted_by: r, choices: []}\n"
    path.write_text(2 * entry if text is None else text)
    with pytest.raises(UserError, match=says):
        claim_table.read_claims(path, made.PRINTED)
    path.write_text(entry)
    path.write_text(entry.replace("claim: c", "claim: 'of {table2:gcn:mae}'"))
    with pytest.raises(UserError, match="x: {table2:gcn:mae} is neither a printed number nor a margin"):
        claim_table.read_claims(path, made.PRINTED)
    path.write_text(entry)
    with pytest.raises(UserError, match="no test decides x"):
        claim_table.decide(claim_table.read_claims(path, made.PRINTED), made.evidence(wanted=[]))


def test_the_documented_claim_of_ones_own(monkeypatch):
    """The example of docs/own-claim.md runs: it confirms and it refutes."""
    text = (made.ROOT / "docs" / "own-claim.md").read_text(encoding="utf-8")
    code = text.split("```python\n")[1].split("```")[0]
    names = {"claim": registry.claim, "Evidence": made.Evidence, "Finding": Finding, "lower": comparisons.lower}
    monkeypatch.setattr(registry, "_TESTS", {})
    exec("from __future__ import annotations\n" + code, names)
    assert list(registry._TESTS) == ["heun_better"]
    with pytest.raises(ValueError, match="two functions test the claim heun_better"):
        registry.claim("heun_better")(names["heun_better"])
    for difference, verdict in ((-0.05, "confirmed"), (0.05, "refuted")):
        seen = made.evidence(option("integrator", "heun", difference), made.specs("figure10"))
        found = registry._TESTS["heun_better"](seen)
        assert settle(found, found.p, [found.p])[0] == verdict
