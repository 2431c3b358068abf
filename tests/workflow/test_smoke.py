"""The whole pipeline for real, small: from somebody's CSV to the table and the figure."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest
from score_mlx.models.transfer import adopt

ROOT = Path(__file__).resolve().parents[2]
ARCHS = ("gcn", "gat", "dmpnn", "gt")
TARGETS = [f"{name}.csv" for name in ("table1", "table2", "table1_sensitivity", "shap_top100")]
TARGETS += [f"figures/{name}.png" for name in ("figure1", "figure1a", "figure1b", "figure2")]
BASELINES = {"SVR", "Lasso (Top-10 features)", "Lasso (Top-10 features, CatBoost SHAP)", "SCORE-MLP"}
EXPERIMENTS = (
    "experiments={table1: {methods: [svr, lasso], lasso_top: [10], lasso_top_catboost: [10], networks: [score_mlp]}, "
    f"table2: {{archs: [{', '.join(ARCHS)}], configs: [SCORE]}}}}"
)


def run(command):
    return subprocess.run(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


@pytest.mark.slow
def test_from_a_csv_to_a_table_and_a_figure(tmp_path):
    rows = [f"m{n},{'C' * (1 + n % 7)}{'O' * (n % 2)}{'c1ccccc1' * (n % 3)},{-n / 10}" for n in range(25)]
    (tmp_path / "my.csv").write_text("\n".join(["name,SMILES,logS", *rows, "bad,C(C,1"]) + "\n")
    command = [Path(sys.executable).with_name("snakemake"), "--directory", tmp_path / "work", "--config"]
    command += [f"dataset={tmp_path / 'my.csv'}", "smiles_column=SMILES", "target_column=logS", "name_column=name"]
    command += ["preset=smoke", EXPERIMENTS]
    targets = ["--", *(f"results/my/{name}" for name in TARGETS)]
    refused = run([*command, *targets])
    assert refused.returncode != 0
    (line,) = [text for text in refused.stdout.splitlines() if text.startswith("error:")]
    assert "line 27: RDKit cannot read the SMILES 'C(C'" in line
    done = run([*command, "drop_bad=true", *targets])
    assert done.returncode == 0, done.stdout
    results = tmp_path / "work" / "results"
    with (results / "my" / "table2.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert {row["model"] for row in table} == {f"SCORE_{arch}" for arch in ARCHS}
    assert {(row["dataset"], row["cuts"], row["comparable"]) for row in table} == {("my", "epochs 1/150", "dataset my")}
    with (results / "my" / "table1.csv").open(newline="") as file:
        assert {row["model"] for row in csv.DictReader(file)} == BASELINES
    with (results / "my" / "table1_sensitivity.csv").open(newline="") as file:
        assert {row["model"] for row in csv.DictReader(file)} == BASELINES
    with (results / "my" / "shap_top100.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 100
    for path in (results / "my" / "figures").glob("*.png"):
        assert path.stat().st_size > 10_000, path
    taken, _ = adopt(results / "runs", tmp_path / "other")
    assert len(taken) == len(ARCHS) + 2 * len(BASELINES)  # every record passes the check that foreign ones must pass
    again = run([*command, "drop_bad=true", "--dry-run", *targets])
    assert "Nothing to be done" in again.stdout


@pytest.mark.slow
def test_language_models_from_text_to_tables_and_figures(tmp_path):
    """A few runs of each experiment on the stand-in text; every record passes the check that foreign ones must pass."""
    runs = {
        "figure3": "[{arch: nanogpt, config: base, width: 16}, {arch: nanogptx, config: SCORE, width: 16}]",
        "table10": "[{arch: chargpt, config: SCORE_skip05, width: 24, optimizer: muon}]",
        "table12": "[{arch: d4, config: base, width: 64, settings: B}]",
        "figure5": "[{arch: d4, config: mSCORE_skip05, blocks: 2, steps: 2, width: 64}]",
    }
    chosen = ", ".join(f"{name}: {{runs: {given}}}" for name, given in runs.items())
    command = [Path(sys.executable).with_name("snakemake"), "--directory", tmp_path, "--cores", "1", "--config"]
    command += ["dataset=nci", "preset=smoke", f"experiments={{{chosen}}}"]
    targets = ["table10.csv", "table12.csv", "figures/figure3.png", "figures/figure5.png"]
    targets = ["--", *(f"results/nci/{name}" for name in targets)]
    done = run([*command, *targets])
    assert done.returncode == 0, done.stdout
    with (tmp_path / "results" / "nci" / "table10.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["dataset"] == "markov-char" and row["stand_in"] == "yes" and len(row["sample"]) == 20
    assert "iterations 2/3000" in row["cuts"] and not row["difference"]
    with (tmp_path / "results" / "nci" / "table12.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert float(row["val_bpb"]) < 6 and "seconds 1/300" in row["cuts"]
    taken, _ = adopt(tmp_path / "results" / "runs", tmp_path / "other")
    assert len(taken) == 5
    again = run([*command, "--dry-run", *targets])
    assert "Nothing to be done" in again.stdout
