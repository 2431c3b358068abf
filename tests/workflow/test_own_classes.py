"""Somebody's classes from a CSV to table, figure, comparison and probabilities, in miniature."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

ROOT = Path(__file__).resolve().parents[2]
RINGS = ("", "c1ccccc1", "C1CC1", "C1CCC1", "C1CCCC1", "C1CCCCC1", "c1ccncc1", "c1ccoc1")
MOLECULES = [f"{'C' * (1 + n % 5)}{'O' * (n % 2)}{RINGS[n % 8]}" for n in range(60)]
CLASSES = [int("O" in smiles) for smiles in MOLECULES]  # as many as 30
EXPERIMENTS = (
    "experiments={table2: {archs: [gcn], configs: [base, SCORE]}, "
    "table1: {methods: [random_forest, lasso], networks: [score_mlp]}, table7a: {arch: gcn, steps: [2]}, "
    "figure10: {archs: [gcn], integrators: [euler, heun]}}"
)
RUN = "graphs/gcn/SCORE/epochs=1,split=stratified,task=classification"


def command(*arguments, cwd=ROOT):
    environment = os.environ | {"PYTHONPATH": str(ROOT / "workflow"), "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    return subprocess.run(list(map(str, arguments)), cwd=cwd, env=environment, text=True, capture_output=True)


def snakemake(work, *arguments):
    program = [Path(sys.executable).with_name("snakemake"), "--cores", "2", "--directory", work]
    settings = [f"dataset={work / 'my.csv'}", "smiles_column=SMILES", "target_column=oxygen", "preset=smoke"]
    return command(*program, "--config", *settings, "task=classification", EXPERIMENTS, "--", *arguments)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The working directory of a finished run, with the CSV in it."""
    work = tmp_path_factory.mktemp("classes")
    rows = [f"{smiles},{label}" for smiles, label in zip(MOLECULES, CLASSES, strict=True)]
    (work / "my.csv").write_text("\n".join(["SMILES,oxygen", *rows]) + "\n")
    names = ["table1.csv", "table2.csv", "table7a.csv"]
    names += [f"figures/figure{number}.png" for number in ("1b", "2", "10", "18")]
    done = snakemake(work, *(f"results/my/{name}" for name in names))
    assert done.returncode == 0, done.stdout + done.stderr
    return work


def table(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_tables_and_captions_name_metric_split_and_task(trained):
    results = trained / "results" / "my"
    rows = table(results / "table2.csv")
    assert {row["model"] for row in rows} == {"gcn", "SCORE_gcn"} and {row["split"] for row in rows} == {"stratified"}
    values = [float(row["roc_auc_mean"]) for row in rows]
    assert values == sorted(values, reverse=True) and "rmse_mean" not in rows[0] and "paper_mean" not in rows[0]
    assert all(0 <= float(row["pr_auc_mean"]) <= 1 for row in rows)
    assert {row["model"] for row in table(results / "table1.csv")} == {"Random Forest", "SCORE-MLP"}  # no Lasso
    for name in ("table1.md", "table2.md", "table2.tex", "table7a.md", *(f"figures/figure{n}.md" for n in (2, 10, 18))):
        text = (results / name).read_text()
        assert "60 molecules, 5 folds (stratified)" in text and "ROC-AUC" in text, name
    assert "ROC-AUC of oxygen and PR-AUC" in (results / "table2.md").read_text()


@pytest.mark.slow
def test_predicted_are_probabilities_of_the_recorded_metrics(trained):
    folder, out = trained / "results" / "runs" / "my" / RUN, trained / "predictions.csv"
    arguments = ("predict", folder, "my.csv", "--smiles-column", "SMILES", "--epoch", "last", "--out", out)
    done = command(sys.executable, "-m", "score_mlx", *arguments, cwd=trained)
    assert done.returncode == 0, done.stderr
    assert "60 of 60 molecules predicted as probabilities of class 1: SCORE_gcn trained on my" in done.stderr
    each = np.array([[float(row[f"fold{fold}"]) for fold in range(5)] for row in table(out)])
    assert ((each > 0) & (each < 1)).all()
    record = json.loads((folder / "run.json").read_text())
    folds = np.array([int(row["fold"]) for row in table(trained / "results" / "folds" / "my" / "stratified-r0.csv")])
    for fold in range(5):
        tested = folds == fold
        label, said = np.array(CLASSES)[tested], each[tested, fold]
        assert label.sum() == 6  # its share
        assert roc_auc_score(label, said) == pytest.approx(record["last"]["roc_auc"][fold], abs=1e-6)
        assert average_precision_score(label, said) == pytest.approx(record["last"]["pr_auc"][fold], abs=1e-6)


@pytest.mark.slow
def test_which_depth_wins(trained):
    done = command(sys.executable, "-m", "score_mlx", "compare", "my.csv", cwd=trained)
    assert done.returncode == 0, done.stderr
    assert "SCORE against base, gcn, epochs=1,split=stratified,task=classification: " in done.stdout
    assert "Highest ROC-AUC, epochs=1,split=stratified,task=classification: " in done.stdout
    assert "above 0 the depth named is better" in done.stdout
    done = command(sys.executable, "-m", "score_mlx", "runs", "model==gcn", cwd=trained)
    assert done.returncode == 0 and "ROC-AUC" in done.stdout and "| gcn " in done.stdout, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("target", ["results/my/table6.csv", "results/my/figures/figure13.png"])
def test_what_compares_errors_only_is_refused(trained, target):
    done = snakemake(trained, target)
    assert done.returncode != 0
    assert "error: table6: speedup compares errors of numbers, expected it with task: regression" in done.stderr


@pytest.mark.slow
def test_each_target_column_is_a_run_of_its_own(trained):
    """A dry run of one command for two columns, of which one lacks targets."""
    rows = [f"{s},{y},{'' if n % 10 == 3 else y}" for n, (s, y) in enumerate(zip(MOLECULES, CLASSES, strict=True))]
    (trained / "two.csv").write_text("\n".join(["SMILES,a b,c", *rows]) + "\n")
    program = [Path(sys.executable).with_name("snakemake"), "--cores", "1", "--directory", trained, "-n"]
    settings = [f"dataset={trained / 'two.csv'}", "smiles_column=SMILES", "target_column=[a b, c]", "preset=smoke"]
    done = command(*program, "--config", *settings, EXPERIMENTS, "--", "results/two/table2.csv")
    assert done.returncode == 0, done.stdout + done.stderr
    for name in ("two-a-b", "two-c"):
        assert f"results/{name}/table2.csv" in done.stdout, done.stdout
        assert f"results/runs/{name}/graphs/gcn/SCORE/epochs=1,scale_targets=true/run.json" in done.stdout
    assert "column c: 6 of 60 rows have no target and are left out" in done.stderr
    assert "targets are 0 and 1 (30 of 60 are 1) and are learnt as numbers" in done.stderr  # column a b
    done = command(*program, "--config", *settings, "--", "results/two/table99.csv")
    assert done.returncode != 0
