"""A copy of the project over a stub that computes nothing, and Snakemake in it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
SNAKEMAKE = Path(sys.executable).with_name("snakemake")
EXPERIMENTS = {
    "table1": {
        "kind": "baselines",
        "title": "C",
        "methods": ["catboost", "lasso"],
        "lasso_top": [],
        "lasso_top_catboost": [10],
        "networks": ["mlp"],
        "figure": "figure1",
    },  # fmt: skip
    "table2": {
        "kind": "models",
        "title": "A",
        "archs": ["gcn", "gat"],
        "configs": ["base", "SCORE"],
        "figure": "figure2",
    },
    "table3": {
        "kind": "models",
        "title": "B",
        "archs": ["gcn"],
        "configs": ["SCORE"],
        "readout": "sum",
        "descriptors": True,
    },
}
TABLES = ("table1", "table2", "table3", "table1_sensitivity", "shap_top100", "runs")
FIGURES = ("figure1", "figure1a", "figure1b", "figure2", "shap_summary")
# what follows from a classical model's record or from SHAP values
CLASSICAL = {"fit_classical", "table", "sensitivity", "shap_table", "figure", "runs"}
MODELS = {"gcn/base", "gcn/SCORE", "gat/base", "gat/SCORE"}


def snakemake(folder, *arguments, check=True):
    """stdout and stderr of Snakemake in `folder`."""
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "SNAKEMAKE_PROFILE")}
    done = subprocess.run(
        [SNAKEMAKE, *arguments],
        cwd=folder,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert not check or done.returncode == 0, done.stdout
    return done.stdout


def planned(folder, *arguments):
    """{rule: outputs} that a dry-run would make, without the targets that only collect."""
    text = snakemake(folder, "-n", *arguments)
    jobs = re.findall(r"^rule (\w+):\n(?:    .*\n)*?    output: (.*)\n", text, re.MULTILINE)
    return {rule: {o for r, o in jobs if r == rule} for rule, _ in jobs}


def models(plan):
    """`arch/config` of the runs that would be trained."""
    return {"/".join(output.split("/")[4:6]) for output in plan.get("train_graph", ())}


def edit(path, old, new):
    text = path.read_text()
    assert text.count(old) == 1, (path, old)
    path.write_text(text.replace(old, new))


def made_project(folder):
    """A copy of the project with the stub in the package's place, everything made by a plain `snakemake`."""
    for name in ("Snakefile", "config.yaml"):
        folder.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, folder)
    for name in ("workflow", "profiles", "data/paper", "envs"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "data" / "sources.yaml", folder / "data")
    shutil.copy(ROOT / "tests" / "workflow" / "stub_main.py", folder / "workflow" / "score_mlx" / "__main__.py")
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    config.update(dataset="my.csv", experiments=EXPERIMENTS, beyond={}, robustness=[])
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    (folder / "my.csv").write_text("smiles,target\nCC,1\n")
    snakemake(folder)
    return folder
