"""Table 1 and what goes with it: models of two families in one table, sensitivity, selected descriptors, figures."""

import csv
from dataclasses import replace

import made_up_records as made_up
import numpy as np
import pytest
from matplotlib import image
from score_mlx.config.file import load
from score_mlx.experiments.baselines import drawing as baselines
from score_mlx.experiments.models import table as tables
from score_mlx.models.classical.selection import Selection
from score_mlx.models.classical.spec import METHODS
from score_mlx.models.dense.spec import DenseSpec
from score_mlx.models.families import spec_from_path, spec_from_values
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.plots import schema, shap_summary
from score_mlx.system.errors import UserError
from score_mlx.tables import selection, sensitivity

PAPER = {"CatBoost": {"rmse_mean": 0.563, "rmse_std": 0.03}, "MLP": {"rmse_mean": 0.642, "rmse_std": 0.04}}


def catboost(dataset=made_up.ESOL, best=None, **options):
    spec = METHODS["catboost"][0](dataset["name"], "catboost", **options)
    return made_up.run(made_up.record(spec, dataset, best, best), made_up.meta())


def mlp(dataset=made_up.ESOL, best=None, last=None, **options):
    return made_up.run(
        made_up.record(DenseSpec(dataset["name"], "mlp", **options), dataset, best, last), made_up.meta()
    )


def table1(dataset=made_up.ESOL):
    """Table 1's runs as config.yaml lists them."""
    specs = load("config.yaml", {"dataset": dataset["name"]}).specs("table1")
    return [made_up.run(made_up.record(spec, dataset), made_up.meta()) for spec in specs]


@pytest.fixture(autouse=True)
def at_home(repo, monkeypatch):
    monkeypatch.chdir(repo)


def test_config_lists_the_papers_table_1(repo):
    paper = tables.read_paper(repo / "data" / "paper" / "table1.csv")
    ours = [run.model for run in table1()]
    assert [model for model in ours if model in paper] == list(paper)
    others = {"Lasso (Top-217 features)", *(f"Lasso (Top-{top} features, CatBoost SHAP)" for top in (10, 100))}
    assert set(ours) - set(paper) == others
    assert all(run.incomparable() == "" for run in table1())


def test_two_families_in_one_table():
    rows = tables.model_table([mlp(best=[0.6] * 5, last=[0.7] * 5), catboost(best=[0.55] * 5)], PAPER, top=0)
    assert [(row["model"], row["rank"], row["top"]) for row in rows] == [("CatBoost", 1, ""), ("MLP", 2, "")]
    assert rows[0]["last_rmse_mean"] is None and rows[1]["last_rmse_mean"] == pytest.approx(0.7)
    assert rows[0]["difference"] == pytest.approx(0.55 - 0.563) and rows[0]["paper_rank"] is None
    text = made_up.markdown(tables.READABLE, rows, "Table 1", tables.caption([mlp(), catboost()]))
    assert "| CatBoost | 0.550 ± 0.000 |               | 0.563 ± 0.030 |" in text
    assert "lowest over epochs" in text and "* the best" not in text
    assert "epochs" not in " ".join(tables.caption([catboost()])).replace("cuts", "")


def test_a_changed_setting_is_not_compared_with_the_paper():
    (row,) = tables.model_table([catboost(depth=4)], PAPER)
    assert row["comparable"] == "depth 4" and row["difference"] is None
    (row,) = tables.model_table([mlp(split="grouped")], PAPER)
    assert row["comparable"] == "split grouped" and "5 folds (grouped)" in " ".join(
        tables.caption([mlp(split="grouped")])
    )


def test_sensitivity_is_the_mean_of_differences_by_fold():
    other = {**made_up.ESOL, "folds_sha256": "c" * 64}
    plain = [catboost(best=[0.5, 0.6]), mlp(best=[0.6, 0.7], last=[0.65, 0.79])]
    grouped = [mlp(other, [0.62, 0.7], [0.7, 0.8], split="grouped"), catboost(other, [0.5, 0.64], split="grouped")]
    tree, network = sensitivity.sensitivity_table(plain, grouped)
    assert (tree["model"], network["model"]) == ("CatBoost", "MLP")
    assert tree["last_rmse_mean"] is tree["change_last"] is tree["change_both"] is None
    assert (tree["change_grouped"], tree["change_grouped_std"]) == pytest.approx((0.02, 0.02))
    assert (network["change_last"], network["change_last_std"]) == pytest.approx((0.07, 0.02))
    assert network["change_both"] == pytest.approx(0.1) and network["grouped_last_rmse_mean"] == pytest.approx(0.75)
    assert set(tree) == set(sensitivity.COLUMNS)
    with pytest.raises(UserError, match="MLP: expected a run on kfold and one on grouped folds"):
        sensitivity.sensitivity_table(plain, grouped[1:])


def chosen(about=None) -> Selection:
    rng = np.random.default_rng(0)
    names = np.array([f"d{column}" for column in range(120)])
    importance = np.abs(rng.normal(size=(5, 120)))
    importance[:, 7] = 9.0
    about = (
        made_up.ESOL | {"cuts": [], "seed": 42, "split": "kfold", "device": "cpu", "commit": "0" * 40} | (about or {})
    )
    about["versions"] = {"catboost": "1.2", "shap": "0.5", "rdkit": "2026.1"}
    return Selection(names, importance, rng.normal(size=(40, 120)), rng.normal(size=(40, 120)), about)


def test_the_selected_descriptors(tmp_path):
    selected = chosen()
    rows = selection.selection_table(selected)
    assert len(rows) == 100 and [row["rank"] for row in rows] == list(range(1, 101))
    first = rows[0]
    assert (first["descriptor"], first["mean_abs_shap"], first["folds_top10"]) == ("d7", 9.0, 5)
    assert [first[f"fold{k}"] for k in range(5)] == [9.0] * 5
    means = [row["mean_abs_shap"] for row in rows]
    assert means == sorted(means, reverse=True)
    for row in rows:
        column = int(row["descriptor"][1:])
        for n in (10, 100):
            assert row[f"folds_top{n}"] == sum(column in selected.top(k, n) for k in range(5))
    assert r"| mean \|SHAP\| |" in made_up.markdown(selection.READABLE, rows, "S", [])
    columns = selection.columns(5)
    made_up.write_all(tmp_path / "s.csv", columns, selection.READABLE, rows, "S", selection.caption(selected))
    with (tmp_path / "s.csv").open(newline="") as file:
        assert next(csv.DictReader(file))["versions"] == "catboost=1.2 rdkit=2026.1 shap=0.5"
    stand_in = replace(selected, about=made_up.NCI | {"cuts": [], "split": "kfold"})
    assert selection.caption(stand_in)[0].startswith("STAND-IN DATA")


def test_figures_with_the_same_bytes_twice(tmp_path):
    drawings = {
        "figure1a": lambda path: schema.draw(path, title="Figure 1a"),
        "figure1b": lambda path: baselines.draw(table1(), path, title="Figure 1b", paper=PAPER),
        "figure1": lambda path: baselines.draw_beside_schema(table1(made_up.NCI), path, title="Models", paper=PAPER),
        "shap_summary": lambda path: shap_summary.draw(chosen(), path),
    }
    for name, draw in drawings.items():
        for copy in ("a", "b"):
            draw(tmp_path / copy / f"{name}.png")
        for suffix in ("png", "pdf"):
            a, b = ((tmp_path / copy / f"{name}.{suffix}").read_bytes() for copy in ("a", "b"))
            assert a == b, name
        height, width, _ = image.imread(tmp_path / "a" / f"{name}.png").shape
        assert width > 700 and height > 500, name


def test_a_diverged_model_is_drawn(tmp_path):
    baselines.draw([catboost(), mlp(best=[None, 0.6, 0.6, 0.6, 0.6])], tmp_path / "x.png", title="", paper={})
    assert (tmp_path / "x.pdf").stat().st_size > 5000


def test_a_path_says_the_family():
    for spec in (GraphSpec("my", "gat", "SCORE"), DenseSpec("my", "mlp"), METHODS["svr"][0]("my", "svr", C=2.0)):
        assert spec_from_path(spec.path("x/runs")) == spec
        assert spec_from_values(spec.FAMILY, spec.as_dict()) == spec
    with pytest.raises(UserError, match="expected .*graphs/<arch>/<config>.* or .*classical/<method>"):
        spec_from_path("my/trees/svr/default/run.json")
    with pytest.raises(UserError, match="unknown family 'dens'.*did you mean 'dense'"):
        spec_from_values("dens", {})
    with pytest.raises(UserError, match="missing 1 required positional argument: 'network'"):
        spec_from_values("dense", {"dataset": "x"})
