"""Another workflow takes this one as a module, from a clone or from GitHub, with settings of its own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
SNAKEFILE = """
configfile: "mine.yaml"


module score:
    snakefile: {source}
    config: config["score"]


use rule * from score as score_*


rule mine:
    default_target: True
    input:
        "results/nci/table2.csv",
    output:
        "summary.txt",
    shell:
        "head -n 2 {{input}} > {{output}}"
"""
SETTINGS = {
    "score": {
        "dataset": "nci",
        "preset": "smoke",
        "experiments": {"table2": {"archs": ["gcn", "gine"], "configs": ["SCORE"]}},
    }
}


def git(folder, *arguments):
    name = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "safe.directory=*"]
    subprocess.run(["git", *name, "-C", folder, *arguments], check=True, capture_output=True)


@pytest.fixture
def hosted(tmp_path, monkeypatch):
    """github.com/me/score, which on this machine is a clone in a folder."""
    if not (ROOT / ".git").exists():
        pytest.skip("no git repository")
    (tmp_path / "hosted" / "me").mkdir(parents=True)
    git(ROOT, "clone", "-q", "--bare", ROOT, tmp_path / "hosted" / "me" / "score")
    git(tmp_path / "hosted" / "me" / "score", "tag", "-f", "v1", "HEAD")
    settings = {"COUNT": 1, "KEY_0": f"url.file://{tmp_path}/hosted/.insteadOf", "VALUE_0": "https://github.com/"}
    for name, value in settings.items():
        monkeypatch.setenv(f"GIT_CONFIG_{name}", str(value))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return 'github("me/score", path="Snakefile", tag="v1")'


def planned(folder, source):
    (folder / "Snakefile").write_text(SNAKEFILE.format(source=source))
    (folder / "mine.yaml").write_text(yaml.safe_dump(SETTINGS))
    command = [Path(sys.executable).with_name("snakemake"), "--dry-run", "--cores", "1"]
    done = subprocess.run(command, cwd=folder, env=os.environ, text=True, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def check(text):
    runs = set(re.findall(r"results/runs/nci/graphs/(\w+)/SCORE/epochs=1/run.json", text))
    assert runs == {"gcn", "gine"}  # its own settings, on top of the project's
    jobs = set(re.findall(r"^rule (\w+):", text, re.MULTILINE))
    assert {"score_train_graph", "score_table", "score_prepare_data", "mine"} <= jobs


@pytest.mark.slow
def test_a_module_from_a_clone(tmp_path):
    check(planned(tmp_path, f'"{ROOT}/Snakefile"'))


@pytest.mark.slow
def test_a_module_from_github(tmp_path, hosted):
    (tmp_path / "work").mkdir()
    text = planned(tmp_path / "work", hosted)
    check(text)
    values = re.search(r"\S*data/paper/table2.csv", text).group()
    unpacked = (tmp_path / "work" / values).resolve()
    assert unpacked.is_file() and unpacked.is_relative_to(tmp_path / "cache")  # and not of this project's folder


def test_the_catalogue_is_told_how_to_use_the_workflow():
    usage = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text())["usage"]
    assert set(usage) == {"mandatory-flags", "software-stack-deployment", "report"} and usage["report"] is True
    readme = (ROOT / "config" / "README.md").read_text()
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    named = set(re.findall(r"^\| `(\w+)`", readme, re.MULTILINE))
    assert named and named <= set(config)
