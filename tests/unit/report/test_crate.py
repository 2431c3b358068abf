"""The Workflow Run Crate of a folder of results: what it says, and that roc-validator agrees without the network."""

import json
import os
import subprocess
import sys
from pathlib import Path

import made_up_records as made_up
import pytest
from score_mlx import cli
from score_mlx.data.sources import load_sources
from score_mlx.models.dense.spec import DenseSpec
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.models.language.spec import NanoGPTSpec
from score_mlx.report.crate import NAME, write_crate
from score_mlx.report.crate_check import check_crate
from score_mlx.system.errors import UserError
from score_mlx.system.files import sha256, write_text
from typer.testing import CliRunner

SPECS = (GraphSpec("esol", "gat", "SCORE"), GraphSpec("esol", "gcn", "base"), DenseSpec("esol", "mlp"))


@pytest.fixture
def folder(tmp_path):
    """Three records and what was made of them."""
    for spec in SPECS:
        made_up.write(spec.path(tmp_path / "runs").parent, made_up.record(spec), made_up.meta())
    (tmp_path / "table2.csv").write_text("model\n")
    (tmp_path / "config.resolved.yaml").write_text("dataset: esol\n")
    return tmp_path


def entities(folder):
    return {entity["@id"]: entity for entity in json.loads((folder / NAME).read_text(encoding="utf-8"))["@graph"]}


def test_it_says_which_tool_made_which_record_when(folder, repo):
    assert write_crate(folder, repo) == len(SPECS)
    found = entities(folder)
    place = SPECS[0].path("").parent.as_posix()
    run = found[f"#run-{place}"]
    assert (run["startTime"], run["endTime"]) == ("2026-01-01T00:00:00+00:00", "2026-01-01T00:01:01+00:00")
    assert run["instrument"] == {"@id": "#tool-graphs"} and "commit 0123456789abcdef" in run["description"]
    assert {"@id": f"runs/{place}/run.json"} in run["result"]
    assert found[f"runs/{place}/run.json"]["sha256"] == sha256(folder / "runs" / place / "run.json")
    assert found["#execution"]["result"] == [{"@id": "config.resolved.yaml"}, {"@id": "table2.csv"}]
    assert len(found["#orchestration"]["object"]) == len(SPECS)
    assert found["./"]["datePublished"] == run["endTime"]


def test_a_run_is_said_to_have_read_its_own_data_and_no_other(folder, repo):
    spec = NanoGPTSpec("shakespeare-gpt4o", "nanogpt", "SCORE")
    write_text(folder / spec.path("runs"), json.dumps(made_up.language(spec, corpus=spec.dataset)))
    write_text(folder / spec.path("runs").with_name("run.meta.json"), json.dumps(made_up.meta()))
    write_crate(folder, repo)
    found = entities(folder)
    known = {name: {"@id": source.urls[0]} for name, source in load_sources(repo / "data" / "sources.yaml").items()}
    read = {one.dataset: found[f"#run-{one.path('').parent.as_posix()}"]["object"] for one in (spec, SPECS[0])}
    assert read == {"esol": known["esol"], "shakespeare-gpt4o": [known["gutenberg"], known["o200k_base"]]}


def test_its_files_are_there_and_the_workflow_is_a_copy(folder, repo):
    write_crate(folder, repo)
    named = [entity for name, entity in entities(folder).items() if "contentSize" in entity and "://" not in name]
    assert len(named) > 2 * len(SPECS)
    for entity in named:
        assert (folder / entity["@id"]).stat().st_size == int(entity["contentSize"])
    assert (folder / "workflow" / "Snakefile").read_bytes() == (repo / "Snakefile").read_bytes()
    assert {path.name for path in (folder / "workflow" / "workflow" / "rules").iterdir()} == {
        path.name for path in (repo / "workflow" / "rules").iterdir()
    }


def test_the_copy_of_the_workflow_runs(folder, repo):
    """It plans Table 2 by its own files, from the copied package on."""
    write_crate(folder, repo)
    inside = folder / "workflow"
    environment = os.environ | {"PYTHONPATH": str(inside / "workflow")}
    command = [sys.executable, "-m", "snakemake", "--directory", str(folder / "work"), "--dry-run", "--quiet", "all"]
    done = subprocess.run(
        [*command, "--", "results/table2.csv"], cwd=inside, env=environment, text=True, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    assert not (inside / "results").exists()


def test_the_same_folder_gives_the_same_crate(folder, repo):
    write_crate(folder, repo)
    first = (folder / NAME).read_bytes()
    write_crate(folder, repo)
    assert (folder / NAME).read_bytes() == first
    assert str(repo).encode() not in first and str(folder).encode() not in first


def test_it_meets_its_profiles_and_what_was_not_checked_is_said(folder, repo):
    write_crate(folder, repo)
    found = check_crate(folder)
    assert found.broken == [] and found.made > 100
    assert all("needs the network" in line for line in found.skipped) and len(found.skipped) == 2


def test_the_command_fails_where_a_requirement_is_not_met(folder, repo, monkeypatch):
    write_crate(folder, repo)
    spoiled = json.loads((folder / NAME).read_text(encoding="utf-8"))
    for entity in spoiled["@graph"]:
        if entity["@type"] == "ControlAction":
            del entity["instrument"]
    (folder / SPECS[0].path("runs")).unlink()
    (folder / NAME).write_text(json.dumps(spoiled))
    monkeypatch.setattr("score_mlx.report.crate.write_crate", lambda *_: len(SPECS))
    done = CliRunner().invoke(cli.app, ["crate", str(folder)])
    assert done.exit_code == 1
    assert "A ControlAction must reference a HowToStep instance" in done.output
    assert f"does not include the Data Entity '{SPECS[0].path('runs').as_posix()}'" in done.output


def test_a_folder_without_records_is_one_line(tmp_path, repo):
    with pytest.raises(UserError, match=r"runs: no run\.json below it"):
        write_crate(tmp_path, repo)
    assert list(tmp_path.iterdir()) == []


def test_a_record_without_a_date_is_one_line(folder, repo):
    meta = Path(folder, SPECS[0].path("runs")).with_name("run.meta.json")
    meta.write_text(meta.read_text().replace("2026-01-01T00:00:00+00:00", "yesterday"))
    with pytest.raises(UserError, match=r"run\.meta\.json: started 'yesterday', expected an ISO date"):
        write_crate(folder, repo)
    assert not (folder / NAME).exists()
