"""Uninformative numbers under the same rule, where the models differ and where they do not."""

import math
from dataclasses import replace

import made_up_verdict as made
import numpy as np
import pytest
from score_mlx.verdict import contrasts, informativeness
from score_mlx.verdict.contrasts import OPEN, OPPOSITE, SAME, UNRESOLVED, Ranking
from score_mlx.verdict.published import Published
from score_mlx.verdict.rerun import Scale

TABLE2 = [n for n in made.PRINTED if n.target == "table2" and n.column == "rmse_mean"]


def ranking(paper, ours, sd=0.005):
    names = [str(place) for place in range(len(paper))]
    return Ranking("table2", names, np.array(paper), np.array(ours, float), [Scale(sd, 50, "")] * len(paper))


def test_pairs_by_hand():
    """Bound: t(0.975, 50) x 0.005 x sqrt(2) = 0.0142 for one run each."""
    table = ranking([0.50, 0.55, 0.552, 0.60], [[0.50], [0.54], [0.53], [0.52]])
    says = {(row["a"], row["b"]): row["result"] for row in contrasts.contrasts_table([table])}
    assert says == {
        ("0", "1"): SAME, ("0", "2"): SAME, ("0", "3"): SAME, ("1", "2"): UNRESOLVED, ("1", "3"): OPPOSITE,
        ("2", "3"): OPEN,
    }  # fmt: skip
    assert contrasts.contrasts_table([table])[0]["paper_bound"] == pytest.approx(
        2.0086 * 0.005 * math.sqrt(2), rel=1e-3
    )


def test_a_constant_resolves_no_pair_and_a_real_model_of_the_differences_does():
    rng = np.random.default_rng(1)
    truth = np.linspace(0.5, 0.65, 12)
    for _ in range(50):
        paper, ours = (truth + 0.005 * rng.standard_normal(12) for _ in range(2))
        table = ranking(paper, ours[:, None])
        real, constant = (table.agreement(table.paper, values, 1)[SAME] for values in (ours, np.full(12, ours.mean())))
        shuffle = np.mean([table.agreement(table.paper, rng.permutation(ours), 1)[SAME] for _ in range(20)])
        assert constant == 0 < shuffle < real


def test_models_that_do_not_differ_are_rarely_resolved():
    """By chance 5 % of the pairs of one run are called apart, and hardly one the same way twice."""
    rng = np.random.default_rng(2)
    counts = []
    for _ in range(200):
        paper, ours = 0.55 + 0.005 * rng.standard_normal((2, 12))
        table = ranking(paper, ours[:, None])
        counts.append(table.agreement(table.paper, ours, 1))
    resolved = 1 - np.mean([count[UNRESOLVED] for count in counts]) / 66
    assert 0.03 < resolved < 0.07 and np.mean([count[SAME] for count in counts]) / 66 < 0.01


def world(spread, rng, sd=0.005):
    """Records of the 13 models of Table 2 in three repeats, and a paper that prints one more run of the same models."""
    truth = dict(zip([n.row for n in TABLE2], np.linspace(0.55, 0.55 + spread, len(TABLE2)), strict=True))
    specs = [spec for spec in made.specs("table2") if spec.model in truth]
    runs = [replace(spec, repeat=r) for spec in specs for r in range(3)]
    seen = made.evidence(lambda spec: {"mean": truth[spec.model] + sd * rng.standard_normal()}, runs)
    paper = [replace(n, value=float(truth[n.row] + sd * rng.standard_normal())) for n in TABLE2]
    return replace(seen, printed=paper), paper


def test_where_models_are_alike_a_constant_scores_as_well_and_where_they_differ_it_does_not():
    rng = np.random.default_rng(3)
    *_, alike = informativeness.informativeness_table(*world(0.0, rng))
    assert alike["constant"] >= alike["reproduced"] >= 11 and alike["shuffle"] > 11
    *_, apart = informativeness.informativeness_table(*world(0.15, rng))
    assert apart["reproduced"] >= 11 and apart["constant"] < 6 and apart["shuffle"] < 5
    assert apart["same"] > 0.8 * apart["pairs_paper_resolves"] > 40 and apart["same_constant"] == 0
    assert apart["same_shuffle"] < 0.7 * apart["same"]
    rows = informativeness.informativeness_table(*world(0.15, rng))
    assert rows[0]["tau"] > 0.8 and rows[0]["tau_repeats"] > 0.8 and rows[0]["same_repeats"] > 0.8
    assert f"constant per table would reproduce {rows[-1]['constant']}" in informativeness.caption(rows)[0]


def test_the_best_constant():
    from score_mlx.verdict.informativeness import Case, best_constant, shuffled
    from score_mlx.verdict.rules import Measured

    def case(paper, ours):
        number = Published("table2", "x", "rmse_mean", paper, str(paper), "rmse")
        return Case(number, Measured(ours, 3, Scale(0.005, 50, "")))  # h is 2.0086 x 0.005 x sqrt(4/3) = 0.0116

    cases = [case(0.50, 0.50), case(0.51, 0.51), case(0.52, 0.52), case(0.60, 0.60)]
    value, count = best_constant(cases)
    assert count == 3 and 0.5084 < value < 0.5116
    assert shuffled(cases) == pytest.approx((2 + 3 + 2 + 1) / 4)


def test_without_records_nothing_is_said():
    (total,) = informativeness.informativeness_table(made.evidence(wanted=[]), made.PRINTED)
    assert total["target"] == "all" and informativeness.sentence(total | {"numbers": 0}).startswith("No number")
