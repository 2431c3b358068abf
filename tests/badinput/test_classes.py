"""Classes that cannot be learnt: one line that says which targets or which fold, and what was expected."""

import pytest
from score_mlx.config.file import load
from score_mlx.system.errors import UserError

ALKANES = ["C" * n for n in range(1, 13)]
COLUMNS = ("--smiles-column", "smiles", "--target-column", "y")


def write(folder, targets, name="my.csv"):
    rows = [f"{smiles},{y}" for smiles, y in zip(ALKANES, targets, strict=False)]
    (folder / name).write_text("\n".join(["smiles,y", *rows, ""]))


@pytest.mark.parametrize(
    ("targets", "says"),
    [
        (
            [0, 1, 2] * 4,
            "my.csv: targets are 0, 1, 2: 3 classes, and task: classification learns two; expected 0 and 1",
        ),
        ([1, 2] * 6, "my.csv: targets are 1, 2, expected the classes as 0 and 1"),
        ([1] * 12, "my.csv: all 12 targets are 1, expected both classes, 0 and 1"),
        (
            [0.5, 1.5, 2] * 4,
            "my.csv: targets are 0.5, 1.5, 2: numbers, expected the classes 0 and 1 (or task",
        ),
    ],
)
def test_targets_that_are_not_two_classes(targets, says, folder, refused):
    write(folder, targets)
    refused(["data", "prepare", "my.csv", "results/data/my", *COLUMNS, "--task", "classification"], says)


@pytest.mark.parametrize(
    ("targets", "says"),
    [
        (
            ["active", "Inactive"] * 6,
            "targets are 'active' (6 rows) and 'Inactive' (6 rows): expected the classes",
        ),
        (
            ["BBB-", "BBB+", "BBB+", ""] * 3,
            "targets are 'BBB+' (6 rows) and 'BBB-' (3 rows): expected the classes",
        ),
        (["active", 1, 0] * 4, "line 2: target 'active' is the name of a class: expected 1 or 0 (and task: class"),
        ([1.5, "2.5 m"] * 6, "'2.5 m' has a unit"),
    ],
)
def test_names_of_classes(targets, says, folder, refused):
    write(folder, [f'"{target}"' for target in targets])
    refused(["data", "prepare", "my.csv", "results/data/my", *COLUMNS, "--task", "classification"], says)


def test_two_classes_are_named(folder, command):
    write(folder, [0, 1, 1] * 4)
    code, _, err = command("data", "prepare", "my.csv", "results/data/my", *COLUMNS)
    assert code == 0
    assert (
        "my.csv: targets are 0 and 1 (8 of 12 are 1) and are learnt as numbers; to learn them as classes: task:" in err
    )
    assert command("data", "prepare", "my.csv", "results/data/my", *COLUMNS, "--task", "classification")[2] == ""


@pytest.mark.parametrize("kind", [("graph", "--arch", "gcn", "--config", "SCORE"), ("dense", "--network", "mlp")])
def test_a_fold_of_one_class(kind, folder, command):
    write(folder, [0] * 11 + [1])
    assert command("data", "prepare", "my.csv", "results/data/my", *COLUMNS)[0] == 0
    code, _, err = command("train", *kind, "--dataset", "my", "--task", "classification", "--epochs", "1")
    assert code == 2 and "Traceback" not in err
    assert (
        "error: my: fold 0: all 3 test molecules are of class 0, expected both; split: stratified"
        in err.splitlines()[-1]
    )
    options = "split=stratified,task=classification"
    code, _, err = command("train", "classical", "--method", "svr", "--dataset", "my", "--options", options)
    assert code == 2 and "my: 1 molecules of class 1, expected at least 5, one for each stratified fold" in err


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (
            {"task": "classification"},
            "task = 'classification': expected 'regression', as the targets of esol are",
        ),
        ({"task": "multi-task"}, "task = 'multi-task': one network for several columns is not supported, expected"),
        (
            {"task": "multiclass"},
            "task = 'multiclass': more than two classes is not supported, expected 'regression'",
        ),
        ({"task": "clasification"}, "did you mean 'classification'?"),
        ({"split": "stratified"}, "split = 'stratified': expected another split with task 'regression'"),
        ({"dataset": "a.csv", "task": "classification", "scale_targets": True}, "scale_targets = True: expected false"),
    ],
)
def test_settings_of_classes(repo, given, says):
    with pytest.raises(UserError) as raised:
        load(repo / "config.yaml", given)
    assert says in str(raised.value)


def test_classes_have_folds_of_their_own(repo):
    config = load(repo / "config.yaml", {"dataset": "a.csv", "task": "classification"})
    assert config.split == "stratified" and not config.scaled and not config.beyond_here
    assert "table6" not in config.applicable and "table2" in config.applicable
    assert {spec.task for spec in config.specs("table2")} == {"classification"}
    assert "lasso" not in {spec.as_dict().get("method") for spec in config.specs("table1")}
    assert load(repo / "config.yaml").split == "kfold"
