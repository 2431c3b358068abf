"""What a language model leaves: its record, its weights, text written from them; and what is refused."""

import csv
import json
import math

import made_up_records as made_up
import pytest
import tiny_text
from score_mlx.cli import main
from score_mlx.cli.sample import sample
from score_mlx.models.check import check, differences
from score_mlx.models.language import tasks, trainer, training
from score_mlx.models.language.training import History
from score_mlx.system.errors import UserError

CORPUS = tiny_text.markov()


def test_a_record_says_what_happened(tmp_path):
    spec = tiny_text.spec("chargpt", "SCORE_skip05", iterations=5)
    record, folder = tiny_text.train(spec, tmp_path)
    assert [found["step"] for found in record["evaluations"]] == [0, 2, 4, 5]
    assert record["best"] == min(record["evaluations"], key=lambda found: found["val_loss"])
    assert record["last"] == record["evaluations"][-1]
    assert record["trained_tokens"] == 5 * 4 * 8
    assert len(record["sample"]["text"]) == 12 and record["sample"]["seed"] == 1337
    cuts = {cut["setting"] for cut in record["cuts"]}
    assert cuts == {"iterations", "evaluation_batches", "batch_size", "characters"}
    assert made_up.stored(folder / "run.json") == json.loads((folder / "run.json").read_text())
    with (folder / "losses.csv").open() as stream:
        assert [row["step"] for row in csv.DictReader(stream)] == ["0", "2", "4", "5"]
    assert check(folder / "run.json", tmp_path).spec == spec


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda record: record["best"].update(val_loss=0.1), "best is"),
        (lambda record: record["cuts"].clear(), "cuts"),
        (lambda record: record.update(evaluations=[]), "evaluations is empty"),
        (lambda record: record.update(science=99), "science 99"),
        (lambda record: record["spec"].update(steps=0), "spec: steps = 0"),
        (lambda record: record.update(parameters="many"), "parameters"),
    ],
)
def test_a_tampered_record_is_refused(change, line, tmp_path):
    record, folder = tiny_text.train(tiny_text.spec("nanogpt", "SCORE", iterations=2), tmp_path)
    record = json.loads(json.dumps(record))
    change(record)
    (folder / "run.json").write_text(json.dumps(record))
    with pytest.raises(UserError, match=line):
        check(folder / "run.json", tmp_path)


def test_what_differs_between_two_runs(tmp_path):
    (_, a), (_, b) = (tiny_text.train(tiny_text.spec(iterations=2, seed=seed), tmp_path) for seed in (1, 2))
    lines = differences(a / "run.json", b / "run.json")
    assert "spec.seed: 1 | 2" in lines and any(line.startswith("best.val_loss") for line in lines)
    assert differences(a / "run.json", a / "run.json") == []


def test_a_record_with_the_cuts_of_an_earlier_version_is_valid(tmp_path):
    """At width 384 the paper's number of iterations was read as 15,000."""
    spec = tiny_text.spec("nanogpt", "SCORE", iterations=2, width=384, heads=6)
    record, folder = tiny_text.train(spec, tmp_path)
    for paper in (15_000, 12_000):
        earlier = [cut | ({"paper": paper} if cut["setting"] == "iterations" else {}) for cut in record["cuts"]]
        (folder / "run.json").write_text(json.dumps(json.loads(json.dumps(record)) | {"cuts": earlier}))
        if paper == 15_000:
            assert check(folder / "run.json", tmp_path).spec == spec
        else:
            with pytest.raises(UserError, match="cuts"):
                check(folder / "run.json", tmp_path)


def test_a_diverging_run_is_said_to_diverge(tmp_path):
    with pytest.raises(UserError, match="no evaluation gave a finite loss"):
        broken = tiny_text.spec("nanogpt", "base", iterations=2)
        history = History(evaluations=[{"step": 0, "seconds": 0.0, "val_loss": math.nan}])
        trainer._record(broken, CORPUS, None, history)


def test_weights_of_another_model_are_refused(tmp_path):
    spec = tiny_text.spec("nanogpt", "SCORE", iterations=2)
    _, folder = tiny_text.train(spec, tmp_path)
    weights = folder / "weights" / "best.safetensors"
    model = trainer.load_model(spec, len(CORPUS.vocabulary), weights)
    assert list(model.generate(5, 1)) == list(trainer.load_model(spec, len(CORPUS.vocabulary), weights).generate(5, 1))
    with pytest.raises(UserError, match=r"table.weight is \(16, 16\), expected \(16, 32\)"):
        trainer.load_model(tiny_text.spec("nanogpt", "SCORE", width=32), len(CORPUS.vocabulary), weights)
    with pytest.raises(UserError, match="no weights there"):
        trainer.load_model(spec, len(CORPUS.vocabulary), tmp_path / "none.safetensors")


def test_text_from_a_finished_run_and_from_one_in_progress(tmp_path, monkeypatch, capsys):
    spec = tiny_text.spec("chargpt", "SCORE_skip05", iterations=2)
    _, folder = tiny_text.train(spec, tmp_path)
    CORPUS.save(tmp_path / "corpora" / "markov-char")
    sample(folder / "run.json", tokens=12, temperature=1.0, seed=1337, which="last", results=tmp_path)
    written = capsys.readouterr().out.rstrip("\n")
    assert written == made_up.stored(folder / "run.json")["sample"]["text"]
    # the checkpoint of a run in progress serves as well
    task = tasks.build(spec, CORPUS)
    training._save(folder / "checkpoints" / "last.safetensors", "any", task, History())
    (folder / "weights" / "last.safetensors").unlink()
    sample(folder, tokens=12, temperature=1.0, seed=1337, which="last", results=tmp_path)
    assert len(capsys.readouterr().out.rstrip("\n")) == 12
    with pytest.raises(UserError, match="--which worst: expected best or last"):
        sample(folder, which="worst", results=tmp_path)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--arch", "gpt5", "--config", "base"], "unknown arch = 'gpt5'"),
        (["--arch", "nanogpt"], "--config is missing"),
        (["--arch", "chargpt", "--config", "SCORE", "--options", "width=x"], "option width=x: expected int"),
        (["--arch", "chargpt", "--config", "SCORE", "--options", "depth=3"], "unknown option 'depth'"),
        (["--arch", "chargpt", "--config", "SCORE", "--corpus", "bible-char"], "unknown corpus 'bible-char'"),
    ],
)
def test_what_the_command_line_refuses(words, line, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["score-mlx", "train", "language", *words, "--results", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert line in capsys.readouterr().err and not list(tmp_path.iterdir())
