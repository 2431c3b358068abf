"""Effects of update and sharing, three choices of epoch, and the sentences generated from all tables."""

from dataclasses import replace

import made_up_records
import made_up_verdict as made
import pytest
from score_mlx.models.graphs.spec import ARCHS
from score_mlx.verdict import claim_table, conclusions, effects, epochs, informativeness, numbers
from score_mlx.verdict.pool import NotRunError

TABLES = ("table1", *effects.TABLES)


def planted(update=-0.05, sharing=0.0, lost=()):
    """RMSE of each form: the averaging update and sharing move it by so much; plain stacks of `lost` do not learn."""

    def plant(spec):
        form = getattr(spec, "config", "")
        mean = 0.6 + update * (form in ("skip05", "SCORE", "SCORE_skip05")) + sharing * form.startswith("SCORE")
        return {"mean": 1.6 if form == "base" and spec.arch in lost else mean}

    return plant


@pytest.mark.parametrize(("update", "sharing"), [(-0.05, 0.0), (0.0, -0.04), (-0.02, 0.01)])
def test_effects_are_those_that_were_planted(update, sharing):
    seen = made.evidence(planted(update, sharing), made.specs(*effects.TABLES))
    found = effects.effect(seen, effects.UPDATE)
    assert found.mean.value == pytest.approx(update, abs=0.001) and list(found.archs) == list(ARCHS)
    assert effects.effect(seen, effects.SHARING).mean.value == pytest.approx(sharing, abs=0.001)


def test_architectures_that_do_not_learn_are_left_out():
    seen = made.evidence(planted(lost=("gt",)), made.specs(*effects.TABLES))
    found = effects.effect(seen, effects.UPDATE)
    assert "gt" not in found.archs and len(found.archs) == len(ARCHS) - 1
    assert found.mean.value == pytest.approx(-0.05, abs=0.001)
    with pytest.raises(NotRunError):
        effects.effect(made.evidence(wanted=made.specs("table2")), effects.UPDATE)


def test_epochs_beside_catboost():
    """Networks at 0.5 at their best epoch and at 0.65 after the last; CatBoost at 0.56 whatever the epoch."""

    def plant(spec):
        return {"mean": 0.56, "last": 0.0} if spec.FAMILY == "classical" else {"mean": 0.5, "last": 0.15}

    rows = epochs.epochs_table(made.evidence(plant, made.specs("table1", "table2")))
    assert epochs.below_catboost(rows, "table2", "best") == (40, 40)
    assert epochs.below_catboost(rows, "table2", "last") == (0, 40)
    row = next(row for row in rows if row["model"] == "SCORE_gat" and row["target"] == "table2")
    assert row["catboost_difference_best"] == pytest.approx(-0.06, abs=0.001)
    assert row["rmse_held_out"] >= row["rmse_best"] and 1 <= row["rank_last"] <= 40
    assert "40 of 40 (table2)" in epochs.caption(rows)[1] and "table3" not in epochs.caption(rows)[1]
    assert [show(row) for head, show in epochs.READABLE if head == "last epoch"] == ["0.650 (+0.090)"]


def sentences(evidence):
    claims = claim_table.decide(claim_table.read_claims(made.PAPER / "claims.yaml", made.PRINTED), evidence)
    informative = informativeness.informativeness_table(evidence, made.PRINTED)
    judged = conclusions.Judged(
        evidence, "Of 3 numbers 3 reproduced.", claims, informative, epochs.epochs_table(evidence)
    )
    return {row["about"]: (row["sentence"], row["detail"]) for row in conclusions.conclusions_table(judged)}


def test_sentences(monkeypatch):
    monkeypatch.setattr("score_mlx.stats.warp.interval", lambda native, score: (0.9, 1.1))
    wanted = made.specs(*TABLES, "table7a")
    wanted += [replace(spec, repeat=r) for spec in made.specs("table2") for r in (1, 2)]
    said = sentences(made.evidence(planted(-0.05, 0.0), wanted))
    assert 5 <= len(said) <= 8
    assert said["averaging update"][0].startswith("The averaging update (skip05) lowers a stack's RMSE: -0.050 [")
    assert "shows no effect on RMSE: " in said["sharing"][0] or ": +0.000 [" in said["sharing"][0]
    assert "% of the stack's parameters" in said["sharing"][1]
    assert " of 40 networks of Table 2" in said["CatBoost"][0]
    assert said["numbers"][0].startswith("Our values reproduce ") and "constant" in said["numbers"][0]
    assert said["numbers"][1].startswith("Of 3 numbers 3 reproduced. ")
    assert not {"one form", "other data"} & set(said)
    text, detail = said["claims"]
    assert (
        " claims of the text, " in text and "0 of the 11 on language models" in detail and "SCORE-GAT's gain" in detail
    )


@pytest.mark.parametrize(("update", "sharing"), [(-0.05, 0.0), (0.0, 0.04)])
def test_the_factorial_of_one_form_has_a_sentence_where_its_records_are(update, sharing):
    """Of the architectures that have all corners; step and sharing are told apart."""

    def plant(spec):
        return {"mean": 0.6 + update * (spec.dt not in (None, 1.0)) + sharing * spec.recurrent}

    wanted = [spec for spec in made.CONFIG.beyond_specs("factorial") if spec.fidelity == "as_text"]
    few = [spec for spec in wanted if spec.arch in ("gcn", "gat", "gine") and spec.readout == "molattfp"]
    text, detail = sentences(made.evidence(plant, few))["one form"]
    assert detail.startswith("3 of 8 architectures; ")
    step, shared = text.split(" and sharing a block ")
    assert "without" not in step and f" RMSE ({update:+.3f} [" in step and f" it ({sharing:+.3f} [" in shared
    assert ("lowers" in step, "raises" in shared) == (update < 0, sharing > 0)
    assert ("no effect" in step, "no effect" in shared) == (update == 0, sharing == 0)


def test_of_an_outlying_architecture_the_sentence_says_what_the_others_do():
    """A network that does not learn with dt = 1 moves the mean and widens the interval; the others are alike."""
    archs = ("gcn", "gat", "gine", "gatv2", "gt")

    def plant(spec):
        lost = spec.arch == "gt" and spec.dt in (None, 1.0)
        return {"mean": 1.4 if lost else 0.6 - 0.03 * (spec.dt not in (None, 1.0))}

    wanted = [spec for spec in made.CONFIG.beyond_specs("factorial") if spec.fidelity == "as_text"]
    chosen = [spec for spec in wanted if spec.arch in archs and spec.readout == "molattfp"]
    text, detail = sentences(made.evidence(plant, chosen))["one form"]
    assert "(without GT, which is outlying), dt below 1 " in text
    assert " RMSE (-0.030 [" in text and " it (+0.000 [" in text
    assert detail.startswith("5 of 8 architectures; p after Holm. With GT: ") and " -0.030 [" not in detail


@pytest.mark.parametrize(("update", "expected"), [(-0.05, (1, 0)), (0.0, (0, 0))])
def test_other_data_are_named_where_all_corners_are(update, expected):
    """FreeSolv is complete, folds by scaffold lack a corner, the paper's own data do not count."""

    def plant(spec):
        label = {"esol": "ESOL", "freesolv": "FreeSolv"}[spec.dataset]
        mean = 0.6 + update * (spec.dt not in (None, 1.0))
        return {"mean": mean, "dataset": made_up_records.ESOL | {"label": label}}

    wanted = [spec for spec in made.CONFIG.beyond_specs("generality") if spec.FAMILY == "graphs"]
    there = [spec for spec in wanted if spec.dataset in ("esol", "freesolv")]
    there = [spec for spec in there if (spec.split, spec.arch, spec.config) != ("scaffold", "gat", "shared")]
    text, detail = sentences(made.evidence(plant, there))["other data"]
    step, sharing = expected
    assert text.startswith("On other data or folds (FreeSolv), ")
    assert text.endswith(f" in {step} of 1 cases and sharing in {sharing}.")
    assert f"FreeSolv: {update:+.3f} [" in detail


def test_without_records_few_sentences_are_left():
    said = sentences(made.evidence(wanted=[]))
    assert set(said) == {"numbers", "claims"}
    assert numbers.by_chance([]) == 0
