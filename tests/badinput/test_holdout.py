"""A column of train, val and test is a hold-out, not three folds of which "train" is tested."""

import json

import numpy as np
import pytest

PARTS = ["train"] * 6 + ["val"] * 2 + ["test"] * 2


@pytest.fixture
def own(folder, command):
    """`own(parts)`: ten prepared molecules of results/data/my, the column `split` of my.csv says these parts."""

    def write(parts):
        rows = [f"{'C' * n},{n},{part}" for n, part in enumerate(parts, 1)]
        (folder / "my.csv").write_text("\n".join(["smiles,y,split", *rows, ""]))
        columns = ("--smiles-column", "smiles", "--target-column", "y")
        assert command("data", "prepare", "my.csv", "results/data/my", *columns)[0] == 0

    return write


def divide(split: str, *, source: str = "my.csv", column: str | None = "split") -> list[str]:
    out = f"results/folds/my/{split}-r0.csv"
    arguments = ["data", "folds", "results/data/my/molecules.csv", out, "--split", split, "--source", source]
    return arguments + (["--fold-column", column] if column else [])


@pytest.mark.parametrize(
    "names", [("train", "val", "test"), ("Train", "valid", "TEST"), ("training", "validation", "testing")]
)
def test_each_part_is_used_as_such(names, own, command, folder):
    own([names[("train", "val", "test").index(part)] for part in PARTS])
    code, _, err = command(*divide("holdout"))
    assert code == 0, err
    written = (folder / "results/folds/my/holdout-r0.csv").read_text().splitlines()
    assert written == ["row,part", *(f"{row},{part}" for row, part in enumerate(PARTS))]
    train = ["train", "graph", "--arch", "gcn", "--config", "SCORE", "--dataset", "my", "--hidden", "8"]
    code, _, err = command(*train, "--epochs", "6", "--split", "holdout")
    assert code == 0, err
    (path,) = folder.glob("results/runs/my/graphs/**/run.json")
    record = json.loads(path.read_text())
    (fold,) = record["folds"]
    assert (fold["train"], fold["val"], fold["test"]) == (6, 2, 2)
    assert fold["target_scale"] == pytest.approx([3.5, np.std(range(1, 7))])  # of the training molecules alone
    epoch = int(np.argmin(fold["val_rmse"]))
    assert record["best"] == {"epoch": [epoch + 1], "rmse": [fold["rmse"][epoch]]}
    # the record's RMSE is that of predictions of the test molecules by the weights of that epoch
    code, out, err = command("predict", path, "my.csv")
    assert code == 0, err
    predicted = np.array([float(line.split(",")[2]) for line in out.splitlines()[1:]])
    assert np.sqrt(np.mean((predicted[8:] - [9, 10]) ** 2)) == pytest.approx(fold["rmse"][epoch], rel=1e-4)


@pytest.mark.parametrize("method", ["svr", "lasso"])
def test_trees_and_kernels_train_on_train_alone(method, own, command, folder):
    own(PARTS)
    assert command(*divide("holdout"))[0] == 0
    options = "split=holdout" + (",shap_iterations=20" if method == "lasso" else "")
    code, _, err = command("train", "classical", "--method", method, "--dataset", "my", "--options", options)
    assert code == 0, err
    (path,) = folder.glob("results/runs/my/classical/**/run.json")
    (fold,) = json.loads(path.read_text())["folds"]
    assert (fold["train"], fold["val"], fold["test"], len(fold["val_rmse"])) == (6, 2, 2, 1)


@pytest.mark.parametrize(
    ("split", "parts", "words"),
    [
        ("file", PARTS, "column 'split' says train, val, test: a hold-out (split: holdout) and no folds"),
        ("file", ["Train"] * 8 + ["Test"] * 2, "column 'split' says Train, Test: a hold-out"),
        ("file", ["val"] * 8 + ["test"] * 2, "column 'split' says val, test: a hold-out"),
        ("file", ["tr"] * 6 + ["va"] * 2 + ["te"] * 2, "column 'split' says tr, va, te: a hold-out"),
        ("file", ["train_set"] * 8 + ["holdout"] * 2, "column 'split' says train_set, holdout: a hold-out"),
        ("holdout", ["tr"] * 8 + ["te"] * 2, "line 2: 'tr' in column 'split', expected train, val or test"),
        (
            "holdout",
            ["train"] * 8 + ["test"] * 2,
            "column 'split' has no val, so there is nothing to choose the epoch",
        ),
        ("holdout", ["train"] * 8 + ["val"] * 2, "column 'split' has no test, so there is nothing to test"),
        ("holdout", ["val"] * 8 + ["test"] * 2, "column 'split' has no train, so there is nothing to train on"),
        ("holdout", [*PARTS[:-1], "external"], "line 11: 'external' in column 'split', expected train, val or test"),
        ("holdout", [*PARTS[:-1], ""], "line 11: no fold in column 'split'"),
        ("holdout", [0, 1, 2, 3, 4] * 2, "line 2: '0' in column 'split', expected train, val or test"),
    ],
)
def test_anything_else_is_refused(split, parts, words, own, refused):
    own(parts)
    refused(divide(split), "my.csv: ", words)


def test_a_hold_out_in_a_file_of_its_own(own, command, folder, refused):
    own(PARTS)
    lines = [f"{row},{part}" for row, part in enumerate(PARTS)]
    (folder / "parts.csv").write_text("\n".join(["row,fold", *lines[::-1], ""]))
    code, _, err = command(*divide("holdout", source="parts.csv", column=None))
    assert code == 0, err
    made = folder / "results/folds/my/holdout-r0.csv"
    assert made.read_text().splitlines()[1:] == lines
    again = made.read_bytes()  # its columns are row and part
    made.rename(folder / "again.csv")
    assert command(*divide("holdout", source="again.csv", column=None))[0] == 0 and made.read_bytes() == again
    refused(["data", "folds", "results/data/my/molecules.csv", "x.csv", "--split", "holdout"], "expected --source")


def test_one_test_set_has_no_deviation_and_no_test(own, command, folder):
    own(PARTS)
    assert command(*divide("holdout"))[0] == 0
    for config in ("base", "SCORE"):
        arguments = ["train", "graph", "--arch", "gcn", "--config", config, "--dataset", "my", "--hidden", "8"]
        assert command(*arguments, "--epochs", "1", "--split", "holdout")[0] == 0
    code, _, err = command("compare", "my.csv")
    assert code == 2 and "error: holdout: one test set, and a test needs results of several" in err
    records = sorted(folder.glob("results/runs/my/graphs/**/run.json"))
    code, out, err = command("table", "2", *records, "--kind", "models")
    assert code == 0, err
    assert "one hold-out" in out and "the epoch of the lowest RMSE of the val ones" in out
    assert "±" not in out.split("| rank")[1]
