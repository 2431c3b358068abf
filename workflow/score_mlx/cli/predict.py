"""`score-mlx predict`: what a trained network says of somebody's molecules."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from score_mlx import runtime
from score_mlx.cli.outputs import ending
from score_mlx.system.errors import UserError

if TYPE_CHECKING:
    import numpy as np

    from score_mlx.data.chem.csvfile import RawRow
    from score_mlx.models.classical.refitted import Refitted
    from score_mlx.models.prediction import Ensemble

CHUNK = 512  # molecules in memory at a time
DIGITS = 6  # at least, of a prediction
SHOWN = 10  # bad rows named on the terminal; the file has all


def predict(
    model: Annotated[
        str, typer.Argument(help="a run.json, the folder that holds one and its weights, or its https address")
    ],
    molecules: Annotated[Path, typer.Argument(help="a file of molecules, .csv, .tsv, .smi, .sdf or .parquet")],
    out: Annotated[
        Path | None, typer.Option(help="write this .csv instead of printing", callback=ending(".csv"))
    ] = None,
    epoch: Annotated[Literal["best", "last"], typer.Option(help="weights of each fold")] = "best",
    smiles_column: Annotated[str, typer.Option(help="of the CSV")] = "smiles",
    name_column: Annotated[str | None, typer.Option(help="of the CSV, to be repeated in the output")] = None,
    results: Annotated[
        Path | None, typer.Option(help="folder of the data that trained it, by default the record's")
    ] = None,
) -> None:
    """Predict the target of each molecule, or the probability of class 1: mean and population standard deviation.

    Both are over the models of all folds.

    One row a molecule, in the order of the CSV. A row that cannot be used has no prediction but its problem, and the
    exit code is then 1. With exit code 2 nothing was written, and existing files are unchanged.

    Example: score-mlx predict results/runs/esol/graphs/gat/SCORE/default my.csv --out predictions.csv
    """
    if out is not None and out.resolve() == molecules.resolve():
        raise UserError(f"{out}: would replace the molecules, expected another file for the predictions")
    from score_mlx.data.chem.csvfile import read_rows

    rows = read_rows(molecules, smiles_column, None, name_column)
    runtime.start()  # before anything imports mlx
    from score_mlx.models.prediction import trained
    from score_mlx.weights.opened import opened

    ensemble = trained(opened(model), epoch, results)
    bad: list[str] = []
    columns = ["row", *["name"] * bool(name_column), "smiles", "mean", "spread"]
    columns += [*(f"fold{fold}" for fold in ensemble.folds), "problem"]
    lines = _lines(ensemble, rows, bool(name_column), bad)
    _write(out, columns, lines)
    what = ensemble.spec.objective.predicts or ensemble.dataset.unit
    unit = f" as {what}" if ensemble.spec.objective.predicts else f" in {what}" if what else ""
    about = f"{ensemble.spec.model} trained on {ensemble.dataset.label}, {ensemble.spec.split} folds, {epoch} epoch"
    _say(f"{len(rows) - len(bad)} of {len(rows)} molecules predicted{unit}: {about}")
    for line in bad[:SHOWN]:
        _say(f"{molecules}: {line}")
    if len(bad) > SHOWN:
        _say(f"{molecules}: and {len(bad) - SHOWN} more rows without a prediction, see the column problem")
    if bad:
        raise typer.Exit(1)


def _lines(ensemble: Ensemble | Refitted, rows: list[RawRow], named: bool, bad: list[str]) -> Iterator[list[Any]]:
    """The cells of each row; what is wrong with rows goes to `bad` as it is found."""
    import numpy as np

    from score_mlx.data.chem.guarded import read_all

    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK]
        readings = read_all([row.smiles for row in chunk])
        flaws = [row.flaw or reading.flaw for row, reading in zip(chunk, readings, strict=True)]
        predictions = iter(ensemble([read.smiles for read, flaw in zip(readings, flaws, strict=True) if not flaw]))
        for row, flaw in zip(chunk, flaws, strict=True):
            values = None if flaw else next(predictions)
            if values is not None and not np.isfinite(values).all():
                fold = ensemble.folds[int(np.flatnonzero(~np.isfinite(values))[0])]
                flaw, values = f"the model of fold {fold} gives no finite number", None
            numbers = [""] * (2 + len(ensemble.folds))
            if values is not None:
                numbers = [f"{value:.{_digits(values)}g}" for value in (values.mean(), values.std(), *values)]
            if flaw:
                bad.append(f"line {row.line} (row {row.row}): {flaw}")
            yield [row.row, *[row.name] * named, row.smiles, *numbers, flaw]


def _digits(values: np.ndarray) -> int:
    """Significant digits of a row: six, or more where folds agree to more, as of targets around a million."""
    size, spread = float(abs(values).max()), float(values.std())
    if not 0 < spread < size:
        return DIGITS
    return min(max(DIGITS, 4 + math.ceil(math.log10(size / spread))), 15)


def _write(out: Path | None, columns: list[str], lines: Iterable[list[Any]]) -> None:
    if out is not None:
        from score_mlx.system.files import write_csv

        write_csv(out, columns, lines)
        return
    import csv

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(lines)


def _say(line: str) -> None:
    print(" ".join(line.split()), file=sys.stderr)
