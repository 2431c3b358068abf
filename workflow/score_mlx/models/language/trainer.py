"""Training a language model: from a spec and its corpus to a run record, with text that the model wrote."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import mlx.core as mx
from mlx.utils import tree_unflatten

from score_mlx.data.text.corpus import Corpus
from score_mlx.models.language.gpt import GPT, by_name, parameters
from score_mlx.models.language.measures import known_words, longest_copy
from score_mlx.models.language.models import build as build_model
from score_mlx.models.language.progress import Lines
from score_mlx.models.language.spec import LanguageSpec
from score_mlx.models.language.tasks import build
from score_mlx.models.language.training import History, fit
from score_mlx.runs.records import BY_HAND, SCHEMA_VERSION, best_evaluation, cuts_of, finite, make_meta, write_record
from score_mlx.runs.schema import Evaluation, LanguageRecord, Sample
from score_mlx.runs.science import SCIENCE
from score_mlx.system.arrays import save_arrays
from score_mlx.system.errors import UserError
from score_mlx.training.exclusive import once
from score_mlx.training.reporting import REPORTERS

TEMPERATURE = 1.0


def train(
    spec: LanguageSpec,
    corpus: Corpus,
    folder: Path,
    *,
    progress: str = "auto",
    preset: str = BY_HAND,
    report_to: str = "none",
) -> LanguageRecord:
    """Train and write `run.json`, `run.meta.json`, `weights/` and, while it trains, `losses.csv` into `folder`.

    A killed run goes on from its checkpoint: to the same bytes, or, where the clock ends it, with its seconds counted.

    Args:
        progress: `auto` (a bar in a terminal, lines elsewhere), `bar`, `lines` or `none`.
        preset: noted in `run.meta.json`.
        report_to: where losses go while it trains, one of `reporting.REPORTERS`.

    Returns:
        The record.

    Raises:
        UserError: no evaluation gave a finite loss.
    """
    compute = partial(_train, spec, corpus, folder, progress, preset, report_to)
    return once(spec, corpus.record(), LanguageRecord, folder, compute)


def _train(
    spec: LanguageSpec, corpus: Corpus, folder: Path, progress: str, preset: str, report_to: str
) -> LanguageRecord:
    started = datetime.now(UTC).isoformat(timespec="seconds")
    task = build(spec, corpus)
    title = f"{spec.model} ({corpus.info['label']})"
    reporter = REPORTERS[report_to](folder, title, spec.as_dict())
    lines = Lines(progress, title, task.progress, folder / "losses.csv", reporter)
    history = fit(task, folder / "checkpoints" / "last.safetensors", _signature(spec, corpus), lines)
    lines.close()
    weights = by_name(task.model)
    for which, arrays in (("best", history.best), ("last", weights)):
        in_order = dict(sorted(arrays.items()))  # that of a resumed run's too
        save_arrays(folder / "weights" / f"{which}.safetensors", in_order)
    record = _record(spec, corpus, task.model, history)
    meta = make_meta(spec.FAMILY, started=started, seconds=history.seconds, preset=preset, resumed=history.resumed)
    write_record(folder, record, meta)
    shutil.rmtree(folder / "checkpoints", ignore_errors=True)
    return record


def _sample(corpus: Corpus, model: GPT, count: int, seed: int) -> Sample:
    """Text of `count` tokens that the model writes at `TEMPERATURE`, with its measures."""
    text = corpus.decode(list(model.generate(count, seed, TEMPERATURE)))
    whole = corpus.decode(corpus.tokens)
    share = known_words(text, whole)
    return Sample(
        text=text,
        seed=seed,
        temperature=TEMPERATURE,
        known_words=None if share is None else finite(share),
        longest_copy=longest_copy(text, whole),
    )


def load_model(spec: LanguageSpec, vocabulary: int, weights: Path) -> GPT:
    """The spec's model with the parameters of a file: weights/*.safetensors, or a checkpoint of a run in progress.

    Args:
        vocabulary: number of tokens.

    Raises:
        UserError: missing, damaged or another model's.
    """
    model = build_model(spec, vocabulary, spec.seed)
    load_weights(model, spec, weights)
    return model


def load_weights(model: GPT, spec: LanguageSpec, weights: Path) -> None:
    """Put the parameters of a file into the spec's model; as of `load_model`."""
    wanted = {name: array.shape for name, array in by_name(model).items()}
    try:
        loaded = mx.load(str(weights))
        if not isinstance(loaded, dict):
            raise ValueError("a single array")
        arrays = {name.removeprefix("model."): array for name, array in loaded.items()}
        found = {name: arrays[name] for name in wanted}
    except (RuntimeError, ValueError, OSError):
        raise UserError(f"{weights}: no weights there, expected a .safetensors file") from None
    except KeyError as name:
        raise UserError(f"{weights}: no parameter {name}, expected those of {spec.path('')}") from None
    for name, shape in wanted.items():
        if found[name].shape != shape:
            raise UserError(f"{weights}: {name} is {found[name].shape}, expected {shape} for {spec.path('')}")
    model.update(tree_unflatten(list(found.items())))


def _record(spec: LanguageSpec, corpus: Corpus, model: GPT, history: History) -> LanguageRecord:
    evaluations = [_evaluation(spec, found) for found in history.evaluations]
    if all((found.val_bpb if spec.timed else found.val_loss) is None for found in evaluations):
        raise UserError(f"{spec.path('')}: no evaluation gave a finite loss")
    count = spec.characters
    return LanguageRecord(
        schema=SCHEMA_VERSION,
        family="language",
        science=SCIENCE[spec.FAMILY],
        spec=spec.as_dict(),
        cuts=cuts_of(spec),
        corpus=corpus.record(),
        parameters=parameters(model),
        evaluations=evaluations,
        best=best_evaluation(evaluations),
        last=evaluations[-1],
        trained_tokens=history.step * spec.batch_size * spec.context,
        sample=_sample(corpus, model, count, spec.seed) if count else None,
    )


def _evaluation(spec: LanguageSpec, found: dict[str, Any]) -> Evaluation:
    """As the record keeps it: seconds only where they decide, so that the same run gives the same bytes."""
    kept = {key: value for key, value in found.items() if key != "seconds"}
    kept = {key: finite(value) if isinstance(value, float) else value for key, value in kept.items()}
    return Evaluation(**kept, **({"seconds": round(found["seconds"], 3)} if spec.timed else {}))


def _signature(spec: LanguageSpec, corpus: Corpus) -> str:
    """What a checkpoint belongs to."""
    return json.dumps([SCHEMA_VERSION, SCIENCE[spec.FAMILY], spec.as_dict(), corpus.info["sha256"]], sort_keys=True)
