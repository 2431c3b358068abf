"""Tables 7 to 9: depths side by side, their average, and the figure."""

import made_up_records as made_up
import pytest
from score_mlx.experiments.steps import drawing as drawing
from score_mlx.experiments.steps import table as steps
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.system.errors import UserError

OPTIONS = {"readout": "sum", "head": "mlp"}


def run(depth, form, best, last, dataset=made_up.ESOL, **options):
    spec = GraphSpec(dataset["name"], "gat", form, steps=depth, **(OPTIONS | options))
    return made_up.run(made_up.record(spec, dataset, best, last), made_up.meta())


def two_depths(dataset=made_up.ESOL, **options):
    return [
        run(3, "SCORE", [0.55, 0.57], [0.6, 0.6], dataset, **options),
        run(3, "base", [0.6, 0.64], [0.7, 0.7], dataset, **options),
        run(2, "base", [0.7, 0.7], [0.8, 0.8], dataset, **options),
        run(2, "SCORE", [0.63, 0.63], [0.65, 0.65], dataset, **options),
    ]


PAPER = {
    "2": {"score": 0.6, "native": 0.65, "improvement_percent": 7.7},
    "average": {"score": 0.59, "native": 0.64, "improvement_percent": 7.8},
}


def test_rows_by_hand():
    two, three, average = steps.steps_table(two_depths(), PAPER)
    assert [row["steps"] for row in (two, three, average)] == [2, 3, "average"]
    assert (two["dt"], two["score"], two["native"], two["diff"]) == pytest.approx((0.5, 0.63, 0.7, 0.07))
    assert two["improvement_percent"] == pytest.approx(10) and two["improvement_last_percent"] == pytest.approx(18.75)
    assert two["difference_score"] == pytest.approx(0.03) and two["comparable"] == "yes"
    assert three["score_std"] == pytest.approx(0.01) and three["comparable"] == "the paper gives no value"
    assert average["native"] == pytest.approx((0.7 + 0.62) / 2) and average["difference_native"] == pytest.approx(0.02)
    assert tuple(two) == tuple(average) == steps.COLUMNS


def test_the_papers_table_is_read(repo):
    paper = steps.read_paper(repo / "data" / "paper" / "table7a.csv")
    assert set(paper) == {"2", "3", "4", "5", "6", "7", "average"}
    assert paper["4"] == {"score": 0.595, "native": 0.638, "improvement_percent": 6.7}


def test_other_data_and_cuts_are_not_compared():
    for made, why in ((two_depths(made_up.NCI), "dataset nci"), (two_depths(epochs=2), "epochs 2/150")):
        rows = steps.steps_table(made, PAPER)
        assert {row["comparable"] for row in rows} == {why}
        assert all(row["difference_score"] is None for row in rows)
        assert "0.650" not in made_up.markdown(steps.READABLE, rows, "T", [])


def test_a_diverged_fold_makes_no_number():
    runs = [*two_depths()[1:], run(3, "SCORE", [None, 0.57], [None, 0.6])]
    two, three, average = steps.steps_table(runs, PAPER)
    assert two["improvement_percent"] == pytest.approx(10)
    for row in (three, average):
        assert row["score"] is row["diff"] is row["improvement_percent"] is row["improvement_last_percent"] is None
    text = made_up.markdown(steps.READABLE, [three, average], "T", [])
    assert "diverged" in text and "nan" not in text


def test_a_missing_half_is_named():
    with pytest.raises(UserError, match="K = 2: expected a run of SCORE and one of the native model"):
        steps.steps_table(two_depths()[:3], PAPER)


def test_the_figure_twice_the_same(tmp_path):
    for name in ("a", "b"):
        drawing.draw(two_depths(), tmp_path / name / "figure18.png", title="Figure 18", paper=PAPER)
    for suffix in ("png", "pdf"):
        a, b = ((tmp_path / name / f"figure18.{suffix}").read_bytes() for name in ("a", "b"))
        assert a == b
    drawing.draw(two_depths(made_up.NCI, epochs=2), tmp_path / "c.png", title="Figure 18")
