"""Which runs a target wants, and which modules its output is made by."""

import made_up_verdict as made
import pytest
from score_mlx.config.file import load
from score_mlx.config.targets import leaky, robustness_specs, target_specs
from score_mlx.system.code_inputs import PACKAGE, with_imports
from score_mlx.system.errors import UserError


def config(**given):
    return load(made.ROOT / "config.yaml", {"preset": "paper"} | given)


def test_tables_figures_and_what_asks_for_all():
    paper = config()
    assert target_specs(paper, "table2") == paper.specs("table2")
    assert set(target_specs(paper, "table7")) == {*paper.specs("table7a"), *paper.specs("table7b")}
    assert target_specs(paper, "figure13") == paper.figure_specs("table6", "figure13")
    assert set(target_specs(paper, "verdict")) == set(made.specs())
    assert set(robustness_specs(paper)) == {*paper.robustness_specs(), *made.specs("table1", "table2", "table7a")}
    assert target_specs(paper, "robustness") == robustness_specs(paper)
    counts = {"table7a": 12, "figure13": 4, "table1_sensitivity": 2 * len(paper.specs("table1")), "learnable_dt": 16}
    assert {name: len(target_specs(paper, name)) for name in counts} == counts
    assert set(target_specs(paper, "all")) == {*made.specs(), *paper.specs("table1", "grouped")}
    with pytest.raises(UserError, match="nothing makes table99, expected all, verdict, robustness, beyond, table1"):
        target_specs(paper, "table99")


def test_only_folds_at_random_have_a_sensitivity():
    paper, scaffold = config(), config(dataset="my.csv", split="scaffold")
    assert leaky(paper) == ["table1"] and leaky(scaffold) == []
    assert {spec.split for spec in target_specs(paper, "table1_sensitivity")} == {"kfold", "grouped"}
    with pytest.raises(UserError, match="nothing makes table1_sensitivity"):
        target_specs(scaffold, "table1_sensitivity")
    everything = target_specs(scaffold, "all")
    assert {spec.split for spec in everything} == {"scaffold"}
    assert "language" not in {spec.FAMILY for spec in everything}  # it has nothing to say of a reader's molecules


def test_what_a_module_imports_comes_along():
    speedup = set(with_imports("experiments/speedup/table.py"))
    assert {"stats/warp.py", "tables/table.py", "tables/runs.py"} < speedup
    assert not any(name.startswith("plots/") for name in speedup)  # a figure's look is not the table's
    assert "stats/warp.py" in with_imports("experiments/steps/drawing.py")
    assert "tables/language_runs.py" in with_imports("experiments/characters/table.py")
    verdict = set(with_imports("verdict/report.py"))
    assert {f"verdict/{path.name}" for path in (PACKAGE / "verdict").glob("[!_]*.py")} <= verdict
    assert not any(name.startswith(("graphs/", "chem/")) for name in verdict)  # those have numbers in science.py
    assert with_imports("report/style.css") == ["report/style.css"]
    with pytest.raises(FileNotFoundError):
        with_imports("tables/no_such.py")
