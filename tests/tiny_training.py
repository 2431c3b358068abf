"""Small runs of graph networks for the tests of training: whole ones, and such that are killed."""

import tiny
from score_mlx.models.graphs.task import GraphTask
from score_mlx.runs.records import as_json
from score_mlx.training import loop as training
from score_mlx.training import trainer
from score_mlx.training.progress import Progress

DATA = tiny.data(15)  # 2 folds that train on 7 and 8


class KilledError(Exception):
    pass


def run(spec, folder, data=DATA, **options) -> dict:
    return as_json(trainer.train(GraphTask, spec, data, folder, progress="none", **options))


def files(folder) -> dict[str, bytes]:
    """Everything a run must repeat: the record and the weights."""
    paths = [folder / "run.json", *sorted((folder / "weights").iterdir())]
    return {path.name: path.read_bytes() for path in paths}


def killed_after(epochs: int, monkeypatch) -> None:
    """Training saves after every epoch and dies when `epochs` are done."""
    original, seen = Progress.epoch, []

    def epoch(self, *args):
        seen.append(args)
        original(self, *args)
        if len(seen) == epochs + 1:  # the checkpoint is written after this call
            raise KilledError

    monkeypatch.setattr(training, "CHECKPOINT_SECONDS", -1)
    monkeypatch.setattr(Progress, "epoch", epoch)
