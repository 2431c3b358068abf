"""Figures of models that learn classes: another metric, of which more is better, on the axes, in order and in words."""

import json

import made_up_records as made_up
import numpy as np
import pytest
from score_mlx.experiments.baselines import drawing as baselines
from score_mlx.experiments.integrators.drawing import draw_integrators
from score_mlx.experiments.models import drawing as models
from score_mlx.experiments.models.table import model_table
from score_mlx.experiments.steps import drawing as steps
from score_mlx.experiments.steps.table import steps_table
from score_mlx.models.classical.spec import METHODS
from score_mlx.models.dense.spec import DenseSpec
from score_mlx.models.families import run_of
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.plots.learning_curves import limits
from score_mlx.runs.records import as_json, summarise
from score_mlx.runs.schema import ClassFold, ClassRecord, RunMeta

DATA = made_up.ESOL | {"name": "bbbp", "label": "bbbp", "unit": ""}
CLASSES = {"split": "stratified", "task": "classification"}


def run(spec, level):
    """A run that climbs from 0.55 to a level, one hundredth more a fold."""
    climb = [0.55 + (level - 0.55) * min(1, epoch / 10) for epoch in range(1, spec.epochs + 1)]
    folds = []
    for fold in range(5):
        values = [value + 0.01 * fold for value in climb] if spec.epochs > 1 else [level + 0.01 * fold]
        curves = {"train_loss": [0.4] * spec.epochs, "roc_auc": values, "pr_auc": [0.9 * value for value in values]}
        folds.append(ClassFold(fold=fold, train=900, test=228, **curves))
    record = {"schema": 1, "family": spec.FAMILY, "science": 1, "spec": spec.as_dict(), "cuts": spec.cuts()}
    record |= {"dataset": dict(DATA), "parameters": None, "folds": [as_json(fold) for fold in folds]}
    record |= {part: as_json(found) for part, found in summarise(folds).items()}
    return run_of(ClassRecord.model_validate(record), RunMeta.model_validate(made_up.meta()))


def graph(arch="gat", config="SCORE", level=0.8, **options):
    return run(GraphSpec("bbbp", arch, config, **CLASSES, **options), level)


def caption(path):
    return json.loads(path.with_suffix(".json").read_text())["caption"]


def test_the_best_model_has_the_highest_auc(tmp_path):
    runs = [graph(config="base", level=0.7), graph(level=0.9), graph("gcn", level=0.8)]
    rows = model_table(runs, {}, not_run=["gt"])
    assert [row["model"] for row in rows] == ["SCORE_gat", "SCORE_gcn", "gat", "gt"]
    assert rows[0]["roc_auc_mean"] == pytest.approx(0.92) and rows[0]["pr_auc_mean"] == pytest.approx(0.828)
    assert models.limits(runs)[0] < 0.7 and models.limits(runs)[1] > 0.94  # no model is off the scale
    models.draw(runs, tmp_path / "a.png", title="A", baseline=graph("gt", level=0.6))
    assert "A point is the highest validation ROC-AUC over epochs of one fold" in caption(tmp_path / "a.png")


def test_bars_start_at_chance_where_no_fold_is_below(tmp_path):
    bars = [run(METHODS["svr"][0]("bbbp", "svr", **CLASSES), 0.8), run(DenseSpec("bbbp", "mlp", **CLASSES), 0.7)]
    baselines.draw(bars, tmp_path / "b.png", title="B", paper={})
    assert "0.5 is the ROC-AUC of a model that knows nothing; bars start there." in caption(tmp_path / "b.png")
    worse = [*bars, run(METHODS["xgboost"][0]("bbbp", "xgboost", **CLASSES), 0.4)]
    baselines.draw(worse, tmp_path / "c.png", title="C", paper={})
    assert "knows nothing. " in caption(tmp_path / "c.png")


def test_steps_and_integrators(tmp_path):
    pairs = [graph(config=c, level=level, steps=k) for k in (2, 3) for c, level in (("SCORE", 0.9), ("base", 0.8))]
    row = steps_table(pairs, {})[0]
    assert row["improvement_percent"] == pytest.approx(100 * 0.1 / 0.82) and row["diff"] == pytest.approx(0.1)
    steps.draw(pairs, tmp_path / "d.png", title="D")
    assert "Right: the highest over epochs of each fold" in caption(tmp_path / "d.png")
    draw_integrators([graph(), graph(integrator="heun")], tmp_path / "e.png", title="E")
    assert caption(tmp_path / "e.png").startswith("Validation ROC-AUC.")


def test_curves_are_shown_by_how_far_they_are_from_one():
    curve = np.array([0.5, 0.7, 0.9])
    low, high = limits([curve], higher=True)
    assert 0.65 < low < 0.7 and 0.9 < high < 0.95  # 3 times as far from 1 as 0.9 is
    low, _ = limits([curve, np.array([0.5, 0.55])], higher=True)
    assert low < 0.55  # each curve's best is seen
    assert limits([np.array([np.nan])], higher=True) == (0.0, 1.0)
