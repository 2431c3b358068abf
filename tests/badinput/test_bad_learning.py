"""Data from which a model cannot learn: one line that names the data set, the model, the fold and the cause."""

import json
import math
import re

import pytest
import tiny_text
from score_mlx.models.language import trainer
from score_mlx.models.language.progress import Lines
from score_mlx.models.language.training import History

ALKANES = ["C" * n for n in range(1, 11)]
DATA = {
    "constant": dict.fromkeys(ALKANES, 0),
    "one_positive": dict.fromkeys(ALKANES[:9], 0) | {"CCO": 1},
    "five": {"CCO": 1, "CCN": 2, "CCC": 3, "CCS": 4, "CCF": 5},
}
NOTHING = "its 8 training targets are all the same, so there is nothing to learn"


@pytest.fixture
def prepared(folder, command):
    """`prepared(name, lines)` writes a CSV of these lines and prepares it."""

    def run(name: str, lines: list[str]) -> None:
        (folder / f"{name}.csv").write_text("\n".join(["smiles,y", *lines, ""]))
        columns = ("--smiles-column", "smiles", "--target-column", "y")
        code, _, err = command("data", "prepare", f"{name}.csv", f"results/data/{name}", *columns)
        assert code == 0, err

    return run


def said(command, name: str, method: str) -> str:
    """The last line of a fit that ends with exit code 2 and without a record."""
    short = {"catboost": "iterations=20", "lasso": "shap_iterations=20"}.get(method, "default")
    code, _, err = command("train", "classical", "--method", method, "--dataset", name, "--options", short)
    assert code == 2, err
    assert "Traceback" not in err
    return err.splitlines()[-1]


@pytest.mark.parametrize(
    ("name", "method", "words"),
    [
        ("constant", "catboost", f"error: constant: CatBoost, fold 0: {NOTHING}"),
        ("constant", "lasso", f"error: constant: CatBoost, fold 0: {NOTHING}"),  # which ranks its descriptors
        ("one_positive", "catboost", f"error: one_positive: CatBoost, fold 3: {NOTHING}"),
        (
            "five",
            "lasso",
            "error: five: Lasso (Top-10 features, CatBoost SHAP), fold 0: 4 training molecules, "
            "expected at least cv = 5",
        ),
    ],
)
def test_a_model_that_cannot_learn_says_which_fold(name, method, words, prepared, command, folder):
    prepared(name, [f"{smiles},{y}" for smiles, y in DATA[name].items()])
    assert said(command, name, method).startswith(words)
    assert not list(folder.glob("results/runs/**/run.json"))


def test_molecules_that_are_all_the_same(prepared, command):
    prepared("same", [f"CCO,{n}" for n in range(10)])
    assert "same: CatBoost, fold 0: no descriptor varies over its 8 training molecules" in said(
        command, "same", "catboost"
    )


def test_whatever_a_library_raises_is_one_line(prepared, command, monkeypatch):
    from sklearn.svm import SVR

    def fail(*_):
        raise ZeroDivisionError("of its own")

    monkeypatch.setattr(SVR, "fit", fail)
    prepared("five", [f"{smiles},{y}" for smiles, y in DATA["five"].items()])
    assert said(command, "five", "svr") == (
        "error: five: SVR, fold 0: the library refuses: ZeroDivisionError: of its own"
    )


@pytest.mark.parametrize("method", ["xgboost", "lightgbm", "random_forest", "svr"])
def test_models_that_can_predict_a_constant_do(method, prepared, command, folder):
    prepared("constant", [f"{smiles},0" for smiles in ALKANES])
    code, _, err = command("train", "classical", "--method", method, "--dataset", "constant")
    assert code == 0, err
    (record,) = folder.glob("results/runs/**/run.json")
    assert max(json.loads(record.read_text())["last"]["rmse"]) < 1e-6


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"name": "five"}', "null"])
def test_a_damaged_dataset_json(content, prepared, refused, folder):
    prepared("five", [f"{smiles},{y}" for smiles, y in DATA["five"].items()])
    (folder / "results" / "data" / "five" / "dataset.json").write_text(content)
    # descriptors and folds are made first
    (folder / "results" / "folds" / "five").mkdir(parents=True)
    (folder / "results" / "folds" / "five" / "kfold-r0.csv").write_text("row,fold\n0,0\n1,1\n2,0\n3,1\n4,0\n")
    (folder / "results" / "features" / "five").mkdir(parents=True)
    (folder / "results" / "features" / "five" / "descriptors.npz").write_bytes(b"")
    refused(["train", "classical", "--method", "svr", "--dataset", "five"], "dataset.json: ")


def test_before_its_first_step_a_language_model_has_no_loss(folder, capsys, monkeypatch):
    monkeypatch.setattr("score_mlx.training.progress.LINE_SECONDS", -1)
    trainer.train(tiny_text.spec(), tiny_text.markov(), folder, progress="lines", preset="smoke")
    said = capsys.readouterr().out
    lines = re.findall(r"step (\d+)(.*)", said)
    assert {number for number, _ in lines} >= {"0", "1"} and not re.search(r"\bnan\b", said)
    assert all(("loss " in rest.replace("val_loss", "")) == (number != "0") for number, rest in lines)


def test_a_loss_that_is_no_number_is_said_in_words(folder, capsys, monkeypatch):
    monkeypatch.setattr("score_mlx.training.progress.LINE_SECONDS", -1)
    lines = Lines("lines", "gpt", lambda history: 0.5, folder / "losses.csv")
    history = History(step=1)
    for loss in (math.nan, 2.0, math.inf, 1.0):
        lines(history, loss)
        history.step += 1
    history.evaluations.append({"step": 5, "val_loss": math.nan})
    lines(history, math.nan)
    told = [line.split(", ")[1:-1] for line in capsys.readouterr().out.splitlines()]
    assert [state[1] for state in told] == [
        "loss not finite",
        "loss 2.000",
        "loss not finite",
        "loss 1.000",
        "loss 1.000",
    ]
    assert told[-1] == ["step 5", "loss 1.000", "val_loss not finite"]
