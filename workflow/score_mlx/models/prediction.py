"""Trained networks asked about new molecules: the models of all folds of one run, side by side."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import mlx.core as mx
import mlx.nn as nn
import numpy as np

from score_mlx.data.chem import descriptors as chem
from score_mlx.data.chem.scaling import DescriptorScaler
from score_mlx.data.fold_data import FoldedData
from score_mlx.models.classical.refitted import Refitted
from score_mlx.models.classical.spec import ClassicalSpec
from score_mlx.models.families import family_of, inputs_of, read_record, spec_of
from score_mlx.runs.family import Predictor
from score_mlx.runs.measured import require_same
from score_mlx.runs.schema import ClassRecord, RunRecord
from score_mlx.runs.spec import FoldSpec, Spec, results_of
from score_mlx.system.errors import UserError

BATCH = 64  # molecules; memory, not numbers, depends on it
SCALERS = "scalers.json"  # of exported weights: mean and scale of each descriptor, fold by fold


def trained(record: Path, epoch: str = "best", results: Path | None = None) -> Ensemble | Refitted:
    """The models of a run's folds, of whichever family: networks with their weights, others fitted again.

    Raises:
        UserError: as of `Ensemble` and `Refitted`.
    """
    content = read_record(record)
    spec = spec_of(content, record)
    if isinstance(spec, ClassicalSpec) and isinstance(content, RunRecord | ClassRecord):
        return Refitted(spec, content, record, results)
    return Ensemble(record, epoch, results)


class Ensemble:
    """The models of a run's folds, at their best or their last epoch.

    Args:
        record: its run.json, with `weights` beside it.
        epoch: `best` or `last`.
        results: folder of the data that trained it, by default the one that the record lies in; only models that read
            descriptors need it, whose scale is that of their training fold.

    Attributes:
        spec: what was trained.
        dataset: the record's description of its data.
        folds: their numbers, one model each.

    Raises:
        UserError: no record, no weights or those of another model, or descriptors of other data.
    """

    def __init__(self, record: Path, epoch: str = "best", results: Path | None = None):
        self.spec, content, self.predictor = networks_of(record, "which predicts no molecules")
        self.dataset = content.dataset
        self.folds = [fold.fold for fold in content.folds]
        self.scalers = scalers_of(self.spec, content, record, results) if self.spec.uses_descriptors else []
        width = len(self.scalers[0].mean) if self.scalers else 0
        files = [record.with_name("weights") / f"fold{fold}-{epoch}.safetensors" for fold in self.folds]
        # (mean, standard deviation) that each model's predictions are scaled back by
        self.target_scales = [getattr(fold, "target_scale", None) or (0.0, 1.0) for fold in content.folds]
        self.models = [_with_weights(self.predictor.model(self.spec, width), file) for file in files]

    def __call__(self, smiles: Sequence[str]) -> np.ndarray:
        """Predictions (n, folds) for n SMILES that RDKit reads, in the unit of the target, or P(class 1)."""
        scaled: list[np.ndarray] = []
        if self.scalers:
            raw = chem.compute(smiles, processes=1)[0]
            scaled = [scaler.transform(raw) for scaler in self.scalers]
        ask = self.predictor.ask(self.spec, smiles, scaled)
        out = np.empty((len(smiles), len(self.folds)))
        for place, (model, scale) in enumerate(zip(self.models, self.target_scales, strict=True)):
            for start in range(0, len(smiles), BATCH):
                chosen = np.arange(start, min(start + BATCH, len(smiles)))
                raw = np.array(ask(place, model, chosen), np.float64)
                out[chosen, place] = self.spec.objective.output(raw, scale)
        return out


def networks_of(record: Path, otherwise: str) -> tuple[FoldSpec, RunRecord | ClassRecord, Predictor]:
    """A run whose networks predict molecules: its spec, its record, and how its networks do it.

    Args:
        otherwise: ends the message about any other run.

    Raises:
        UserError: no record, or one of trees, which keep no weights, or of texts, which are no molecules.
    """
    content = read_record(record)
    spec = spec_of(content, record)
    predictor = family_of(spec).predictor()
    if predictor is None or not isinstance(content, RunRecord | ClassRecord) or not isinstance(spec, FoldSpec):
        raise UserError(f"{record}: {spec.model} is {spec.FAMILY}, {otherwise}")
    return spec, content, predictor


def _with_weights(model: nn.Module, path: Path) -> nn.Module:
    try:
        model.load_weights(str(path), strict=True)
        mx.eval(model.parameters())
    except (RuntimeError, ValueError) as reason:
        if not path.exists():
            raise UserError(
                f"{path}: no such weights; records from other machines come without them, training here makes them"
            ) from None
        raise UserError(f"{path}: not the weights of this model ({reason})") from None
    return model


def scalers_of(
    spec: Spec, content: RunRecord | ClassRecord, record: Path, results: Path | None
) -> list[DescriptorScaler]:
    """The scale of descriptors in each fold: from scalers.json beside the record, else from its training molecules.

    Raises:
        UserError: neither is there, or they are of another model or of other data.
    """
    exported = record.with_name(SCALERS)
    if exported.is_file():
        return _exported_scalers(exported, len(content.folds))
    if results is None:
        results = results_of(spec, record.resolve())
    data = FoldedData.load(inputs_of(spec, results))
    require_same(data.record(), content.dataset, record, results)
    return [data.scaler(fold.fold) for fold in content.folds]


def _exported_scalers(path: Path, folds: int) -> list[DescriptorScaler]:
    scalers = []
    try:
        for values in json.loads(path.read_text(encoding="utf-8")):
            scaler = DescriptorScaler()
            scaler.mean, scaler.scale = (np.array(values[name], np.float64) for name in ("mean", "scale"))
            scalers.append(scaler)
    except (OSError, ValueError, KeyError, TypeError) as reason:
        raise UserError(f"{path}: not the scales of descriptors ({reason})") from None
    if len(scalers) != folds or len({scaler.mean.shape + scaler.scale.shape for scaler in scalers}) != 1:
        raise UserError(f"{path}: scales of {len(scalers)} folds, expected {folds} of one length")
    return scalers
