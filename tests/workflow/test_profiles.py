"""Profiles for clusters: what they share with the default one, what jobs ask for, and that they can be used at all."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from score_mlx.models import resources
from score_mlx.models.estimate import cost
from score_mlx.models.graphs.spec import ARCHS, GraphSpec

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "results" / "reference" / "runs"
CLUSTERS = ("slurm", "kubernetes")
SHARED = ("rerun-triggers", "max-checksum-file-size", "rerun-incomplete", "nolock", "keep-going")


def profile(name):
    return yaml.safe_load((ROOT / "profiles" / name / "profile.yaml").read_text())


@pytest.mark.parametrize("name", CLUSTERS)
def test_a_cluster_decides_as_the_default_does_what_runs_again(name):
    assert {key: profile(name)[key] for key in SHARED} == {key: profile("default")[key] for key in SHARED}
    assert "resources" not in profile(name)  # one GPU job at a time is for one machine


@pytest.mark.parametrize("name", CLUSTERS)
def test_a_dry_run_says_what_each_job_asks_for(name, tmp_path):
    command = [Path(sys.executable).with_name("snakemake"), "-n", "--directory", tmp_path]
    command += ["--workflow-profile", ROOT / "profiles" / name, "--config", "dataset=esol", "preset=paper"]
    done = subprocess.run([*command, "--", "results/table2.csv"], cwd=ROOT, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    jobs = re.findall(r"^rule (\w+):\n(?:    .*\n)*?    resources: (.*)\n", done.stdout + done.stderr, re.MULTILINE)
    assert len([rule for rule, _ in jobs if rule == "train_graph"]) == 40
    for rule, asked in jobs:
        assert re.search(r"mem_mb=\d+", asked) and re.search(r"runtime=\d+", asked), (rule, asked)
        assert (name == "kubernetes") == ("gpu_manufacturer" in asked)


def test_time_asked_for_is_a_multiple_of_what_was_measured():
    for run in resources.measured(REFERENCE):
        assert resources.minutes(run.spec, REFERENCE) * 60 >= 1.5 * run.meta.seconds, run.spec
    slow, quick = (GraphSpec(dataset="esol", arch=arch, config="SCORE") for arch in ("attfp", "gcn"))
    assert resources.minutes(slow, REFERENCE) > 2 * resources.minutes(quick, REFERENCE) > resources.LEAST


def test_every_architecture_was_measured(tmp_path):
    specs = [GraphSpec(dataset="esol", arch=arch, config="base") for arch in ARCHS]
    assert all(cost(spec, resources.measured(REFERENCE)) for spec in specs)
    assert {resources.minutes(spec, tmp_path) for spec in specs} == {resources.UNKNOWN}
