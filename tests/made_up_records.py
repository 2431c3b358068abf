"""Run records made up for tests of tables and figures: the shape of real ones, numbers from a fixed stream."""

import random

from score_mlx.models.families import FAMILIES, read_record, run_of
from score_mlx.models.graphs.spec import ARCHS, PAPER_CONFIGS, GraphSpec
from score_mlx.runs.records import as_json, read_meta, summarise, summarise_losses, write_record
from score_mlx.runs.schema import Evaluation, Fold, RunMeta
from score_mlx.tables.table import Table

ESOL = {
    "name": "esol",
    "label": "ESOL",
    "unit": "log10 mol/L",
    "stand_in": False,
    "rows": 1128,
    "sha256": "a" * 64,
    "folds_sha256": "b" * 64,
}
NCI = {**ESOL, "name": "nci", "label": "NCI stand-in, labels computed by Delaney's equation", "stand_in": True}


def record(spec, dataset=ESOL, best=None, last=None):
    """run.json of a run whose folds have these RMSE."""
    graph = spec.FAMILY == "graphs"
    stream = random.Random(f"{spec.arch} {spec.config}" if graph else spec.model)
    centre = 0.55 + 0.04 * (ARCHS.index(spec.arch) if graph else 4) / 8 + 0.05 * stream.random()
    best = best if best is not None else [round(centre + stream.gauss(0, 0.04), 4) for _ in range(5)]
    last = last if last is not None else [None if b is None else round(b + 0.05, 4) for b in best]
    folds = [
        {"fold": k, "train": 902, "test": 226, "train_loss": [0.5] * spec.epochs, "rmse": curve(spec, b, e)}
        for k, (b, e) in enumerate(zip(best, last, strict=True))
    ]
    return {
        "schema": 1,
        "family": spec.FAMILY,
        "science": 1,
        "spec": spec.as_dict(),
        "cuts": spec.cuts(),
        "dataset": dict(dataset),
        "parameters": 100_000 + 1000 * ARCHS.index(spec.arch) if graph else None,
        "folds": folds,
    } | summary(folds)


def summary(folds):
    """The parts best and last of a run.json with these folds."""
    return {part: as_json(found) for part, found in summarise([Fold(**fold) for fold in folds]).items()}


def run(record, meta):
    """The run of a run.json and a run.meta.json."""
    kind = FAMILIES[record.get("family", "graphs")].record
    return run_of(kind.model_validate(record), RunMeta.model_validate(meta))


def write(folder, record, meta):
    """Both files, as a run of these contents leaves them."""
    kind = FAMILIES[record.get("family", "graphs")].record
    write_record(folder, kind.model_validate(record), RunMeta.model_validate(meta))


def stored(path):
    """What a run.json holds."""
    return as_json(read_record(path))


def stored_meta(path):
    """What the run.meta.json beside it holds."""
    return as_json(read_meta(path))


def curve(spec, best, last):
    """One RMSE an epoch: the best one first, if there is more than one, and the last one last."""
    return ([best] + [9.0 if best else None] * spec.epochs)[: spec.epochs - 1] + [last if spec.epochs > 1 else best]


def meta(**changes):
    """run.meta.json of such a run."""
    return {
        "seconds": 61.2,
        "started": "2026-01-01T00:00:00+00:00",
        "host": "somewhere",
        "device": "cpu",
        "platform": "Linux x86_64",
        "versions": {"mlx": "0.32.4", "numpy": "2.4.6"},
        "commit": "0123456789abcdef",
        "resumed": 0,
        "preset": "laptop",
        "replicas": 1,
    } | changes


def all_forty(dataset=ESOL, **options):
    """(run.json, run.meta.json) of the 8 x 5 models of Table 2."""
    specs = [GraphSpec(dataset["name"], arch, config, **options) for arch in ARCHS for config in PAPER_CONFIGS]
    return [(record(spec, dataset), meta()) for spec in specs]


def language(spec, values=(3.0, 2.0, 2.5), text="To be, or ", corpus="shakespeare-gpt4o"):
    """run.json of a language model whose evaluations have these losses, or bits a byte."""
    steps = [n * (1 if spec.timed else spec.evaluate_every) for n in range(len(values))]
    evaluations = [
        {"step": step, "train_loss": value, "val_loss": value} for step, value in zip(steps, values, strict=True)
    ]
    if spec.timed:
        seconds = [spec.seconds * n / (len(values) - 1) for n in range(len(values))]
        pairs = zip(steps, seconds, values, strict=True)
        evaluations = [{"step": step, "seconds": at, "part_bpb": value} for step, at, value in pairs]
        evaluations[-1] |= {"val_bpb": values[-1], "evaluated_tokens": 1000}
    sample = {"text": text, "seed": 1337, "temperature": 1.0, "known_words": 0.5, "longest_copy": 6}
    return {
        "schema": 1,
        "family": "language",
        "science": 1,
        "spec": spec.as_dict(),
        "cuts": spec.cuts(),
        "corpus": {"name": corpus, "label": "Shakespeare", "stand_in": corpus.startswith("markov"), "tokens": 10_000}
        | {"vocabulary": 8192, "bytes": 30_000, "sha256": "c" * 64},
        "parameters": 1_822_913,
        "evaluations": evaluations,
        "trained_tokens": steps[-1] * spec.batch_size * spec.context,
        "sample": sample if spec.characters else None,
    } | {part: as_json(found) for part, found in summarise_losses([Evaluation(**e) for e in evaluations]).items()}


def markdown(readable, rows, title, notes):
    """A table of these rows as its .md file has it."""
    return Table(title, (), rows, notes, readable).grid.markdown()


def latex(readable, rows, title, notes):
    """The same as its .tex file has it."""
    return Table(title, (), rows, notes, readable).grid.latex()


def write_all(path, columns, readable, rows, title, notes, texts=()):
    """All files of a table."""
    Table(title, columns, rows, notes, readable, texts=texts).write(path)
