"""`score-mlx compare`: pairs, their tests, and what is said of them."""

import made_up_records as made_up
import pytest
from score_mlx.cli import app
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.runs.objective import OBJECTIVES
from score_mlx.stats.statistics import corrected, holm
from score_mlx.system.errors import UserError
from score_mlx.tables.compare import ALL, comparison, conclusion
from typer.testing import CliRunner

RMSE = OBJECTIVES["regression"].metric
BASE = (0.60, 0.62, 0.58, 0.61, 0.59)
BETTER = (0.50, 0.53, 0.48, 0.52, 0.49)
SAME = (0.60, 0.61, 0.60, 0.60, 0.60)


def run(config, last, arch="gcn", repeat=0, **changes):
    spec = GraphSpec("esol", arch, config, repeat=repeat)
    return made_up.run(made_up.record(spec, made_up.ESOL | changes, best=list(last), last=list(last)), made_up.meta())


def test_a_depth_that_is_better_in_each_fold_and_one_that_is_not():
    rows = comparison([run("base", BASE), run("SCORE", BETTER), run("classic", SAME)], "base", "last")
    assert [(row["depth"], row["n"]) for row in rows] == [("SCORE", 5), ("classic", 5)]
    differences = [a - b for a, b in zip(BETTER, BASE, strict=True)]
    found = corrected(differences, 5)
    assert (rows[0]["difference"], rows[0]["p"]) == pytest.approx((found.value, found.p))
    assert [row["p_holm"] for row in rows] == pytest.approx(holm([row["p"] for row in rows]))
    said = conclusion(rows, RMSE)
    assert said[0] == "SCORE against base, gcn, default: better."
    assert said[1] == "classic against base, gcn, default: no difference shown."
    assert said[2] == "Lowest RMSE, default: SCORE in 1 of 1 architectures."
    (row,) = comparison([run("base", BETTER), run("SCORE", BASE)], "base", "last")
    assert conclusion([row], RMSE)[0].endswith("default: worse.")


def test_repeats_add_results_and_architectures_are_averaged_fold_by_fold():
    runs = [run("base", BASE), run("SCORE", BETTER), run("base", BASE, repeat=1), run("SCORE", SAME, repeat=1)]
    (row,) = comparison(runs, "base", "last")
    assert row["n"] == 10 and row["options"] == "default"
    both = [run("base", BASE), run("SCORE", BETTER), run("base", BASE, "gat"), run("SCORE", SAME, "gat")]
    rows = comparison(both, "base", "last")
    assert [row["architecture"] for row in rows] == [f"{ALL} (2)", "gcn", "gat"]
    assert rows[0]["difference"] == pytest.approx((rows[1]["difference"] + rows[2]["difference"]) / 2)


def test_a_diverged_fold_is_not_tested():
    rows = comparison([run("base", (None, *BASE[1:])), run("SCORE", BETTER), run("classic", BETTER)], "SCORE", "last")
    assert [(row["depth"], row["p"]) for row in rows] == [("base", None), ("classic", 1)]
    assert conclusion(rows, RMSE)[0].endswith("diverged.")


@pytest.mark.parametrize(
    ("runs", "says"),
    [
        ([run("base", BASE)], "no two depths of one architecture: expected base and another, found gcn"),
        ([run("base", BASE), run("SCORE", BASE, "gat")], "found gcn, SCORE_gat"),
        ([run("base", BASE), run("SCORE", BASE, sha256="c" * 64)], "cannot share a table"),
        ([run("base", BASE), run("SCORE", BASE, repeat=1, sha256="c" * 64)], "records of different data"),
    ],
)
def test_what_cannot_be_compared(runs, says):
    with pytest.raises(UserError, match=says):
        comparison(runs, "base", "last")


def test_the_command(tmp_path):
    for config, last in (("base", BASE), ("SCORE", BETTER)):
        for split in ("kfold", "scaffold"):
            spec = GraphSpec("my", "gcn", config, split=split)
            record = made_up.record(spec, made_up.ESOL | {"name": "my"}, best=list(last), last=list(last))
            made_up.write(spec.path(tmp_path / "runs").parent, record, made_up.meta())
    arguments = ["compare", "my.csv", "--runs", str(tmp_path / "runs")]
    with pytest.raises(UserError, match="records with split kfold and scaffold; expected a --split"):
        CliRunner().invoke(app, arguments, catch_exceptions=False)
    done = CliRunner().invoke(app, [*arguments, "--split", "scaffold", "--out", str(tmp_path / "c.csv")])
    assert done.exit_code == 0 and "SCORE against base, gcn, split=scaffold: better." in done.output
    assert "5 folds (scaffold)" in (tmp_path / "c.md").read_text()
