"""The errors of stored weights computed again, on the data that the record names, beside those of the record."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from score_mlx.data.chem.prepared import load_molecules
from score_mlx.data.described import Part
from score_mlx.data.fold_data import FoldedData
from score_mlx.data.text.corpus import Corpus
from score_mlx.models.families import inputs_of, read_record, spec_of
from score_mlx.models.language.spec import LanguageSpec
from score_mlx.models.language.tasks import Seconds, build
from score_mlx.models.language.trainer import load_weights
from score_mlx.models.prediction import Ensemble
from score_mlx.runs.records import as_json
from score_mlx.runs.schema import LanguageRecord
from score_mlx.runs.spec import of_type
from score_mlx.system.errors import UserError
from score_mlx.weights.text_card import kept

EQUAL = 1e-6  # of a value of size 1, where all that computes is what trained; records keep seven digits
# Elsewhere sums are rounded otherwise. The most seen: MLX's own sum over a vocabulary of 23,861, without the kernels,
# lowers a loss by 4e-5 (in double precision the kernels' is right to 1e-8).
ROUNDED = 1e-4


@dataclass(frozen=True)
class Measured:
    """One value of a record and what the weights give now."""

    name: str
    recorded: float | None
    now: float

    @property
    def off(self) -> float:
        """How far they are apart, of a value of size 1 or more."""
        return math.inf if self.recorded is None else abs(self.now - self.recorded) / max(1.0, abs(self.recorded))

    @property
    def differs(self) -> bool:
        """Whether they are further apart than roundings are."""
        return not self.off <= ROUNDED

    def __str__(self) -> str:
        said = "differs" if self.differs else "the same" if self.off <= EQUAL else "the same but for rounding"
        return f"{self.name}: recorded {self.recorded}, now {self.now:.7g}: {said}"


def measured(record: Path, results: Path, which: str = "best") -> list[Measured]:
    """Each value of `best` or `last` of a record, recomputed from its weights.

    Args:
        record: run.json, with `weights` beside it.
        results: folder of the prepared data.

    Raises:
        UserError: the data there are not the record's, or there are no weights of this model.
    """
    content = read_record(record)
    spec = spec_of(content, record)
    files = inputs_of(spec, results)
    if isinstance(content, LanguageRecord):
        (text_spec,) = of_type([spec], LanguageSpec)
        corpus = Corpus.load(files["corpus"].parent)
        _require(content.corpus, corpus.record(), record, results)
        return _text(text_spec, content, corpus, record.with_name("weights") / f"{which}.safetensors", which)
    data = FoldedData.load(files)
    _require(content.data, data.record(), record, results)
    ensemble = Ensemble(record, which, results)
    predicted = ensemble(load_molecules(files["molecules"]).smiles)
    found = []
    stated = as_json(getattr(content, which))
    for place, fold in enumerate(ensemble.folds):
        test = data.test(fold)
        for name, value in ensemble.spec.objective.measured(predicted[test, place], data.targets[test]).items():
            found.append(Measured(f"fold {fold}, {name}", stated[name][place], value))
    return found


def _text(spec: LanguageSpec, content: LanguageRecord, corpus: Corpus, weights: Path, which: str) -> list[Measured]:
    task, stated = build(spec, corpus), kept(content)[which]
    load_weights(task.model, spec, weights)
    if not isinstance(task, Seconds):
        return [Measured("val_loss", stated.val_loss, task.validation_loss())]
    if which == "best":
        return [Measured("part_bpb", stated.part_bpb, task.bits_per_byte(task.part)[0])]
    return [Measured("val_bpb", stated.val_bpb, task.bits_per_byte(task.evaluated)[0])]


def _require(stated: Part, there: Part, record: Path, results: Path) -> None:
    if not stated.same(there):
        raise UserError(
            f"{record}: trained on other data than {results} holds; --results names the folder it belongs to"
        )
