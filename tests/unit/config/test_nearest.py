"""Targets that nothing makes, and what was meant."""

import pytest
from score_mlx.config.nearest import Targets

pytestmark = pytest.mark.badinput

OWN = Targets(
    ["table2", "table7", "runs", "figure5", "equal_size"],
    ["figure2", "figure5"],
    "results/my",
    "results/my/figures",
    {"all", "runs", "verdict"},
)


@pytest.mark.parametrize(
    ("target", "near"),
    [
        ("results/table2.csv", "results/my/table2.csv"),
        ("results/my/tabel2.csv", "results/my/table2.csv"),
        ("results/my/Table2.md", "results/my/table2.md"),
        ("results/my/table2.xlsx", "results/my/table2.csv"),
        ("results/my/figures/figure2.svg", "results/my/figures/figure2.png"),
        ("results/other/table2.csv", "results/my/table2.csv"),
        ("results/other/figures/figure2.pdf", "results/my/figures/figure2.pdf"),
        ("paper_figures/figure2.png", "results/my/figures/figure2.png"),
        ("paper_figures/figure5.csv", "results/my/figure5.csv"),
        ("table2.csv", "results/my/table2.csv"),
        ("table2", "results/my/table2.csv"),
        ("figure2", "results/my/figures/figure2.png"),
        ("tabl2", "results/my/table2.csv"),
        ("Verdict", "verdict"),
        ("al", "all"),
    ],
)
def test_the_nearest_is_named(target, near, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert OWN.wrong(["-n", "--config", "dataset=my.csv", "--", target]) == (target, near)


@pytest.mark.parametrize(
    "target",
    ["results/my/table2.csv", "results/my/figure5.csv", "results/my/figures/figure5.png", "all", "runs",
     "results/x.csv", "results/runs/my/table2.csv", "results/data/my/molecules.csv", "elsewhere/table2.csv", "xyz"],
)  # fmt: skip
def test_what_may_be_made_is_left_to_snakemake(target, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert OWN.wrong(["--", target]) is None


def test_values_of_options_are_no_targets(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = ["--configfile", "table2.yaml", "--report", "table2.html", "--profile", "al", "--config", "dataset=nci"]
    assert OWN.wrong(given) is None
    (tmp_path / "table2.csv").write_text("")  # a reader's own file
    assert OWN.wrong(["--", "table2.csv"]) is None
