"""The rule on numbers in planted worlds, where what is true is known, and the rerun standard deviations it rests on."""

import math
from dataclasses import replace

import made_up_verdict as made
import numpy as np
import pytest
from score_mlx.tables.runs import EPOCHS
from score_mlx.verdict.published import Published
from score_mlx.verdict.rerun import Reruns, Scale, pooled
from score_mlx.verdict.rules import Measured, judge

SD, CONFIGURATIONS, REPEATS = 0.0096, 28, 3  # of the committed records: one rerun of a five-fold mean, best epoch
PAPERS = 2000


def verdicts(off, rng, repeats=REPEATS):
    """Verdicts on `PAPERS` printed means of a procedure whose true mean is `off` from that of ours.

    The scale is estimated anew for each from configurations with repeats, as the rule does.
    """
    found = []
    for _ in range(PAPERS):
        reruns = SD * rng.standard_normal((CONFIGURATIONS, REPEATS))
        scale = pooled({row: dict(enumerate(each)) for row, each in enumerate(reruns)}, "configurations")
        paper, ours = 0.55 + off + SD * rng.standard_normal(), 0.55 + SD * rng.standard_normal(repeats).mean()
        number = Published("table2", "gat", "rmse_mean", paper, f"{paper:.3f}", "rmse")
        found.append(judge(number, Measured(ours, repeats, scale))[0])
    return found


def test_a_true_replication_is_reproduced_in_95_percent():
    share = verdicts(0.0, np.random.default_rng(1)).count("reproduced") / PAPERS
    assert 0.93 <= share <= 0.97


@pytest.mark.parametrize(("off", "least"), [(0.05, 0.95), (-0.05, 0.95), (0.03, 0.70)])
def test_a_number_that_is_wrong_is_not_reproduced(off, least):
    share = verdicts(off, np.random.default_rng(2)).count("not reproduced") / PAPERS
    assert share >= least


def test_a_noisier_procedure_is_inconclusive_and_not_reproduced():
    """With four times the scatter the interval is wider than the margin: the rule claims nothing."""
    scale = Scale(4 * SD, 56, "configurations")
    number = Published("table2", "gat", "rmse_mean", 0.55, "0.550", "rmse")
    assert judge(number, Measured(0.56, REPEATS, scale))[0] == "inconclusive"


def planted(model_sd, fold_sd, rng, archs=("gcn", "gat", "gine", "mpnn", "dmpnn", "attfp")):
    """Runs of Table 2 in three repeats, each with what its folds add to all models and what it adds itself."""
    specs = [spec for spec in made.specs("table2") if spec.arch in archs]
    common = fold_sd * rng.standard_normal(REPEATS)
    return [
        made.make_run(replace(spec, repeat=r), mean=0.56 + common[r] + model_sd * rng.standard_normal())
        for spec in specs
        for r in range(REPEATS)
    ]


def test_scales_are_those_that_were_planted():
    rng = np.random.default_rng(3)
    found = [Reruns(planted(0.008, 0.006, rng)) for _ in range(30)]
    mean = np.sqrt(np.mean([scales.mean("graphs", "best").sd ** 2 for scales in found]))
    apart = np.sqrt(np.mean([scales.difference("graphs", "best").sd ** 2 for scales in found]))
    assert mean == pytest.approx(0.010, rel=0.15)  # both together
    assert apart == pytest.approx(0.008 * math.sqrt(2), rel=0.05)  # what folds add cancels
    percent = np.mean([scales.improvement("graphs", "best").sd for scales in found])
    assert percent == pytest.approx(100 * 0.008 * math.sqrt(2) / 0.56, rel=0.1)
    assert found[0].mean("graphs", "best").df == 30 * 2 and found[0].difference("graphs", "best").df == 29 * 2
    of_six = np.sqrt(np.mean([scales.mean("graphs", "best", 6).sd ** 2 for scales in found]))
    assert 0.006 < of_six < mean


def test_every_choice_of_epoch_has_its_own_scale():
    rng = np.random.default_rng(4)
    runs = [
        replace(run, last=tuple(np.array(run.last) + 0.03 * rng.standard_normal())) for run in planted(0.008, 0, rng)
    ]
    scales = Reruns(runs)
    assert scales.mean("graphs", "last").sd > 2 * scales.mean("graphs", "best").sd
    assert {epoch for epoch in EPOCHS if scales.mean("graphs", epoch)} == set(EPOCHS)


def test_what_is_no_rerun_of_the_papers_procedure_does_not_count():
    rng = np.random.default_rng(5)
    runs = planted(0.008, 0, rng)
    others = [
        *(made.make_run(replace(run.spec, split="grouped"), mean=rng.uniform(0.5, 0.9)) for run in runs),
        *(made.make_run(replace(run.spec, fidelity="as_text"), mean=rng.uniform(0.5, 0.9)) for run in runs),
        *(made.make_run(replace(run.spec, epochs=9), mean=rng.uniform(0.5, 0.9)) for run in runs),
        *(made.make_run(replace(run.spec, arch="gt"), mean=rng.uniform(1.2, 1.8)) for run in runs),  # not trained
    ]
    assert Reruns([*runs, *others]).mean("graphs", "best") == Reruns(runs).mean("graphs", "best")
    none = Reruns([run for run in runs if not run.spec.repeat])
    assert none.mean("graphs", "best") is none.difference("graphs", "best") is none.log_factor is None


def test_speed_up_factors_and_losses_have_scales():
    specs = [spec for spec in made.specs("table7a") if spec.steps < 4]
    factors = {0: 2.0, 1: 2.2, 2: 1.8}
    runs = [
        made.make_run(replace(spec, repeat=r), speed=factors[r] if spec.recurrent else 1.0)
        for spec in specs
        for r in factors
    ]
    found = Reruns(runs).log_factor
    assert found.df == 4 and found.sd == pytest.approx(np.std(np.log(list(factors.values())), ddof=1), rel=0.1)

    def loss(run):
        return run.best.val_loss

    three = [made.language_run("char_score6_muon", loss=1.5 + 0.01 * r, repeat=r) for r in range(3)]
    assert Reruns([], three).loss(loss, timed=False) == Scale(pytest.approx(0.01), 2, "1 language models")
    assert Reruns([], three).loss(loss, timed=True) is Reruns([], three[:1]).loss(loss, timed=False) is None


def test_repeats_that_would_do():
    scale = Scale(0.011, 56, "")
    needed = scale.repeats_for(0.03)
    assert scale.half_width(needed) <= 0.03 < scale.half_width(needed - 1)
    assert Scale(0.02, 56, "").repeats_for(0.03) is None  # the paper's one run alone scatters by more


def test_the_epoch_chosen_on_the_other_folds():
    """Means of the other folds: 0.9, 0.4, 0.7 for fold 0; 0.9, 0.6, 0.65 for fold 1; 0.9, 0.6, 0.55 for fold 2."""
    curves = ((0.9, 0.8, 0.5), (0.9, 0.4, 0.6), (0.9, 0.4, 0.8))
    run = replace(made.make_run(made.specs("table2")[0]), curves=curves, best=(0.5, 0.4, 0.4), last=(0.5, 0.6, 0.8))
    assert run.rmse("held_out") == (0.8, 0.4, 0.8)
    assert all(map(math.isnan, replace(run, curves=((math.nan, 0.5), (0.5, 0.4), (0.5, 0.4))).held_out))
