"""Stored weights of a language model: the text that they write, and their loss computed again."""

from __future__ import annotations

from pathlib import Path

from score_mlx.data.text.corpus import Corpus
from score_mlx.data.text.vocabulary import decode, read_vocabulary
from score_mlx.models.language.run import kept
from score_mlx.models.language.spec import LanguageSpec
from score_mlx.models.language.tasks import Seconds, build
from score_mlx.models.language.trainer import load_model, load_weights
from score_mlx.runs.family import Files, Writer
from score_mlx.runs.measured import Measured, require_same
from score_mlx.runs.schema import LanguageRecord


def writer(spec: LanguageSpec, files: Files, weights: Path, vocabulary: Path) -> Writer:
    """The model with its weights, as what writes text; see `Family.writer`."""
    words = read_vocabulary(vocabulary) if vocabulary.is_file() else Corpus.load(files["corpus"].parent).vocabulary
    model = load_model(spec, len(words), weights)
    return lambda tokens, seed, temperature: decode(words, model.generate(tokens, seed, temperature))


def measured(
    spec: LanguageSpec, content: LanguageRecord, files: Files, record: Path, results: Path, which: str
) -> list[Measured]:
    """The loss of `best` or `last` of a record, or its bits a byte, from its weights; see `Family.measured`."""
    corpus = Corpus.load(files["corpus"].parent)
    require_same(content.corpus, corpus.record(), record, results)
    task, stated = build(spec, corpus), kept(content)[which]
    load_weights(task.model, spec, record.with_name("weights") / f"{which}.safetensors")
    if not isinstance(task, Seconds):
        return [Measured("val_loss", stated.val_loss, task.validation_loss())]
    if which == "best":
        return [Measured("part_bpb", stated.part_bpb, task.bits_per_byte(task.part)[0])]
    return [Measured("val_bpb", stated.val_bpb, task.bits_per_byte(task.evaluated)[0])]
