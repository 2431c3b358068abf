"""On which device a run trains: what was asked for, or what a measurement says, which is made once a machine."""

import itertools
import json

import mlx.core as mx
import pytest
import tiny
import tiny_text
from score_mlx.models.graphs.task import GraphTask
from score_mlx.models.language.tasks import build
from score_mlx.models.language.training import stepper as language_stepper
from score_mlx.system.errors import UserError
from score_mlx.training import device_choice
from score_mlx.training.device_choice import settle
from score_mlx.training.trainer import stepper


@pytest.fixture
def two(monkeypatch, tmp_path, cpu):
    """Two devices, of which this process can tell apart the names only; and a file of measurements of its own."""
    monkeypatch.setattr(device_choice, "DEVICES", {"cpu": mx.cpu, "gpu": mx.Device(mx.cpu, 0)})
    monkeypatch.setattr(device_choice, "kept", lambda: tmp_path / "steps.json")
    return tmp_path / "steps.json"


def clock(monkeypatch, seconds):
    """Steps take these seconds, one after the other."""
    times = itertools.chain.from_iterable((0.0, taken) for taken in itertools.cycle(seconds))
    monkeypatch.setattr(device_choice.time, "perf_counter", lambda: next(times))


def counted():
    """(what makes steps, how many were taken)."""
    taken = []
    return (lambda: lambda: taken.append(1)), taken


@pytest.mark.parametrize(
    ("seconds", "chosen"),
    # of each device two steps that compile, then three; the CPU first
    [([9, 9, 2, 3, 4, 9, 9, 1, 5, 5], "gpu"), ([9, 9, 2, 3, 4, 1, 1, 3, 3, 3], "cpu")],
)
def test_auto_takes_the_faster_one_and_measures_once(two, monkeypatch, capsys, seconds, chosen):
    steps, taken = counted()
    clock(monkeypatch, seconds)
    assert settle("auto", tiny.spec("gat"), steps, gpu=True) == chosen
    assert len(taken) == 10 and f"device: {chosen}; a step takes cpu 2000 ms" in capsys.readouterr().err
    assert settle("auto", tiny.spec("gat", repeat=3, epochs=7), steps, gpu=True) == chosen  # the same step
    assert len(taken) == 10
    settle("auto", tiny.spec("gat", steps=3), steps, gpu=True)  # another one
    assert len(taken) == 20 and len(json.loads(two.read_text())) == 2
    two.write_text("{")  # damaged: measured again
    settle("auto", tiny.spec("gat"), steps, gpu=True)
    assert len(taken) == 30


def test_without_a_gpu_nothing_is_measured_and_with_a_wish_neither(two):
    steps, taken = counted()
    assert settle("auto", tiny.spec("gat"), steps, gpu=False) == "cpu"
    assert settle("cpu", tiny.spec("gat"), steps, gpu=True) == "cpu"
    assert settle("gpu", tiny.spec("gat"), steps, gpu=True) == "gpu"
    assert not taken and not two.exists()
    with pytest.raises(UserError, match="device = gpu: MLX has none here, expected cpu or auto"):
        settle("gpu", tiny.spec("gat"), steps, gpu=False)


def test_a_measurement_leaves_the_device_and_the_run_as_they_were(two):
    """Real steps of both kinds of runs."""
    spec, data, before = tiny.spec("gat", epochs=1), tiny.data(24), mx.default_device()
    seconds = device_choice.measured(spec, lambda: stepper(GraphTask, spec, data))
    text = tiny_text.spec("chargpt")
    seconds |= device_choice.measured(text, lambda: language_stepper(build(text, tiny_text.markov())))
    assert min(seconds.values()) > 0 and mx.default_device() == before
    assert len(json.loads(two.read_text())) == 2
