"""Writing the weights of finished runs to folders that a model hub takes as they are."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from score_mlx.data.sources import Source
from score_mlx.data.text.corpus import Corpus
from score_mlx.data.text.vocabulary import write_vocabulary
from score_mlx.models.families import inputs_of, read_record, spec_of
from score_mlx.models.prediction import SCALERS, networks_of, scalers_of
from score_mlx.runs.records import read_meta
from score_mlx.runs.schema import LanguageRecord, RunMeta
from score_mlx.runs.spec import Spec, results_of
from score_mlx.system.errors import UserError
from score_mlx.system.files import replacing, write_text
from score_mlx.weights.card import card
from score_mlx.weights.sums import write_sums
from score_mlx.weights.text_card import text_card

FORMAT = 1  # of the folder; a reader refuses a later one
VOCABULARY = "vocabulary.json"  # of a language model's folder: what its tokens stand for


def export_run(record: Path, folder: Path, sources: Mapping[str, Source], results: Path | None = None) -> None:
    """Write one model's folder: weights (of all folds), config.json, record, model card, checksums.

    A language model's has its vocabulary as well.

    Args:
        record: its run.json, with `weights` beside it.
        folder: to write; files of the same names are replaced.
        sources: of data sets by name, for the card.
        results: folder of the data that trained it, as for `Ensemble`.

    Raises:
        UserError: its family keeps no weights, weights are missing, or descriptors or tokens are of other data.
    """
    content = read_record(record)
    if isinstance(content, LanguageRecord):
        _export_text(record, content, folder, sources, results)
        return
    spec, content, _ = networks_of(record, "expected a network")
    meta = read_meta(record.with_name("run.meta.json"))
    _copy(record, folder, [f"fold{fold.fold}-{epoch}" for fold in content.folds for epoch in ("best", "last")])
    if spec.uses_descriptors:
        scalers = scalers_of(spec, content, record, results)
        scales = [{"mean": scaler.mean.tolist(), "scale": scaler.scale.tolist()} for scaler in scalers]
        write_text(folder / SCALERS, json.dumps(scales) + "\n")
    write_text(folder / "README.md", card(content, meta, spec.model, sources.get(content.dataset.name)))
    _finish(folder, spec, content.parameters, meta, {"folds": [fold.fold for fold in content.folds]})


def _export_text(
    record: Path, content: LanguageRecord, folder: Path, sources: Mapping[str, Source], results: Path | None
) -> None:
    """A language model's folder: its weights, and what its tokens stand for."""
    spec, meta = spec_of(content, record), read_meta(record.with_name("run.meta.json"))
    results = results_of(spec, record.resolve()) if results is None else results
    corpus = Corpus.load(inputs_of(spec, results)["corpus"].parent)
    if not corpus.record().same(content.corpus):
        raise UserError(f"{record}: trained on another text than {results} holds, whose tokens mean something else")
    _copy(record, folder, ["best", "last"])
    write_vocabulary(folder / VOCABULARY, corpus.vocabulary)
    write_text(folder / "README.md", text_card(content, meta, spec.model, sources))
    _finish(folder, spec, content.parameters, meta, {"vocabulary": len(corpus.vocabulary)})


def _copy(record: Path, folder: Path, weights: list[str]) -> None:
    """The record and its files of weights."""
    files = [f"weights/{name}.safetensors" for name in weights]
    for name in files:
        if not (record.parent / name).is_file():
            raise UserError(f"{record.parent / name}: no such weights; training here makes them")
    for name in ("run.json", *files):
        with replacing(folder / name) as temporary:
            shutil.copyfile(record.parent / name, temporary)


def _finish(folder: Path, spec: Spec, parameters: int | None, meta: RunMeta, more: Mapping[str, Any]) -> None:
    """config.json, and checksums of all files."""
    config = {
        "format": FORMAT,
        "model": spec.model,
        "family": spec.FAMILY,
        "spec": spec.as_dict(),
        "parameters": parameters,
        "versions": meta.versions,
        **more,
    }
    write_text(folder / "config.json", json.dumps(config, indent=2, sort_keys=True) + "\n")
    write_sums(folder)
