"""Models that learn classes: loss, metrics, folds, records; and that models of numbers are as they were."""

import json
from dataclasses import replace

import made_up_records as made_up
import mlx.core as mx
import numpy as np
import pytest
import tiny
from score_mlx.data.chem.folds import make_folds
from score_mlx.models.check import check
from score_mlx.models.classical.fit import fit_all
from score_mlx.models.classical.spec import CLASSIFIERS, METHODS
from score_mlx.models.dense.spec import DenseSpec
from score_mlx.models.dense.task import DenseTask
from score_mlx.models.families import read_run, spec_from_path
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.models.graphs.task import GraphTask
from score_mlx.runs.objective import OBJECTIVES
from score_mlx.runs.records import as_json
from score_mlx.system.errors import UserError
from score_mlx.training import loop
from score_mlx.training.progress import Progress
from score_mlx.training.trainer import train
from sklearn.metrics import average_precision_score, roc_auc_score

CLASSES, NUMBERS = OBJECTIVES["classification"], OBJECTIVES["regression"]
ROC, PR = CLASSES.metrics
TABULAR = tiny.tabular(120)
SEPARABLE = replace(TABULAR, targets=(TABULAR.targets > 0).astype(float))
NOISE = replace(TABULAR, targets=np.random.default_rng(5).integers(0, 2, 120).astype(float))


def dense(**options):
    return DenseSpec("tiny", "mlp", task="classification", **({"epochs": 25, "learning_rate": 3e-3} | options))


def trained(spec, data, folder, task=DenseTask):
    return as_json(train(task, spec, data, folder, progress="none"))


def by_hand(score, label):
    """ROC-AUC as the chance that a one is above a zero; average precision as a sum over the ones."""
    ones, zeros = score[label == 1], score[label == 0]
    above = (ones[:, None] > zeros).mean() + 0.5 * (ones[:, None] == zeros).mean()
    at_or_above = score >= np.sort(ones)[:, None]
    return above, ((at_or_above & (label == 1)).sum(axis=1) / at_or_above.sum(axis=1)).mean()


def test_a_planted_rule_is_learned_and_noise_is_not(tmp_path):
    learned = trained(dense(), SEPARABLE, tmp_path / "rule")
    assert min(learned["last"]["roc_auc"]) > 0.95 and min(learned["best"]["pr_auc"]) > 0.95
    assert learned["folds"][0]["train_loss"][-1] < 0.3 < learned["folds"][0]["train_loss"][0]
    guessed = trained(dense(epochs=8), NOISE, tmp_path / "noise")
    assert abs(np.mean(guessed["last"]["roc_auc"]) - 0.5) < 0.12


def test_a_graph_network_learns_classes(tmp_path):
    """Which alkane carries a chlorine."""
    data, chlorine = tiny.data(64), np.array([i // 8 % 4 == 2 for i in range(64)], float)
    spec = tiny.spec("gat", "SCORE", epochs=20, task="classification", hidden=16, learning_rate=5e-3)
    record = trained(spec, replace(data, targets=chlorine), tmp_path, GraphTask)
    assert min(record["best"]["roc_auc"]) > 0.95
    assert set(record["folds"][0]) == {"fold", "mad", "pr_auc", "roc_auc", "test", "train", "train_loss"}


@pytest.mark.parametrize("method", CLASSIFIERS)
def test_classical_models_learn_classes(method, tmp_path):
    short = {"catboost": {"iterations": 30}}.get(method, {})
    spec = METHODS[method][0]("tiny", method, task="classification", **short)
    record = fit_all(spec, SEPARABLE, tmp_path, progress="none")
    assert min(record.last.roc_auc) > 0.8
    assert read_run(tmp_path / "run.json").model == {"svr": "SVC"}.get(method, METHODS[method][1])


def test_metrics_are_those_of_scikit_learn_and_of_their_definition():
    rng = np.random.default_rng(0)
    label = rng.integers(0, 2, (3, 50)).astype(float)
    score = np.round(label + rng.normal(size=(3, 50)), 1)  # with ties
    weight = np.ones((3, 50))
    weight[1, 40:] = 0
    batches = [(score[:, s], label[:, s], weight[:, s]) for s in (slice(0, 30), slice(30, 50))]
    for r, count in enumerate((50, 40, 50)):
        s, y = score[r, :count], label[r, :count]
        assert ROC.measure(batches)[r] == roc_auc_score(y, s) == pytest.approx(by_hand(s, y)[0])
        assert PR.measure(batches)[r] == average_precision_score(y, s) == pytest.approx(by_hand(s, y)[1])
    score[2, 0] = np.nan
    assert np.isnan(ROC.measure(batches)).tolist() == [False, False, True]


@pytest.mark.parametrize("name", OBJECTIVES)
def test_gradients_of_the_loss_are_finite_differences(name):
    """Of what NumPy says of the loss, in double precision; padding has none."""
    objective, rng = OBJECTIVES[name], np.random.default_rng(1)
    z, y, real = rng.normal(0, 3, 6), np.array([0.0, 1, 1, 0, 1, 0]), np.array([1.0, 1, 1, 1, 0, 0])
    gradient = np.array(mx.grad(objective.loss)(*(mx.array(values, mx.float32) for values in (z, y, real))))
    for place, step in enumerate(1e-5 * np.eye(4, 6)):
        up, down = (objective.mean_loss(objective.output(z + sign * step)[:4], y[:4]) for sign in (1, -1))
        assert gradient[place] == pytest.approx((up - down) / 2e-5, rel=1e-5, abs=1e-6)
    assert (gradient[4:] == 0).all()


def test_cross_entropy_and_probabilities_of_any_logit():
    z, y = np.array([-800.0, -2.0, 0.0, 2.0, 800.0]), np.array([0.0, 0, 1, 1, 1])
    probability = CLASSES.output(z)
    assert probability.tolist() == pytest.approx([0, 1 / (1 + np.e**2), 0.5, 1 / (1 + np.e**-2), 1])
    loss = CLASSES.loss(mx.array(z, mx.float32), mx.array(y, mx.float32), mx.ones(5)).item()
    assert loss == pytest.approx(CLASSES.mean_loss(probability, y), rel=1e-5)
    gradient = mx.grad(CLASSES.loss)(mx.zeros(2), mx.array([0.0, 1.0]), mx.ones(2))
    assert gradient.tolist() == [0.25, -0.25]  # also where the logit is 0


def test_stratified_folds_share_out_the_classes():
    targets = np.array([1.0] * 11 + [0.0] * 44)
    folds = make_folds(["C"] * 55, "stratified", targets=targets)
    assert sorted(np.bincount(folds[targets == 1]).tolist()) == [2, 2, 2, 2, 3]
    assert max(np.bincount(folds)) - min(np.bincount(folds)) <= 1
    assert (make_folds(["C"] * 55, "stratified", 1, targets=targets) != folds).any()
    with pytest.raises(UserError, match="^mine: 4 molecules of class 1, expected at least 5, one for each"):
        make_folds(["C"] * 55, "stratified", targets=np.array([1.0] * 4 + [0.0] * 51), name="mine")


def test_a_record_says_the_epoch_of_the_highest_auc(tmp_path):
    record = trained(dense(epochs=6), SEPARABLE, tmp_path / "a" / "run")
    best = [record["best"][key] for key in ("epoch", "roc_auc", "pr_auc")]
    for fold, epoch, value, other in zip(record["folds"], *best, strict=True):
        assert value == max(fold["roc_auc"]) == fold["roc_auc"][epoch - 1] and epoch == 1 + fold["roc_auc"].index(value)
        assert other == fold["pr_auc"][epoch - 1]
    path = dense(epochs=6).path(tmp_path)
    path.parent.mkdir(parents=True)
    for name in ("run.json", "run.meta.json"):
        path.with_name(name).write_bytes((tmp_path / "a" / "run" / name).read_bytes())
    run = check(path)
    assert run.metric is ROC and run.best == tuple(record["best"]["roc_auc"])
    assert run.others["pr_auc"][1] == tuple(record["last"]["pr_auc"])
    changed = json.loads(path.read_text())
    changed["best"]["roc_auc"][0] = 0.1
    path.write_text(json.dumps(changed))
    with pytest.raises(UserError, match="expected .* from its curves"):
        check(path)


def test_killed_and_resumed_gives_the_same_bytes(tmp_path, monkeypatch):
    spec, names = dense(epochs=3), ("run.json", "weights/fold1-best.safetensors")
    trained(spec, SEPARABLE, tmp_path / "straight")
    original = Progress.epoch

    def epoch(self, number, *args):
        original(self, number, *args)
        if number == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(loop, "CHECKPOINT_SECONDS", -1)
        patch.setattr(Progress, "epoch", epoch)
        with pytest.raises(KeyboardInterrupt):
            trained(spec, SEPARABLE, tmp_path / "killed")
    trained(spec, SEPARABLE, tmp_path / "killed")
    assert made_up.stored_meta(tmp_path / "killed" / "run.json")["resumed"] == 1
    for name in names:
        assert (tmp_path / "straight" / name).read_bytes() == (tmp_path / "killed" / name).read_bytes()


def test_of_a_hold_out_the_val_molecules_choose(tmp_path):
    parts = np.arange(120) % 3  # test, val, train
    record = trained(dense(epochs=5, split="holdout"), replace(SEPARABLE, folds=parts, holdout=True), tmp_path)
    (fold,) = record["folds"]
    assert record["best"]["epoch"] == [1 + int(np.argmax(fold["val_roc_auc"]))]
    assert (fold["train"], fold["val"], fold["test"]) == (40, 40, 40) and len(fold["val_pr_auc"]) == 5


def test_specs_of_numbers_are_as_they_were():
    spec = GraphSpec("esol", "gat", "SCORE")
    assert (
        "task" not in spec.as_dict() and spec.path().as_posix() == "results/runs/esol/graphs/gat/SCORE/default/run.json"
    )
    classes = GraphSpec("my", "gat", "SCORE", split="stratified", task="classification")
    assert classes.as_dict()["task"] == "classification" and spec_from_path(classes.path()) == classes
    assert NUMBERS.record is not CLASSES.record


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"split": "stratified"}, "split = stratified: shares of classes, expected it with task = classification only"),
        ({"task": "classification", "scale_targets": True}, "scale_targets = true: classes have no scale"),
        ({"task": "clasification"}, "did you mean 'classification'?"),
    ],
)
def test_fields_that_do_not_go_together(options, says):
    with pytest.raises(UserError) as raised:
        GraphSpec("my", "gat", "SCORE", **options)
    assert says in str(raised.value)


def test_a_fold_of_one_class_is_named():
    ordered = replace(SEPARABLE, targets=np.sort(SEPARABLE.targets), folds=np.repeat([0, 1, 2], 40))
    with pytest.raises(UserError, match="^tiny: fold 0: all 40 test molecules are of class 0, expected both"):
        DenseTask(dense(), ordered, [0])
    one = np.zeros(120)
    one[:2] = 1
    with pytest.raises(UserError, match="^tiny: fold 0: all 118 training molecules are of class 0"):
        DenseTask(dense(), replace(SEPARABLE, targets=one, folds=(np.arange(120) > 1).astype(int)), [0])
