"""Training of language models: the known answer is found, a killed run repeats its bytes, records, the challenge."""

import csv
import json
import math
import os
import signal

import made_up_records as made_up
import mlx.core as mx
import numpy as np
import pytest
import tiny_text
from score_mlx.cli import main
from score_mlx.cli.sample import sample
from score_mlx.models.check import check, differences
from score_mlx.models.language import tasks, trainer, training
from score_mlx.models.language.batches import EVALUATE_TRAIN, TRAIN, Windows
from score_mlx.models.language.training import History
from score_mlx.runs.records import as_json
from score_mlx.system import stopping
from score_mlx.system.errors import UserError

CORPUS = tiny_text.markov()


class KilledError(Exception):
    pass


def run(spec, root, corpus=CORPUS):
    """The record's folder is where its path says."""
    folder = spec.path(root / "runs").parent
    return as_json(trainer.train(spec, corpus, folder, progress="none", preset="smoke")), folder


def killed_after(count: int, monkeypatch):
    """Training saves after each step and dies when `count` are done; returns what makes a step."""
    original, steps = training._step, []

    def step(task, number):
        if len(steps) == count:
            raise KilledError
        steps.append(number)
        return original(task, number)

    monkeypatch.setattr(training, "CHECKPOINT_SECONDS", -1)
    monkeypatch.setattr(training, "_step", step)
    return original


def files(folder) -> dict[str, bytes]:
    paths = [folder / "run.json", folder / "losses.csv", *sorted((folder / "weights").iterdir())]
    return {path.name: path.read_bytes() for path in paths if path.name != "losses.csv"}


@pytest.mark.parametrize(("arch", "config", "options"), tiny_text.EXAMPLES[:7], ids=tiny_text.NAMES[:7])
def test_the_same_bytes_twice_and_after_a_kill(arch, config, options, tmp_path, monkeypatch):
    spec = tiny_text.spec(arch, config, **options)
    _, once = run(spec, tmp_path / "a")
    original = killed_after(4, monkeypatch)
    with pytest.raises(KilledError):
        run(spec, tmp_path / "b")
    folder = spec.path(tmp_path / "b" / "runs").parent
    assert (folder / "checkpoints" / "last.safetensors").exists() and not (folder / "run.json").exists()
    monkeypatch.setattr(training, "_step", original)
    _, resumed = run(spec, tmp_path / "b")
    assert files(once) == files(resumed)
    assert made_up.stored_meta(folder / "run.json")["resumed"] == 1
    assert not (folder / "checkpoints").exists()


@pytest.mark.parametrize("where", ["step", "evaluation"])
@pytest.mark.parametrize("arch", ["nanogpt", "chargpt"])
def test_sigterm_leaves_the_last_whole_step(arch, where, tmp_path, monkeypatch):
    spec = tiny_text.spec(arch)
    _, once = run(spec, tmp_path / "a")
    drawn = Windows.drawn

    def signalled(self, size, stream, place):
        if (stream, place) == {"step": (TRAIN, 3), "evaluation": (EVALUATE_TRAIN, 0)}[where]:
            os.kill(os.getpid(), signal.SIGTERM)
        return drawn(self, size, stream, place)

    with monkeypatch.context() as patch:
        patch.setattr(Windows, "drawn", signalled)
        with pytest.raises(stopping.Stopped):
            run(spec, tmp_path / "b")
    folder = spec.path(tmp_path / "b" / "runs").parent
    seen = json.loads(mx.load(str(folder / "checkpoints" / "last.safetensors"), return_metadata=True)[1]["seen"])
    assert seen[0] == {"step": 4, "evaluation": 0}[where]
    _, resumed = run(spec, tmp_path / "b")
    assert files(once) == files(resumed)


def test_a_record_says_what_happened(tmp_path):
    spec = tiny_text.spec("chargpt", "SCORE_skip05", iterations=5)
    record, folder = run(spec, tmp_path)
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
    record, folder = run(tiny_text.spec("nanogpt", "SCORE", iterations=2), tmp_path)
    record = json.loads(json.dumps(record))
    change(record)
    (folder / "run.json").write_text(json.dumps(record))
    with pytest.raises(UserError, match=line):
        check(folder / "run.json", tmp_path)


def test_what_differs_between_two_runs(tmp_path):
    (_, a), (_, b) = (run(tiny_text.spec(iterations=2, seed=seed), tmp_path) for seed in (1, 2))
    lines = differences(a / "run.json", b / "run.json")
    assert "spec.seed: 1 | 2" in lines and any(line.startswith("best.val_loss") for line in lines)
    assert differences(a / "run.json", a / "run.json") == []


def test_the_loss_of_a_known_text_is_found():
    """A model of the chain cannot do better than its entropy rate, and comes close to it."""
    spec = tiny_text.spec("chargpt", "SCORE_skip05", steps=2, width=32, batch_size=32, context=16, iterations=150)
    task, history = tasks.build(spec, tiny_text.markov(20_000)), History()
    start = task.evaluate(history)["val_loss"]
    for step in range(spec.iterations):
        training._step(task, step)
    found = task._mean_loss(task._sample(task.validation, 9))
    rate = tiny_text.CHAIN.entropy_rate
    assert start > math.log(16) - 0.05
    assert rate - 0.1 < found < rate + 0.15


def test_the_whole_validation_text_is_evaluated_once():
    """Every whole window of it, each token as often as any other; the training loss is a sample as before."""
    tasks_of = {
        how: tasks.build(tiny_text.spec("chargpt", "base", validation=how, batch_size=3), CORPUS)
        for how in ("whole", "sampled")
    }
    task = tasks_of["whole"]
    tokens = task.validation.tokens  # 200 of them: 24 whole windows of 8, in batches of 3
    rows = np.stack([tokens[start : start + 9] for start in range(0, 192, 8)])
    losses = task.model.losses(mx.array(rows[:, :-1]), mx.array(rows[:, 1:]))
    found, sampled = (each.evaluate(History()) for each in tasks_of.values())
    assert found["val_loss"] == pytest.approx(float(losses.mean()), rel=1e-6)
    assert found["val_loss"] != sampled["val_loss"] and found["train_loss"] == sampled["train_loss"]


def test_a_record_with_the_cuts_of_an_earlier_version_is_valid(tmp_path):
    """At width 384 the paper's number of iterations was read as 15,000."""
    spec = tiny_text.spec("nanogpt", "SCORE", iterations=2, width=384, heads=6)
    record, folder = run(spec, tmp_path)
    for paper in (15_000, 12_000):
        earlier = [cut | ({"paper": paper} if cut["setting"] == "iterations" else {}) for cut in record["cuts"]]
        (folder / "run.json").write_text(json.dumps(json.loads(json.dumps(record)) | {"cuts": earlier}))
        if paper == 15_000:
            assert check(folder / "run.json", tmp_path).spec == spec
        else:
            with pytest.raises(UserError, match="cuts"):
                check(folder / "run.json", tmp_path)


class Oracle:
    """A model that knows the chain."""

    def __init__(self, vocabulary):
        order = [tiny_text.CHAIN.LETTERS.index(letter.decode()) for letter in vocabulary if letter]
        self.log = mx.array(np.log(np.maximum(tiny_text.CHAIN.transitions, 1e-12))[np.ix_(order, order)], mx.float32)

    def losses(self, tokens, targets):
        return -self.log[tokens, mx.minimum(targets, 15)].reshape(-1)


def test_bits_per_byte_of_a_known_text():
    """One byte a letter: the oracle's bits a byte are the entropy rate; a token without bytes does not count."""
    task = tasks.build(tiny_text.spec("d4", "base"), tiny_text.markov(60_000))
    task.model = Oracle(task.corpus.vocabulary)
    bits, tokens = task.bits_per_byte(5600)
    assert tokens == 5600
    assert bits == pytest.approx(tiny_text.CHAIN.entropy_rate / math.log(2), abs=0.06)
    task.bytes_of = mx.where(mx.arange(16) == 3, 0, task.bytes_of)
    kept = np.array([t for t in np.array(task.validation.tokens[1:5601]) if t != 3])
    nats = bits * math.log(2) * 5600
    fewer, _ = task.bits_per_byte(5600)
    lost = sum(float(x) for x in _losses_of(task, 3))
    assert fewer == pytest.approx((nats - lost) / math.log(2) / len(kept), rel=1e-4)


def _losses_of(task, token):
    for tokens, targets in task.validation.in_turn(64, 5600):
        losses = np.array(task.model.losses(tokens, targets))
        yield losses[np.array(targets).reshape(-1) == token].sum()


def test_the_challenge_ends_by_the_clock(tmp_path):
    spec = tiny_text.spec("d4", "mSCORE_skip05", blocks=2, steps=2)
    record, folder = run(spec, tmp_path)
    marks = [found["seconds"] for found in record["evaluations"]]
    assert marks[0] == 0 and marks == sorted(marks) and 2 <= len(marks) <= 11
    assert marks[-1] >= 1 > marks[-2]
    assert "val_bpb" not in record["evaluations"][0] and record["last"]["val_bpb"] is not None
    assert record["last"]["evaluated_tokens"] == 192  # whole windows of the 200 tokens that validate
    assert record["best"] == record["last"]
    assert check(folder / "run.json", tmp_path).spec == spec


def test_a_resumed_challenge_counts_its_seconds(tmp_path, monkeypatch):
    spec = tiny_text.spec("d4", "base")
    original = killed_after(3, monkeypatch)
    with pytest.raises(KilledError):
        run(spec, tmp_path)
    monkeypatch.setattr(training, "_step", original)
    checkpoint = spec.path(tmp_path / "runs").parent / "checkpoints" / "last.safetensors"
    step, trained, *_ = json.loads(mx.load(str(checkpoint), return_metadata=True)[1]["seen"])
    assert step == 3 and trained > 0
    record, folder = run(spec, tmp_path)
    assert made_up.stored_meta(folder / "run.json")["resumed"] == 1
    own = [found["seconds"] for found in record["evaluations"] if found["step"] > 3]
    assert own and min(own) > trained and record["last"]["seconds"] >= 1


@pytest.mark.parametrize(
    ("arch", "options"),
    [("d4", {}), ("chargpt", {"batch_size": 5, "dropout": 0.2}), ("nanogpt", {"batch_size": 5, "context": 8})],
)
def test_pieces_of_a_batch_add_up(arch, options):
    """Gradients of a batch that passes through the model in pieces are those of the whole, with its dropout."""
    from mlx.utils import tree_flatten

    task = tasks.build(tiny_text.spec(arch, "base", **options), CORPUS)
    loss, whole = task.gradients(0)
    task.piece = 16  # two windows, so that one is left over
    assert len(list(task.pieces(task.train.drawn(task.spec.batch_size, 1, 0)))) > 2
    parted, pieces = task.gradients(0)
    assert float(loss) == pytest.approx(float(parted), rel=1e-5)
    for (name, a), (_, b) in zip(tree_flatten(whole), tree_flatten(pieces), strict=True):
        np.testing.assert_allclose(np.array(a), np.array(b), atol=1e-5, err_msg=name)


@pytest.mark.parametrize(
    ("arch", "options"),
    [
        ("nanogpt", {}),
        ("chargpt", {"optimizer": "muon", "dropout": 0.2}),
        ("chargpt", {"optimizer": "normuon", "bigram": True}),
        ("chargpt", {"optimizer": "adamw", "dropout": 0.2}),
    ],
)
@pytest.mark.parametrize("begun", [0, 2])
def test_a_step_as_one_program_moves_as_a_step_does(arch, options, begun):
    """Also from weights and optimisers that were taken up from a checkpoint."""
    from mlx.utils import tree_flatten

    spec = tiny_text.spec(arch, "SCORE", **options)
    plain, whole = tasks.build(spec, CORPUS), tasks.build(spec, CORPUS)
    whole.whole = True
    for step in range(begun):
        plain.advance(step)
        mx.eval(plain.model.parameters(), plain.groups.arrays())
    whole.model.update(plain.model.trainable_parameters())
    whole.groups.restore(plain.groups.arrays())
    for step in range(begun, begun + 4):
        losses = [task.advance(step) for task in (plain, whole)]
        mx.eval(losses, *[[task.model.parameters(), task.groups.arrays()] for task in (plain, whole)])
        assert float(losses[0]) == pytest.approx(float(losses[1]), rel=1e-5)
    assert whole._compiled and not plain._compiled
    for (name, a), (_, b) in zip(tree_flatten(plain.model), tree_flatten(whole.model), strict=True):
        np.testing.assert_allclose(np.array(a), np.array(b), atol=2e-5, err_msg=name)
    for name, a in plain.groups.arrays().items():
        np.testing.assert_allclose(np.array(a), np.array(whole.groups.arrays()[name]), atol=2e-5, err_msg=name)


def test_a_diverging_run_is_said_to_diverge(tmp_path):
    with pytest.raises(UserError, match="no evaluation gave a finite loss"):
        broken = tiny_text.spec("nanogpt", "base", iterations=2)
        history = History(evaluations=[{"step": 0, "seconds": 0.0, "val_loss": math.nan}])
        trainer._record(broken, CORPUS, None, history)


def test_weights_of_another_model_are_refused(tmp_path):
    spec = tiny_text.spec("nanogpt", "SCORE", iterations=2)
    _, folder = run(spec, tmp_path)
    weights = folder / "weights" / "best.safetensors"
    model = trainer.load_model(spec, len(CORPUS.vocabulary), weights)
    assert list(model.generate(5, 1)) == list(trainer.load_model(spec, len(CORPUS.vocabulary), weights).generate(5, 1))
    with pytest.raises(UserError, match=r"table.weight is \(16, 16\), expected \(16, 32\)"):
        trainer.load_model(tiny_text.spec("nanogpt", "SCORE", width=32), len(CORPUS.vocabulary), weights)
    with pytest.raises(UserError, match="no weights there"):
        trainer.load_model(spec, len(CORPUS.vocabulary), tmp_path / "none.safetensors")


def test_text_from_a_finished_run_and_from_one_in_progress(tmp_path, monkeypatch, capsys):
    spec = tiny_text.spec("chargpt", "SCORE_skip05", iterations=2)
    _, folder = run(spec, tmp_path)
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
