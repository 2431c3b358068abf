"""Every number that the paper prints, from the files of data/paper: its place, value and kind."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from pathlib import Path

from score_mlx.system.errors import UserError

# What a column holds; a column that is not here names the row.
COLUMN_KINDS = {
    "rank": "rank",
    "rmse_mean": "rmse",
    "rmse_std": "std",
    "with_rdkit": "factor",
    "without_rdkit": "factor",
    "dt": "setting",
    "score": "rmse",
    "native": "rmse",
    "diff": "rmse",
    "improvement_percent": "improvement",
    "parameters_million": "parameters",
    "blocks": "setting",
    "steps_per_block": "setting",
    "minutes": "setting",
    "val_loss_table": "loss",
    "best_val_loss": "loss",
    "val_bpb": "bpb",
}
NAMES = ("model", "steps", "train_fraction", "config", "quantity")  # the column that names a row
WORDS = ("trials", "where", "same_as")  # columns of text
DERIVED_COLUMNS = ("diff", "improvement_percent")  # computed from other columns of their row
AVERAGE = "average"  # a row computed from those above it
# What a number of the text is, by the first of these words that its name has.
TEXT_KINDS = (
    ("parameters", "parameters"),
    ("val_bpb", "bpb"),
    ("val loss", "loss"),
    ("percent", "improvement"),
    ("RMSE", "rmse"),
    ("ESOL target", "range"),
)
TEXT = "text"  # the target of text_values.csv


@dataclass(frozen=True)
class Published:
    """One printed number.

    Attributes:
        target: `table2`, or `text`.
        row, column: where in it; of the text its name and `value`.
        value: the number, in the paper's unit.
        printed: as printed, with its digits.
        kind: rmse, std, rank, factor, improvement, loss, bpb, parameters, range or setting.
        same_as: the place of the same result elsewhere in the paper, which the text repeats; None for none.
    """

    target: str
    row: str
    column: str
    value: float
    printed: str
    kind: str
    same_as: tuple[str, str, str] | None = None

    @property
    def primary(self) -> bool:
        """Whether it is a result of its own: not computed from other cells, not repeated from one."""
        return not (self.same_as or self.column in DERIVED_COLUMNS or self.row == AVERAGE)

    @property
    def place(self) -> tuple[str, str, str]:
        """(target, row, column): what tells it from every other number of the paper."""
        return self.target, self.row, self.column

    @property
    def half_digit(self) -> float:
        """Half a unit of its last printed digit: as near as rounding lets two values come."""
        return 0.5 * 10.0 ** -len(self.printed.partition(".")[2])


def read_published(folder: Path) -> list[Published]:
    """All numbers of `folder`'s tables in the paper's order, then those of the text.

    Raises:
        UserError: no tables there, an unknown column or something else than a number in one.
    """
    tables = sorted(folder.glob("table*.csv"), key=lambda path: (int("".join(filter(str.isdigit, path.stem))), path))
    if not tables:
        raise UserError(f"{folder}: no table*.csv, expected the paper's published numbers")
    numbers = [number for path in [*tables, folder / "text_values.csv"] for number in _of_file(path)]
    places = {number.place for number in numbers}
    for number in numbers:
        if number.same_as and number.same_as not in places:
            raise UserError(f"{folder}: {number.row!r} repeats {':'.join(number.same_as)}, which is not printed there")
    return numbers


def _of_file(path: Path) -> list[Published]:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows, columns = list(reader), list(reader.fieldnames or ())
    target = TEXT if path.stem == "text_values" else path.stem
    key = next((name for name in NAMES if name in columns), None)
    if key is None:
        raise UserError(f"{path}: columns are {','.join(columns)}, expected one of {', '.join(NAMES)} among them")
    numbers = []
    for row in rows:
        for column in columns:
            if column != key and column not in WORDS and row[column] not in ("", "NA"):
                kind = _text_kind(path, row[key]) if target == TEXT else COLUMN_KINDS.get(column)
                number = _published(path, target, row[key], column, row[column], kind)
                numbers.append(replace(number, same_as=_place(path, row.get("same_as"))))
    return numbers


def _place(path: Path, text: str | None) -> tuple[str, str, str] | None:
    """`table1:CatBoost:rmse_mean`."""
    if not text:
        return None
    parts = text.split(":")
    if len(parts) != 3:
        raise UserError(f"{path}: same_as is {text!r}, expected table:row:column")
    return parts[0], parts[1], parts[2]


def _published(path: Path, target: str, row: str, column: str, printed: str, kind: str | None) -> Published:
    if kind is None:
        raise UserError(f"{path}: unknown column {column!r}, expected one of {', '.join(COLUMN_KINDS)}")
    try:
        return Published(target, row, column, float(printed), printed, kind)
    except ValueError:
        raise UserError(f"{path}: row {row!r}, {column} is {printed!r}, expected a number") from None


def _text_kind(path: Path, name: str) -> str:
    for word, kind in TEXT_KINDS:
        if word in name:
            return kind
    raise UserError(
        f"{path}: cannot infer the quantity type of {name!r}, expected one of {', '.join(w for w, _ in TEXT_KINDS)}"
    )
