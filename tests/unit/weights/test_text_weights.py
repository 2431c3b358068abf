"""Exported language models: they give the loss of their record and the same text, from the folder alone."""

import json
import shutil
from pathlib import Path

import made_up_records as made_up
import pytest
import tiny_text
import yaml
from commands import run as score_mlx
from score_mlx.models.language.trainer import train
from score_mlx.system.errors import UserError
from score_mlx.weights.export import export_run
from score_mlx.weights.measured import measured
from score_mlx.weights.sums import verify

CORPUS = tiny_text.markov()
SPECS = {
    "sampled": tiny_text.spec("nanogpt", "SCORE"),
    "whole": tiny_text.spec("chargpt", "mSCORE_skip05", blocks=2, steps=2, validation="whole"),
    "by the clock": tiny_text.spec("d4", "base"),
}


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """Three small models trained, and their folders alone; the text lies in `results`."""
    work = tmp_path_factory.mktemp("text")
    CORPUS.save(work / "results" / "corpora" / "markov-char")
    for name, spec in SPECS.items():
        record = spec.path(work / "results" / "runs")
        train(spec, CORPUS, record.parent, progress="none")
        export_run(record, work / name, {})
    return work


@pytest.mark.parametrize("which", ["best", "last"])
@pytest.mark.parametrize("name", SPECS)
def test_exported_weights_give_the_loss_of_the_record(exported, name, which):
    (value,) = measured(exported / name / "run.json", exported / "results", which)
    assert value.now == pytest.approx(value.recorded, abs=1e-6) and str(value).endswith(": the same")
    record = made_up.stored(exported / name / "run.json")
    if name != "by the clock":
        assert value.recorded == record[which]["val_loss"]
    elif which == "last":
        assert value.recorded == record["last"]["val_bpb"]
    else:  # the lowest of those of an eighth of the text
        assert value.recorded == min(found["part_bpb"] for found in record["evaluations"])


def test_other_weights_give_another_loss(exported, tmp_path):
    folder = tmp_path / "sampled"
    shutil.copytree(exported / "sampled", folder)
    record = made_up.stored(folder / "run.json")
    record["best"]["val_loss"] = record["best"]["val_loss"] + 3e-4
    (folder / "run.json").write_text(json.dumps(record))
    with pytest.raises(UserError, match="wrong checksum"):
        score_mlx("weights", "measure", folder, "--results", exported / "results")
    (folder / "SHA256SUMS").unlink()
    assert "differs" in score_mlx("weights", "measure", folder, "--results", exported / "results", code=1)


def test_the_command_says_the_same_and_folders_have_names_for_hubs(exported, tmp_path):
    said = score_mlx("weights", "measure", exported / "whole", "--results", exported / "results")
    assert said.startswith("val_loss: recorded ") and said.rstrip().endswith(": the same")
    run = SPECS["whole"].path(exported / "results" / "runs").parent
    folder = Path(score_mlx("weights", "export", run, "--out", tmp_path).rstrip("\n"))
    assert folder.name.startswith("markov-char-mSCORE_nanoGPT_characters_dt_0.5-steps=2") and " " not in folder.name
    verify(folder)


def test_the_folder_alone_writes_the_text_of_the_run(exported, tmp_path, monkeypatch):
    run = SPECS["whole"].path(exported / "results" / "runs")
    there = score_mlx("sample", run, "--tokens", 12, "--results", exported / "results")
    assert there.rstrip("\n") == made_up.stored(run)["sample"]["text"]
    monkeypatch.chdir(tmp_path)
    assert score_mlx("sample", exported / "whole", "--tokens", 12) == there
    broken = tmp_path / "broken"
    shutil.copytree(exported / "whole", broken)
    (broken / "vocabulary.json").write_text("[1]")
    with pytest.raises(UserError, match=r"vocabulary.json: wrong checksum"):
        score_mlx("sample", broken)
    (broken / "SHA256SUMS").unlink()
    with pytest.raises(UserError, match=r"vocabulary.json: not a vocabulary"):
        score_mlx("sample", broken)


def test_the_folder_is_what_a_hub_takes(exported):
    folder = exported / "sampled"
    verify(folder)
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} == {
        *("README.md", "config.json", "run.json", "vocabulary.json", "SHA256SUMS"),
        *("weights/best.safetensors", "weights/last.safetensors"),
    }
    head, text = (folder / "README.md").read_text().split("---\n", 2)[1:]
    head, record = yaml.safe_load(head), made_up.stored(folder / "run.json")
    assert head["pipeline_tag"] == "text-generation" and head["datasets"] == ["markov-char"]
    values = {m["name"]: m["value"] for m in head["model-index"][0]["results"][0]["metrics"]}
    assert values["validation loss, nats a token, last evaluation"] == pytest.approx(
        record["last"]["val_loss"], abs=1e-4
    )
    for words in (
        "Trained on the first 90%, the rest validates",
        "## Limits",
        "iterations = 6 instead of the paper's 10000",
        "2 random batches, not of the whole text",
        "stand-in for tests",
        "the text: not stated",
        "## Licence and citation",
    ):
        assert words in text, words
    config = json.loads((folder / "config.json").read_text())
    assert config["vocabulary"] == 16 and config["spec"] == record["spec"]
    assert "bits a byte" in (exported / "by the clock" / "README.md").read_text()


def test_a_run_on_another_text_is_not_exported(exported, tmp_path):
    run = SPECS["sampled"].path(exported / "results" / "runs")
    tiny_text.markov(1500).save(tmp_path / "corpora" / "markov-char")
    with pytest.raises(UserError, match="another text than"):
        export_run(run, tmp_path / "out", {}, tmp_path)
    with pytest.raises(UserError, match="other data than"):
        measured(exported / "sampled" / "run.json", tmp_path)
