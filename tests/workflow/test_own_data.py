"""Somebody's CSV from training to prediction: folds by scaffold, an architecture and an integrator of their own."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from score_mlx.runs import plugins

ROOT = Path(__file__).resolve().parents[2]
EXPERIMENTS = (
    "experiments={table2: {archs: [sage], configs: [base, SCORE]}, figure10: {archs: [sage], integrators: [ralston]}}"
)
PLUGINS = "plugins={arch: {sage: tests/plugins/sage.py}, integrator: {ralston: tests/plugins/ralston.py}}"
RINGS = ("", "c1ccccc1", "C1CC1", "C1CCC1", "C1CCCC1", "C1CCCCC1", "c1ccncc1", "c1ccoc1")
MOLECULES = [f"{'C' * (1 + n % 5)}{'O' * (n % 2)}{RINGS[n % 8]}" for n in range(40)]


def score_mlx(*arguments, cwd):
    environment = os.environ | {"PYTHONPATH": str(ROOT / "workflow"), "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    files = {"arch": {"sage": "tests/plugins/sage.py"}, "integrator": {"ralston": "tests/plugins/ralston.py"}}
    known = {kind: {name: str(ROOT / file) for name, file in named.items()} for kind, named in files.items()}
    environment |= {plugins.VARIABLE: json.dumps(known)}
    command = [sys.executable, "-m", "score_mlx", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=environment, text=True, capture_output=True)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The working directory of a finished run, with the CSV in it."""
    work = tmp_path_factory.mktemp("own")
    rows = [f"{smiles},{0.3 * len(smiles) - 2}" for smiles in MOLECULES]
    (work / "my.csv").write_text("\n".join(["SMILES,logS", *rows]) + "\n")
    command = [Path(sys.executable).with_name("snakemake"), "--cores", "1", "--directory", work, "--config"]
    command += [f"dataset={work / 'my.csv'}", "smiles_column=SMILES", "target_column=logS", "preset=smoke"]
    command += ["split=scaffold", PLUGINS, EXPERIMENTS, "--"]
    command += ["results/my/table2.csv", "results/my/figures/figure2.png", "results/my/figures/figure10.png"]
    command += ["results/runs/my/dense/score_mlp/epochs=5,split=scaffold,scale_targets=true/run.json"]
    done = subprocess.run(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout
    return work


@pytest.mark.slow
def test_every_output_names_its_split(trained):
    with (trained / "results" / "my" / "table2.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert {row["model"] for row in table} == {"sage", "SCORE_sage"}
    assert {row["split"] for row in table} == {"scaffold"}
    for path in ("table2.md", "table2.tex", "figures/figure2.md", "figures/figure10.md"):
        assert "40 molecules, 5 folds (scaffold)" in (trained / "results" / "my" / path).read_text(), path


@pytest.mark.slow
@pytest.mark.parametrize("epoch", ["best", "last"])
@pytest.mark.parametrize(
    "run",
    [
        "graphs/sage/SCORE/epochs=1,split=scaffold,scale_targets=true",
        "dense/score_mlp/epochs=5,split=scaffold,scale_targets=true",
    ],
)
def test_predictions_are_those_of_training(trained, run, epoch):
    """On its test fold each model has the RMSE that its record says."""
    folder, out = trained / "results" / "runs" / "my" / run, trained / "predictions.csv"
    done = score_mlx(
        "predict", folder, "my.csv", "--smiles-column", "SMILES", "--epoch", epoch, "--out", out, cwd=trained
    )
    assert done.returncode == 0, done.stderr
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["smiles"] for row in rows] == MOLECULES
    each = np.array([[float(row[f"fold{fold}"]) for fold in range(5)] for row in rows])
    np.testing.assert_allclose([float(row["mean"]) for row in rows], each.mean(axis=1), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose([float(row["spread"]) for row in rows], each.std(axis=1), rtol=1e-3, atol=1e-5)
    record = json.loads((folder / "run.json").read_text())
    with (trained / "results" / "folds" / "my" / "scaffold-r0.csv").open(newline="") as file:
        folds = np.array([int(row["fold"]) for row in csv.DictReader(file)])
    target = np.array([0.3 * len(smiles) - 2 for smiles in MOLECULES])
    for fold in range(5):
        error = (each[:, fold] - target)[folds == fold]
        assert np.sqrt((error**2).mean()) == pytest.approx(record[epoch]["rmse"][fold], rel=1e-4)


@pytest.mark.slow
def test_a_bad_row_is_listed_and_nothing_is_lost(trained):
    (trained / "new.csv").write_text("smiles\nCCO\nC(C\n\nc1ccccc1\n")
    folder = (
        trained / "results" / "runs" / "my" / "graphs" / "sage" / "SCORE" / "epochs=1,split=scaffold,scale_targets=true"
    )
    done = score_mlx("predict", folder, "new.csv", "--out", "new-out.csv", cwd=trained)
    assert done.returncode == 1
    assert (
        "new.csv: line 3 (row 1): RDKit cannot read the SMILES 'C(C': extra open parentheses at character 2"
        in done.stderr
    )
    before = (trained / "new-out.csv").read_text()
    lines = before.splitlines()
    assert (
        len(lines) == 4
        and lines[2] == "1,C(C,,,,,,,,RDKit cannot read the SMILES 'C(C': extra open parentheses at character 2"
    )
    (folder / "weights" / "fold3-best.safetensors").rename(folder / "weights" / "away")
    done = score_mlx("predict", folder, "new.csv", "--out", "new-out.csv", cwd=trained)
    (folder / "weights" / "away").rename(folder / "weights" / "fold3-best.safetensors")
    assert done.returncode == 2 and "fold3-best.safetensors: no such weights" in done.stderr
    assert (trained / "new-out.csv").read_text() == before


@pytest.mark.slow
def test_which_depth_wins(trained):
    done = score_mlx("compare", "my.csv", cwd=trained)
    assert done.returncode == 0, done.stderr
    assert "SCORE against base, sage, epochs=1,split=scaffold,scale_targets=true: " in done.stdout
