"""The errors of a run's networks computed again, fold by fold."""

from __future__ import annotations

from pathlib import Path

from score_mlx.data.chem.prepared import load_molecules
from score_mlx.data.fold_data import FoldedData
from score_mlx.models.families import inputs_of
from score_mlx.models.prediction import Ensemble, networks_of
from score_mlx.runs.measured import Measured, require_same
from score_mlx.runs.records import as_json


def measured(record: Path, results: Path, which: str) -> list[Measured]:
    """Each error of `best` or `last` of a record, from its weights and the molecules of each test fold.

    Raises:
        UserError: the data there are not the record's, or there are no weights of this model.
    """
    spec, content, _ = networks_of(record, "which keeps no weights")
    files = inputs_of(spec, results)
    data = FoldedData.load(files)
    require_same(content.data, data.record(), record, results)
    ensemble = Ensemble(record, which, results)
    predicted = ensemble(load_molecules(files["molecules"]).smiles)
    found = []
    stated = as_json(getattr(content, which))
    for place, fold in enumerate(ensemble.folds):
        test = data.test(fold)
        for name, value in spec.objective.measured(predicted[test, place], data.targets[test]).items():
            found.append(Measured(f"fold {fold}, {name}", stated[name][place], value))
    return found
