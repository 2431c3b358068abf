"""Are claims robust: verdicts under other choices, and the runs that they ask for."""

from dataclasses import replace

import made_up_verdict as made
import pytest
from score_mlx.config.file import load
from score_mlx.config.robustness import REPEATS
from score_mlx.system.errors import UserError
from score_mlx.verdict import claim_table, robustness

CLAIMS = claim_table.read_claims(made.PAPER / "claims.yaml", made.PRINTED)


def test_robustness():
    """Better at the best epoch, worse at the last; grouped folds are there, no other choice."""
    wanted = made.specs("table7a")
    wanted += [replace(spec, split="grouped") for spec in wanted]

    def plant(spec):
        return {"mean": 0.5, "last": 0.3} if spec.recurrent else {"mean": 0.6, "last": 0.05}

    rows = robustness.robustness_table(CLAIMS, made.evidence(plant, wanted))
    assert {row["id"] for row in rows} == {claim.id for claim in CLAIMS if claim.choices}
    row = next(row for row in rows if row["id"] == "gat_every_depth")
    assert [row[choice] for choice in robustness.CHOICES] == [
        "confirmed", "refuted", "confirmed", "confirmed", "not run", "not run", "not run",
    ]  # fmt: skip
    assert row["holds"] == "2/3" and "missing" in row["three_repeats_reason"]
    assert next(row for row in rows if row["id"] == "gatv2_nothing")["grouped_folds"] == robustness.NOT_ASKED


def test_the_runs_that_other_choices_ask_for():
    listed = {"robustness": [{"experiment": "table1", "choices": ["grouped", "repeats", "as_text"]}]}
    config = load(made.ROOT / "config.yaml", listed)
    specs = config.robustness_specs()
    assert len(specs) == 3 * len(config.specs("table1"))  # descriptors have no fidelity
    assert {(spec.split, spec.repeat) for spec in specs} == {("grouped", 0), *(("kfold", r) for r in REPEATS[1:])}
    own = load(made.ROOT / "config.yaml").robustness_specs()
    assert len(own) == len(set(own)) and not set(own) & set(made.specs())
    same_folds = [spec for spec in own if spec.FAMILY == "graphs" and spec.split == "kfold" and not spec.repeat]
    assert {(spec.fidelity, spec.bias_correction) for spec in same_folds} == {("as_text", False), ("as_code", True)}


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({"experiment": "table22"}, "robustness.0: unknown experiment 'table22'.*did you mean 'table2'"),
        ({"experiment": "table2", "models": ["SCORE_gta"]}, "unknown model 'SCORE_gta'.*did you mean 'SCORE_g"),
        ({"experiment": "table2", "choices": ["last"]}, "robustness.0.choices.0 = 'last': expected 'grouped'"),
    ],
)
def test_what_there_is_not_is_one_line(entry, says):
    with pytest.raises(UserError, match=says):
        load(made.ROOT / "config.yaml", {"robustness": [{"choices": ["grouped"]} | entry]}).robustness_specs()


def test_the_listed_runs_answer_the_headline_claims():
    """With them, every claim that asks for no more models has a verdict under every choice."""
    config = load(made.ROOT / "config.yaml")
    wanted = [*made.specs("table1", "table2", "table7a"), *config.robustness_specs()]
    rows = {row["id"]: row for row in robustness.robustness_table(CLAIMS, made.evidence(lambda spec: {}, wanted))}
    whole = ("catboost_best", "score_mlp_equal", "score_mlp_variance", "beat_catboost", "rank_agreement")
    for name in (*whole, "gat_every_depth", "gat_gain"):
        assert "not run" not in [rows[name][choice] for choice in robustness.CHOICES], name
    assert rows["classic_hurts"]["as_text"] != "not run" and rows["less_oversmoothing"]["grouped_folds"] != "not run"
    assert "not run" not in [row["bias_corrected"] for row in rows.values()]
