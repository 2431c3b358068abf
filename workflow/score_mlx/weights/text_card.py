"""The model card of a language model: its text and how it was divided, its loss, what it must not be used for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from score_mlx.data.sources import Source
from score_mlx.data.text.corpus import CLIMBMIX, sources_of
from score_mlx.models.families import family_of, spec_from_values
from score_mlx.models.language.run import kept
from score_mlx.runs.schema import Evaluation, LanguageRecord, RunMeta
from score_mlx.weights.card import origin, sheet, use

UNITS = {
    "val_loss": "validation loss, nats a token",
    "val_bpb": "bits a byte of the validation text",
    "part_bpb": "bits a byte of an eighth of the validation text",
}


def text_card(record: LanguageRecord, meta: RunMeta, model: str, sources: Mapping[str, Source]) -> str:
    """The whole card.

    Args:
        record, meta: what run.json and run.meta.json hold.
        model: its name in tables.
        sources: data/sources.yaml by name.
    """
    return sheet(
        _head(record, model),
        f"{model}, trained on {record.corpus.label}",
        f"A language model with {record.parameters:,} parameters. It writes text like the one it was trained on, "
        "and serves to compare architectures.",
        "",
        *_data(record, sources),
        *_losses(record),
        *_limits(record),
        *use(
            "score-mlx sample FOLDER --tokens 200      # writes text; needs nothing but this folder",
            "score-mlx weights measure FOLDER          # the loss again, on the text itself",
        ),
        *origin(record.spec, meta),
    )


def measures(found: Evaluation) -> dict[str, float]:
    """What an evaluation says of the validation text."""
    values = {name: getattr(found, name) for name in UNITS}
    return {name: value for name, value in values.items() if value is not None}


def _head(record: LanguageRecord, model: str) -> dict[str, Any]:
    metrics = [
        {"type": name, "name": f"{UNITS[name]}, {which} evaluation", "value": round(value, 4)}
        for which, found in reversed(kept(record).items())
        for name, value in measures(found).items()
    ]
    task = family_of(record).hub_task
    result = {
        "task": {"type": task, "name": "language modelling"},
        "dataset": {"type": record.corpus.name, "name": record.corpus.label},
        "metrics": metrics,
    }
    return {
        "license": "mit",
        "language": "en",
        "library_name": "mlx",
        "pipeline_tag": task,
        "tags": ["mlx", "score-mlx"],
        "datasets": [record.corpus.name],
        "model-index": [{"name": model, "results": [result]}],
    }


def _data(record: LanguageRecord, sources: Mapping[str, Source]) -> list[str]:
    text, spec = record.corpus, record.spec
    parts = "its own validation text" if text.name == CLIMBMIX else f"the first {spec.get('train_fraction', 0.9):.0%}"
    rest = "" if text.name == CLIMBMIX else ", the rest validates"
    names = [] if text.name == CLIMBMIX else sources_of(text.name)
    lines = [
        "## Data and split",
        "",
        f"- {text.label}: {text.tokens:,} tokens of a vocabulary of {text.vocabulary:,}, {text.bytes:,} bytes.",
        f"- Trained on {parts}{rest}; seed {spec['seed']}, repeat {spec['repeat']}.",
        f"- SHA-256 of tokens and vocabulary {text.sha256}.",
    ]
    if text.stand_in:
        lines.append("- **The text is made up**: a stand-in for tests. Do not use these weights.")
    for source in (sources[name] for name in names if name in sources):
        licence = " ".join(source.licence.split()).rstrip(".")
        lines.append(f"- Source: {' '.join(source.citation.split()).rstrip('.')}. Licence: {licence}.")
    if not any(name in sources for name in names):
        lines.append("- Source and licence of the text: not stated; ask whoever trained this model.")
    return [*lines, ""]


def _losses(record: LanguageRecord) -> list[str]:
    lines = [
        "## Losses",
        "",
        "One run from one seed: there is no interval.",
        "",
        "| weights | measure | after step | value |",
        "|---|---|---:|---:|",
    ]
    about = {"best": "lowest of all evaluations, on the text that chose it: optimistic", "last": "nothing selected"}
    for file, found in kept(record).items():
        for name, value in measures(found).items():
            measure = f"{UNITS[name]}; {about[file]}"
            lines.append(f"| `weights/{file}.safetensors` | {measure} | {found.step:,} | {value:.6g} |")
    return [*lines, ""]


def _limits(record: LanguageRecord) -> list[str]:
    spec = spec_from_values(record.family, record.spec)
    lines = [
        "## Limits",
        "",
        f"- It has read one text, {record.trained_tokens:,} tokens in all, and knows nothing else: what it writes is "
        "no statement about anything, and may repeat the text word by word.",
        "- Losses compare with others only on the same text, tokens and division of it.",
    ]
    lines += [f"- {limit}" for limit in family_of(spec).limits(spec)]
    for cut in record.cuts:
        lines.append(f"- Trained with {cut.setting} = {cut.ours} instead of the paper's {cut.paper}.")
    if not record.cuts:
        lines.append("- Nothing was cut: trained as long as the paper trains it.")
    return [*lines, ""]
