"""Training of language models: the known answer is found, a killed run repeats its bytes, the challenge."""

import json
import math
import os
import signal

import made_up_records as made_up
import mlx.core as mx
import numpy as np
import pytest
import tiny_text
from score_mlx.models.check import check
from score_mlx.models.language import tasks, training
from score_mlx.models.language.batches import EVALUATE_TRAIN, TRAIN, Windows
from score_mlx.models.language.training import History
from score_mlx.system import stopping

CORPUS = tiny_text.markov()


class KilledError(Exception):
    pass


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
    _, once = tiny_text.train(spec, tmp_path / "a")
    original = killed_after(4, monkeypatch)
    with pytest.raises(KilledError):
        tiny_text.train(spec, tmp_path / "b")
    folder = spec.path(tmp_path / "b" / "runs").parent
    assert (folder / "checkpoints" / "last.safetensors").exists() and not (folder / "run.json").exists()
    monkeypatch.setattr(training, "_step", original)
    _, resumed = tiny_text.train(spec, tmp_path / "b")
    assert files(once) == files(resumed)
    assert made_up.stored_meta(folder / "run.json")["resumed"] == 1
    assert not (folder / "checkpoints").exists()


@pytest.mark.parametrize("where", ["step", "evaluation"])
@pytest.mark.parametrize("arch", ["nanogpt", "chargpt"])
def test_sigterm_leaves_the_last_whole_step(arch, where, tmp_path, monkeypatch):
    spec = tiny_text.spec(arch)
    _, once = tiny_text.train(spec, tmp_path / "a")
    drawn = Windows.drawn

    def signalled(self, size, stream, place):
        if (stream, place) == {"step": (TRAIN, 3), "evaluation": (EVALUATE_TRAIN, 0)}[where]:
            os.kill(os.getpid(), signal.SIGTERM)
        return drawn(self, size, stream, place)

    with monkeypatch.context() as patch:
        patch.setattr(Windows, "drawn", signalled)
        with pytest.raises(stopping.Stopped):
            tiny_text.train(spec, tmp_path / "b")
    folder = spec.path(tmp_path / "b" / "runs").parent
    seen = json.loads(mx.load(str(folder / "checkpoints" / "last.safetensors"), return_metadata=True)[1]["seen"])
    assert seen[0] == {"step": 4, "evaluation": 0}[where]
    _, resumed = tiny_text.train(spec, tmp_path / "b")
    assert files(once) == files(resumed)


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
    record, folder = tiny_text.train(spec, tmp_path)
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
        tiny_text.train(spec, tmp_path)
    monkeypatch.setattr(training, "_step", original)
    checkpoint = spec.path(tmp_path / "runs").parent / "checkpoints" / "last.safetensors"
    step, trained, *_ = json.loads(mx.load(str(checkpoint), return_metadata=True)[1]["seen"])
    assert step == 3 and trained > 0
    record, folder = tiny_text.train(spec, tmp_path)
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
