"""The model card of exported weights: what it was trained on, how good it is, what it must not be used for.

Markdown with a YAML head, as model hubs read it. Every number comes from the run record.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import yaml

from score_mlx.data.sources import Source
from score_mlx.models.families import family_of
from score_mlx.runs.objective import CLASSIFICATION, OBJECTIVES, objective_of
from score_mlx.runs.records import as_json
from score_mlx.runs.schema import ClassRecord, RunMeta, RunRecord
from score_mlx.stats import statistics

EPOCHS = {"best": "best epoch of each test fold, as in the paper: optimistic", "last": "last epoch, nothing selected"}
ENDING = [metric.key for metric in OBJECTIVES[CLASSIFICATION].metrics]  # none is above 1, so no interval is
PAPER = "G. Godin, SCORE: Replacing Layer Stacking with Contractive Recurrent Depth (2026)"


def card(record: RunRecord | ClassRecord, meta: RunMeta, model: str, source: Source | None) -> str:
    """The whole card.

    Args:
        record, meta: what run.json and run.meta.json hold.
        model: its name in tables.
        source: of its data, where data/sources.yaml has it.
    """
    data = record.dataset
    return sheet(
        _head(record, model),
        f"{model}, trained on {data.label}",
        f"{len(record.folds)} models, one for each fold of a cross-validation, with {record.parameters:,} "
        "parameters each. A prediction is the mean over them.",
        "",
        *_data(record, source),
        *_metrics(record),
        *_limits(record),
        *use("score-mlx predict FOLDER molecules.csv --smiles-column smiles --out predictions.csv"),
        *origin(record.spec, meta),
    )


def sheet(head: dict[str, Any], title: str, *lines: str) -> str:
    """A card in Markdown: what a hub reads, a title, and what follows."""
    front = yaml.safe_dump(head, sort_keys=False, allow_unicode=True).rstrip()
    return "\n".join(["---", front, "---", "", f"# {title}", "", *lines])


def _head(record: RunRecord | ClassRecord, model: str) -> dict[str, Any]:
    data, named = record.dataset, _names(record)
    metrics = [
        {"type": name, "name": f"{named[name]}, {epoch} epoch", "value": round(_mean(values).value, 4)}
        for epoch in ("last", "best")
        for name, values in _measures(record, epoch).items()
    ]
    task = family_of(record).hub_task
    if record.spec.get("task") == CLASSIFICATION and task == "tabular-regression":
        task = "tabular-classification"
    result = {
        "task": {"type": task, "name": "molecular property prediction"},
        "dataset": {"type": data.name, "name": data.label},
        "metrics": metrics,
    }
    return {
        "license": "mit",
        "library_name": "mlx",
        "pipeline_tag": task,
        "tags": ["chemistry", "molecular-property-prediction", "mlx", "score-mlx"],
        "datasets": [data.name],
        "model-index": [{"name": model, "results": [result]}],
    }


def _data(record: RunRecord | ClassRecord, source: Source | None) -> list[str]:
    data, spec = record.dataset, record.spec
    unit = f" in {data.unit}" if data.unit else ""
    if spec.get("task") == CLASSIFICATION:
        unit = " a class, 0 or 1; predicted is the probability of 1"
    lines = [
        "## Data and split",
        "",
        f"- {data.label}, {data.rows} molecules; the target is{unit or ' without a stated unit'}.",
        f"- {len(record.folds)} folds, split `{spec['split']}`, repeat {spec['repeat']}, seed {spec['seed']}.",
        f"- SHA-256 of the molecules {data.sha256}, of the folds {data.folds_sha256}.",
    ]
    if data.stand_in:
        lines.append("- **The labels are computed, not measured**: a stand-in for tests. Do not use these weights.")
    if source is not None:
        lines += [f"- Source: {source.citation}.", f"- Licence of the data: {' '.join(source.licence.split())}."]
    else:
        lines.append("- Source and licence of the data: not stated; ask whoever trained this model.")
    return [*lines, ""]


def _metrics(record: RunRecord | ClassRecord) -> list[str]:
    lines = [
        "## Metrics",
        "",
        "Mean over folds with a 95 % interval (Nadeau and Bengio's, which corrects for shared training data).",
        "",
        "| metric | epoch | mean | 95 % interval |",
        "|---|---|---:|---|",
    ]
    named = _names(record)
    for epoch, about in EPOCHS.items():
        for name, values in _measures(record, epoch).items():
            mean, most = _mean(values), 1.0 if name in ENDING else math.inf
            lines.append(
                f"| {named[name]} | {about} | {mean.value:.3f} | {mean.low:.3f} to {min(mean.high, most):.3f} |"
            )
    return [*lines, ""]


def _limits(record: RunRecord | ClassRecord) -> list[str]:
    classes = record.spec.get("task") == CLASSIFICATION
    above, worse = ("What is above holds", "it is worse") if classes else ("The error above is", "it is larger")
    lines = [
        "## Limits",
        "",
        f"- {above} for molecules like those of the data set. For others {worse}, and the spread over "
        "the folds' models does not measure by how much.",
        "- Molecules have at most 512 heavy atoms. Salts and mixtures are read as one graph of several parts.",
        "- Not for decisions about safety, health or the environment.",
    ]
    if record.spec["split"] != "scaffold":
        lines.append("- The split is random, so test molecules resemble training molecules.")
    for cut in record.cuts:
        lines.append(f"- Trained with {cut.setting} = {cut.ours} instead of the paper's {cut.paper}.")
    return [*lines, ""]


def use(*commands: str) -> list[str]:
    """What may be done with the folder, as commands that name it FOLDER."""
    about = "FOLDER is this folder or its https address. `SHA256SUMS` is checked first."
    return ["## Use", "", "```", *commands, "```", "", about, ""]


def origin(spec: Mapping[str, Any], meta: RunMeta) -> list[str]:
    """With which settings, where and when it was trained; licence and what to cite."""
    versions = ", ".join(f"{name} {version}" for name, version in sorted(meta.versions.items()))
    settings = ", ".join(f"{name}={value}" for name, value in spec.items())
    return [
        "## Origin",
        "",
        f"- Settings: {settings}.",
        f"- Trained {meta.started[:10]} on {meta.device} ({meta.platform}) with {versions}.",
        f"- Code: score-mlx, commit {meta.commit or 'unknown'}.",
        "",
        "## Licence and citation",
        "",
        "The weights are under the MIT licence. Please cite this software (`CITATION.cff` of its repository), the data "
        f"above, and the paper: {PAPER}.",
        "",
    ]


def _measures(record: RunRecord | ClassRecord, epoch: str) -> dict[str, list[float]]:
    """Metric -> a value a fold; those with a fold that diverged are left out."""
    found = as_json({"best": record.best, "last": record.last}[epoch])
    return {name: values for name, values in found.items() if name != "epoch" and None not in values}


def _names(record: RunRecord | ClassRecord) -> dict[str, str]:
    """Key of each metric -> its name in print."""
    return {metric.key: metric.name for metric in objective_of(record.spec).metrics}


def _mean(values: list[float]) -> statistics.Mean:
    return statistics.corrected(values, len(values))
