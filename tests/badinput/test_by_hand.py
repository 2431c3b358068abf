"""Runs trained by hand: valid records, whatever reads them afterwards."""

import json

import made_up_records as made_up
import pytest
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.runs.records import BY_HAND, dumps

TRAIN = ["train", "graph", "--arch", "gcn", "--config", "SCORE", "--dataset", "my", "--epochs", "1", "--hidden", "8"]


@pytest.fixture
def trained(folder, command):
    """The record of a run of two steps on ten molecules, as the README trains one."""
    rows = "".join(f"{'C' * n},{n}\n" for n in range(1, 11))
    (folder / "my.csv").write_text("smiles,y\n" + rows)
    prepare = ["data", "prepare", "my.csv", "results/data/my", "--smiles-column", "smiles", "--target-column", "y"]
    assert command(*prepare)[0] == 0
    code, _, err = command(*TRAIN)
    assert code == 0, err
    (record,) = folder.glob("results/runs/**/run.json")
    return record


def test_a_run_by_hand_says_so(trained):
    assert json.loads(trained.with_name("run.meta.json").read_text())["preset"] == BY_HAND == "none"


@pytest.mark.parametrize("preset", [BY_HAND, ""], ids=["as written now", "as written before"])
def test_what_reads_records_reads_a_run_by_hand(preset, trained, command, folder):
    meta = trained.with_name("run.meta.json")
    meta.write_text(json.dumps(json.loads(meta.read_text()) | {"preset": preset}))
    code, out, err = command("runs")
    assert code == 0 and "SCORE_gcn" in out, err
    assert command("predict", trained, "my.csv", "--out", "p.csv")[0] == 0
    assert command("adopt", "results/runs", "--results", "elsewhere")[0] == 0
    code, out, err = command("verdict", "--from", "results/runs", "--out", "drawn")
    assert code == 0 and (folder / "drawn" / "verdict.csv").exists(), err
    code, _, err = command("export", "kept")
    assert code == 0, err


def test_the_crate_of_a_run_by_hand_names_its_preset(folder, command):
    spec = GraphSpec("esol", "gat", "SCORE")
    path = spec.path("kept/runs")
    path.parent.mkdir(parents=True)
    path.write_text(dumps(made_up.record(spec)))
    path.with_name("run.meta.json").write_text(json.dumps(made_up.meta(preset="")))
    code, _, err = command("crate", "kept")
    assert code == 0, err
    assert f"preset {BY_HAND}" in (folder / "kept" / "ro-crate-metadata.json").read_text()


def test_a_preset_that_there_is_not(command):
    code, _, err = command(*TRAIN, "--preset", "mine")
    assert code == 2 and "'mine' is not one of 'none', 'paper', 'laptop', 'smoke'" in " ".join(
        err.replace("│", "").split()
    )
