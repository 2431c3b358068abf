"""Writing the weights of finished runs to folders that a model hub takes as they are."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from score_mlx.data.sources import Source
from score_mlx.models.prediction import SCALERS, networks_of, scalers_of
from score_mlx.runs.records import read_meta
from score_mlx.system.errors import UserError
from score_mlx.system.files import replacing, write_text
from score_mlx.weights.card import card
from score_mlx.weights.sums import write_sums

FORMAT = 1  # of the folder; a reader refuses a later one


def export_run(record: Path, folder: Path, sources: Mapping[str, Source], results: Path | None = None) -> None:
    """Write one model's folder: weights of all folds, config.json, record, model card, checksums.

    Args:
        record: its run.json, with `weights` beside it.
        folder: to write; files of the same names are replaced.
        sources: of data sets by name, for the card.
        results: folder of the data that trained it, as for `Ensemble`.

    Raises:
        UserError: its family keeps no weights, weights are missing, or descriptors are of other data.
    """
    spec, content, _ = networks_of(record, "expected a graph or dense network")
    meta = read_meta(record.with_name("run.meta.json"))
    files = [f"weights/fold{fold.fold}-{epoch}.safetensors" for fold in content.folds for epoch in ("best", "last")]
    for name in files:
        if not (record.parent / name).is_file():
            raise UserError(f"{record.parent / name}: no such weights; training here makes them")
    for name in ("run.json", *files):
        with replacing(folder / name) as temporary:
            shutil.copyfile(record.parent / name, temporary)
    if spec.uses_descriptors:
        scalers = scalers_of(spec, content, record, results)
        scales = [{"mean": scaler.mean.tolist(), "scale": scaler.scale.tolist()} for scaler in scalers]
        write_text(folder / SCALERS, json.dumps(scales) + "\n")
    config = {
        "format": FORMAT,
        "model": spec.model,
        "family": spec.FAMILY,
        "spec": content.spec,
        "parameters": content.parameters,
        "folds": [fold.fold for fold in content.folds],
        "versions": meta.versions,
    }
    write_text(folder / "config.json", json.dumps(config, indent=2, sort_keys=True) + "\n")
    write_text(folder / "README.md", card(content, meta, spec.model, sources.get(content.dataset.name)))
    write_sums(folder)
