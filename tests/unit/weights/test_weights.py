"""Exported weights: they predict what the record says, from a folder and from a server, and only from listed bytes."""

import csv
import hashlib
import json
import shutil
import subprocess
import threading
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import made_up_records as made_up
import numpy as np
import pytest
import tiny
import yaml
from commands import run as score_mlx
from score_mlx.data.chem.folds import load_folds
from score_mlx.data.chem.prepared import load_molecules
from score_mlx.data.sources import load_sources
from score_mlx.models.families import read_record
from score_mlx.models.graphs.task import GraphTask
from score_mlx.models.prediction import Ensemble
from score_mlx.system.errors import UserError
from score_mlx.training import trainer
from score_mlx.weights import opened as opening
from score_mlx.weights.export import export_run
from score_mlx.weights.opened import fetched, opened
from score_mlx.weights.release import metadata, release
from score_mlx.weights.sums import read_sums, verify, write_sums
from sklearn.metrics import roc_auc_score

ROOT = Path(__file__).resolve().parents[3]
RINGS = ("", "c1ccccc1", "C1CC1", "C1CCC1", "C1CCCC1", "C1CCCCC1", "c1ccncc1", "c1ccoc1")
MOLECULES = [f"{'C' * (1 + n % 5)}{'O' * (n % 2)}{RINGS[n % 8]}" for n in range(40)]
RUNS = {
    "MLP": ["dense", "--network", "mlp"],
    "SCORE_gcn": ["graph", "--arch", "gcn", "--config", "SCORE", "--descriptors", "--hidden", 16],
    "gat": ["graph", "--arch", "gat", "--config", "base", "--hidden", 16],
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A project of 40 molecules with three small runs, and their exported folders."""
    work = tmp_path_factory.mktemp("weights")
    (work / "my.csv").write_text("\n".join(["smiles,y", *(f"{s},{0.3 * len(s) - 2}" for s in MOLECULES)]) + "\n")
    results = work / "results"
    score_mlx(
        "data", "prepare", work / "my.csv", results / "data/my", "--smiles-column", "smiles", "--target-column", "y"
    )
    for model, run in RUNS.items():
        said = score_mlx("train", *run, "--dataset", "my", "--epochs", 3, "--batch-size", 8, "--results", results)
        record = next(Path(word) for word in said.split() if word.endswith("run.json"))
        score_mlx("weights", "export", record.parent, "--out", work / "out")
        (folder,) = (work / "out").glob(f"my-{model}-*")
        folder.rename(work / "out" / model)
    return work


def rmse(folder, epoch):
    """Of each fold's model on that fold's molecules, by what predicts; the rest of the project is not asked."""
    results = folder.parents[1] / "results"
    molecules = load_molecules(results / "data" / "my" / "molecules.csv")
    folds = load_folds(next((results / "folds" / "my").glob("*.csv")), 40)
    ensemble = Ensemble(folder / "run.json", epoch, results=Path("/nowhere"))
    off = ensemble(molecules.smiles) - molecules.targets[:, None]
    return [float(np.sqrt(np.mean(off[folds == f, i] ** 2))) for i, f in enumerate(ensemble.folds)]


@pytest.mark.slow
@pytest.mark.parametrize("epoch", ["best", "last"])
@pytest.mark.parametrize("model", RUNS)
def test_exported_weights_give_the_error_of_the_record(trained, model, epoch):
    folder = trained / "out" / model
    assert rmse(folder, epoch) == pytest.approx(made_up.stored(folder / "run.json")[epoch]["rmse"], abs=1e-6)


@pytest.mark.slow
def test_the_command_computes_the_errors_again(trained):
    said = score_mlx("weights", "measure", trained / "out" / "SCORE_gcn", "--results", trained / "results")
    assert [line.split(": ")[-1] for line in said.splitlines()] == ["the same"] * 5


@pytest.mark.slow
def test_the_folder_is_what_a_hub_takes(trained):
    folder = trained / "out" / "SCORE_gcn"
    head, text = (folder / "README.md").read_text().split("---\n", 2)[1:]
    head, record = yaml.safe_load(head), made_up.stored(folder / "run.json")
    assert head["license"] == "mit" and head["library_name"] == "mlx" and head["datasets"] == ["my"]
    values = {m["name"]: m["value"] for m in head["model-index"][0]["results"][0]["metrics"]}
    assert values["RMSE, last epoch"] == pytest.approx(np.mean(record["last"]["rmse"]), abs=1e-4)
    for words in ("## Limits", "## Licence and citation", "epochs = 3 instead of the paper's 150", "split `kfold`"):
        assert words in text
    assert "95 % interval" in text and "licence of the data: not stated" in text
    config = json.loads((folder / "config.json").read_text())
    assert config["spec"] == record["spec"] and config["folds"] == [0, 1, 2, 3, 4]
    assert "host" not in (folder / "config.json").read_text() + text
    assert set(read_sums(folder / "SHA256SUMS")) >= {
        "README.md",
        "run.json",
        "scalers.json",
        "weights/fold0-best.safetensors",
    }


@pytest.mark.slow
def test_data_of_the_catalogue_have_source_and_licence(trained):
    from score_mlx.runs.records import read_meta
    from score_mlx.weights.card import card

    run = next((trained / "results/runs/my/graphs/gat").rglob("run.json"))
    record, esol = read_record(run), load_sources(ROOT / "data/sources.yaml")["esol"]
    text = card(record, read_meta(run.with_name("run.meta.json")), "gat", esol)
    assert esol.citation in text and "Licence of the data: Supporting information" in text


@pytest.fixture
def served(trained, tmp_path, monkeypatch):
    """The address of the exported folders on this machine, and the list of what was asked for."""
    shutil.copytree(trained / "out", tmp_path / "out")
    asked = []

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *words):
            asked.append(self.path)

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=tmp_path / "out"))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    yield f"http://127.0.0.1:{server.server_port}", tmp_path / "out", asked
    server.shutdown()
    server.server_close()


@pytest.mark.slow
def test_a_model_is_used_by_its_address(trained, served, tmp_path):
    address, folder, asked = served
    for model in (f"{address}/MLP/", folder / "MLP"):
        score_mlx("predict", model, trained / "my.csv", "--out", tmp_path / f"{len(str(model))}.csv")
    there, here = (list(csv.reader(path.read_text().splitlines())) for path in sorted(tmp_path.glob("*.csv")))
    assert there == here and len(here) == 41
    first = len(asked)
    score_mlx("predict", f"{address}/MLP", trained / "my.csv", "--out", tmp_path / "again.csv")
    assert asked[first:] == ["/MLP/SHA256SUMS"]  # the rest is kept


@pytest.mark.slow
def test_other_bytes_than_listed_are_refused(served):
    address, folder, _ = served
    sums = hashlib.sha256((folder / "gat/SHA256SUMS").read_bytes()).hexdigest()
    assert opened(f"{address}/gat#sha256={sums}").is_file()
    with pytest.raises(UserError, match="SHA256SUMS"):
        fetched(f"{address}/gat#sha256={'0' * 64}")
    (folder / "MLP/weights/fold3-best.safetensors").write_bytes(b"others")
    with pytest.raises(UserError, match="fold3-best.safetensors"):
        fetched(f"{address}/MLP")
    with pytest.raises(UserError, match="fold3-best.safetensors: wrong checksum"):
        opened(str(folder / "MLP"))
    (folder / "gat/weights/fold9-best.safetensors").write_bytes(b"more")
    with pytest.raises(UserError, match="fold9-best.safetensors: not listed"):
        opened(str(folder / "gat"))


@pytest.mark.parametrize("name", ["../run.json", "/etc/passwd", "a/../../b", ".ssh/key", "a//b", "a b", ""])
def test_a_name_from_a_server_stays_below_the_folder(tmp_path, name):
    (tmp_path / "SHA256SUMS").write_text(f"{'0' * 64}  {name}\n")
    with pytest.raises(UserError, match="line 1: expected a SHA-256, two blanks and a file name below the folder"):
        read_sums(tmp_path / "SHA256SUMS")


def test_a_missing_file_is_named(tmp_path):
    (tmp_path / "a").write_text("a")
    write_sums(tmp_path)
    verify(tmp_path)
    (tmp_path / "a").unlink()
    with pytest.raises(UserError, match="a: no such file, though"):
        verify(tmp_path)


def test_addresses_must_be_https(tmp_path, monkeypatch):
    monkeypatch.setattr(opening, "default_cache", lambda: tmp_path)
    with pytest.raises(UserError, match="https"):
        opened("http://example.org/gat")


def test_the_archive_s_metadata_are_those_of_the_citation():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert (ROOT / ".zenodo.json").read_text() == metadata(citation), "run score-mlx release --metadata"


def git(folder, *arguments):
    name = ["-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run(["git", *name, "-C", folder, *arguments], check=True, capture_output=True)


@pytest.mark.slow
def test_a_release_has_code_weights_metadata_and_checksums(trained, tmp_path):
    project = tmp_path / "project"
    project.mkdir()
    for name in ("CITATION.cff", ".zenodo.json", "LICENSE"):
        shutil.copyfile(ROOT / name, project / name)
    git(project, "init", "-q")
    with pytest.raises(UserError, match="3 files are not committed"):
        release(project, tmp_path / "release", trained / "out")
    git(project, "add", "-A")
    git(project, "commit", "-qm", "a")
    first = {p.name: p.read_bytes() for p in release(project, tmp_path / "release", trained / "out")}
    assert set(first) >= {"weights-MLP.zip", ".zenodo.json", "CITATION.cff", "SHA256SUMS"}
    verify(tmp_path / "release")
    again = {p.name: p.read_bytes() for p in release(project, tmp_path / "release", trained / "out")}
    assert again == first
    shutil.unpack_archive(tmp_path / "release/weights-MLP.zip", tmp_path / "unpacked")
    assert opened(str(tmp_path / "unpacked/MLP")).is_file()


def test_weights_of_classes_predict_probabilities_and_their_card_names_the_metrics(tmp_path):
    smiles = ["C" * (1 + i % 8) + ("O", "N", "Cl", "C(C)(C)C")[i // 8 % 4] for i in range(32)]
    data = replace(tiny.data(32), targets=np.array([float("Cl" in text) for text in smiles]))
    spec = tiny.spec("gcn", "SCORE", epochs=2, task="classification")
    record = spec.path(tmp_path / "runs")
    trainer.train(GraphTask, spec, data, record.parent, progress="none")
    export_run(record, tmp_path / "out", {})
    text = (tmp_path / "out" / "README.md").read_text()
    assert "| ROC-AUC | last epoch" in text and "predicted is the probability of 1" in text and "RMSE" not in text
    predicted = Ensemble(tmp_path / "out" / "run.json", "last")(smiles)
    assert ((predicted > 0) & (predicted < 1)).all()
    for fold, value in enumerate(json.loads(record.read_text())["last"]["roc_auc"]):
        test = data.test(fold)
        assert roc_auc_score(data.targets[test], predicted[test, fold]) == pytest.approx(value, abs=1e-6)
