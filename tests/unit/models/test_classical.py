"""Classical models: the libraries' defaults, the same bytes twice, and nothing that a test fold could tell."""

import json
import subprocess
import sys
from functools import cache

import made_up_records as made_up
import numpy as np
import pytest
import tiny
from score_mlx.models.classical import selection as selecting
from score_mlx.models.classical.fit import fit_all
from score_mlx.models.classical.models import make
from score_mlx.models.classical.selection import Selection
from score_mlx.models.classical.spec import METHODS, ClassicalSpec, Lasso
from score_mlx.runs.records import as_json
from score_mlx.system.errors import UserError

DATA = tiny.tabular(rows=130)  # LightGBM splits nothing of fewer than 40
PLANTED = tiny.tabular(rows=130, outliers=DATA.test(0))  # fold 0 tests what is changed, fold 1 trains on it


def spec(method, **options) -> ClassicalSpec:
    return METHODS[method][0]("tiny", method, **options)


@cache
def ranked(planted: bool = False) -> Selection:
    return selecting.select(spec("catboost"), PLANTED if planted else DATA)


def bare(method):
    """The library's estimator with nothing set but seed, threads and silence."""
    if method == "catboost":
        from catboost import CatBoostRegressor

        return CatBoostRegressor(random_seed=42, thread_count=1, verbose=False, allow_writing_files=False)
    if method == "xgboost":
        from xgboost import XGBRegressor

        return XGBRegressor(random_state=42, n_jobs=1)
    if method == "lightgbm":
        from lightgbm import LGBMRegressor

        return LGBMRegressor(random_state=42, n_jobs=1, verbose=-1)
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.linear_model import LassoCV
    from sklearn.svm import SVR

    return {"random_forest": RandomForestRegressor(random_state=42), "svr": SVR(), "lasso": LassoCV(cv=5)}[method]


@pytest.mark.parametrize("method", METHODS)
def test_settings_are_the_librarys_defaults(method):
    data = tiny.tabular(rows=220)  # with fewer than 100 CatBoost has other defaults
    x, y, train = data.scaled_descriptors(0), data.targets, data.train(0)
    ours, theirs = (model.fit(x[train], y[train]).predict(x) for model in (make(spec(method)), bare(method)))
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("method", METHODS)
def test_a_model_gives_the_same_bytes_twice_and_its_error_is_what_it_says(method, tmp_path):
    chosen = spec(method, **({"top": 3} if method == "lasso" else {}))
    selection = ranked() if chosen.ranked_by else None
    for name in ("a", "b"):
        fit_all(chosen, DATA, tmp_path / name, selection=selection, progress="none", preset="smoke")
    assert (tmp_path / "a" / "run.json").read_bytes() == (tmp_path / "b" / "run.json").read_bytes()
    record = made_up.stored(tmp_path / "a" / "run.json")
    assert (record["family"], record["spec"], record["parameters"]) == ("classical", chosen.as_dict(), None)
    assert made_up.stored_meta(tmp_path / "a" / "run.json")["preset"] == "smoke"
    columns = selection.top(1, 3) if selection else slice(None)
    x, y, train, test = DATA.scaled_descriptors(1)[:, columns], DATA.targets, DATA.train(1), DATA.test(1)
    error = make(chosen).fit(x[train], y[train]).predict(x[test]) - y[test]
    assert record["best"]["rmse"][1] == pytest.approx(np.sqrt(np.mean(error**2)), rel=1e-6)
    assert record["best"]["rmse"] == record["last"]["rmse"]
    assert all(fold["train_loss"][0] < np.var(y) for fold in record["folds"])  # it has learned something


def test_what_a_fit_chose_is_recorded(tmp_path):
    record = as_json(fit_all(spec("lasso", top=3), DATA, tmp_path, selection=ranked(), progress="none"))
    for fold in record["folds"]:
        chosen = fold["fitted"]
        assert chosen["descriptors"] == DATA.names[ranked().top(fold["fold"], 3)].tolist()
        assert chosen["alpha"] > 0 and 1 <= chosen["nonzero"] <= 3
    assert fit_all(spec("svr"), DATA, tmp_path, progress="none").folds[0].fitted["support_vectors"] > 0


def test_test_rows_change_neither_ranking_nor_fit(tmp_path):
    before, after = ranked(), ranked(planted=True)
    np.testing.assert_array_equal(before.importance[0], after.importance[0])
    assert not np.array_equal(before.importance[1], after.importance[1])
    for method in METHODS:
        chosen = spec(method, **({"top": 3} if method == "lasso" else {}))
        records = [
            fit_all(chosen, data, tmp_path, selection=s if chosen.ranked_by else None, progress="none")
            for data, s in ((DATA, before), (PLANTED, after))
        ]
        a, b = (record.folds[0] for record in records)
        assert a.train_loss == b.train_loss and a.fitted == b.fitted, method


def test_the_descriptors_that_make_the_target_come_first():
    selection = ranked()
    for fold in range(2):
        assert set(selection.top(fold, 2).tolist()) == {0, 1}  # `tiny.tabular` makes the target of these
    # what SHAP values add up to is the prediction, so they explain it all
    assert np.abs(selection.values.sum(axis=1) - DATA.targets).mean() < 0.6 * DATA.targets.std()
    assert selection.about["name"] == "tiny" and selection.about["versions"]["shap"]


def test_ties_are_broken_by_order():
    importance = np.array([[0.0, 0.5, 0.0, 0.5]])
    selection = Selection(np.array(list("abcd")), importance, np.zeros((1, 4)), np.zeros((1, 4)), {})
    assert selection.top(0, 4).tolist() == [1, 3, 0, 2]
    with pytest.raises(UserError, match="top = 5: expected 1 to 4"):
        selection.top(0, 5)


def test_selection_saved_and_loaded(tmp_path):
    selection, path = ranked(), tmp_path / "s.npz"
    for _ in range(2):
        selection.save(path)
    back = Selection.load(path)
    for name in ("names", "importance", "values", "inputs"):
        np.testing.assert_array_equal(getattr(back, name), getattr(selection, name))
    assert back.about == json.loads(json.dumps(selection.about))
    with pytest.raises(UserError, match="no such SHAP values file"):
        Selection.load(tmp_path / "none.npz")
    path.write_text("text")
    with pytest.raises(UserError, match="not a SHAP values file"):
        Selection.load(path)


def test_paths_and_settings():
    chosen = spec("catboost", iterations=50, learning_rate=0.25, split="grouped")
    assert chosen.path("").as_posix() == (
        "tiny/classical/catboost/split=grouped,iterations=50,learning_rate=0.25/run.json"
    )
    assert ClassicalSpec.from_path(chosen.path()) == chosen
    assert chosen.departures() == ["split grouped", "iterations 50", "learning_rate 0.25"]
    assert chosen.cuts() == [{"setting": "iterations", "ours": 50, "paper": 1000}]
    quick = spec("lasso", shap_iterations=50, repeat=2)
    assert quick.ranked_by == spec("catboost", iterations=50, repeat=2) and quick.cuts()[0]["ours"] == 50
    assert spec("lasso", top=100).departures() == []  # another model of Table 1, not another protocol
    assert spec("lasso", top=100).model == "Lasso (Top-100 features, CatBoost SHAP)"
    assert spec("lasso", top=100, ranking="lasso").model == "Lasso (Top-100 features)"  # as the paper calls it
    assert spec("lasso", ranking="lasso").ranked_by is None and spec("lasso").ranked_by
    with pytest.raises(UserError, match="unknown method = 'catbost': .*did you mean 'catboost'"):
        ClassicalSpec.from_path("x/tiny/classical/catbost/default/run.json")
    with pytest.raises(UserError, match="unknown option 'depth'"):
        ClassicalSpec.from_path("x/tiny/classical/svr/depth=3/run.json")
    with pytest.raises(UserError, match="its settings are those of CatBoost"):
        Lasso("tiny", "catboost")
    with pytest.raises(UserError, match="top = 0: expected at least 1"):
        spec("lasso", top=0)
    with pytest.raises(UserError, match="depth = 20: expected 1 to 16"):
        spec("catboost", depth=20)
    with pytest.raises(UserError, match=r"learning_rate = 0.0: expected 1e-09 to 1"):
        spec("xgboost", learning_rate=0.0)


def test_heavy_libraries_are_imported_where_they_are_used():
    heavy = ("catboost", "xgboost", "lightgbm", "sklearn", "shap", "mlx", "seaborn", "rdkit")
    modules = "score_mlx.cli, score_mlx.config.file, score_mlx.models.classical.fit, score_mlx.models.classical.spec"
    code = f"import sys, {modules}; print(sorted(set({heavy!r}) & set(sys.modules)))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[]"


def test_a_lasso_ranks_descriptors_by_its_own_shap_values(tmp_path):
    """SHAP values of a linear model: coefficient times (x - mean), so that their mean size is held to shap's own."""
    import shap
    from score_mlx.models.classical.selection import linear_importance
    from sklearn.linear_model import LassoCV

    record = fit_all(spec("lasso", top=3, ranking="lasso"), DATA, tmp_path, progress="none")
    for fold, part in enumerate(record.folds):
        x, train = DATA.scaled_descriptors(fold).astype(np.float64), DATA.train(fold)
        model = LassoCV(alphas=100, eps=1e-3, cv=5, max_iter=1000).fit(x[train], DATA.targets[train])
        background = shap.maskers.Independent(x[train], max_samples=len(train))
        values = np.abs(shap.LinearExplainer(model, background).shap_values(x[train])).mean(axis=0)
        assert linear_importance(model.coef_, x[train]) == pytest.approx(values, rel=1e-6, abs=1e-12)
        best = np.argsort(-values, kind="stable")[:3]
        assert part.fitted["descriptors"] == DATA.names[best].tolist()
