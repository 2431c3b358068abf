"""Targets that are classes, 0 and 1: recognised, and what cannot be learnt as such refused in one line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

import numpy as np

from score_mlx.system.errors import UserError

SHOWN = 4  # values in a message


def binary(targets: np.ndarray) -> bool:
    """Whether the targets (n,) are 0 and 1, both of them."""
    return set(np.unique(targets).tolist()) == {0.0, 1.0}


def told(targets: np.ndarray) -> str:
    """What 0/1 targets may be, and how to ask for it; "" for others."""
    if not binary(targets):
        return ""
    ones = int((np.asarray(targets) == 1).sum())
    return (
        f"targets are 0 and 1 ({ones} of {len(targets)} are 1) and are learnt as numbers; "
        "to learn them as classes: task: classification (--config task=classification, --task classification)"
    )


def meant(task: object) -> str:
    """What a word for a task means that is not learnt here; "" for any other word."""
    several = {"multitask": "one network for several columns", "multiclass": "more than two classes"}
    return several.get(str(task).lower().replace("-", "").replace("_", ""), "")


def refuse_words(cells: Iterable[str], name: str) -> None:
    """Refuses a column of two words, in one line instead of one for each row.

    Args:
        cells: those of the column that are no missing values.
        name: of the file, for the message.

    Raises:
        UserError: it holds two words and no number.
    """
    counts = Counter(cells)
    if len(counts) == 2 and not any(map(_numeric, counts)):
        found = " and ".join(f"'{word}' ({count} rows)" for word, count in counts.most_common())
        raise UserError(f"{name}: targets are {found}: expected the classes as 1 and 0 (and task: classification)")


def _numeric(cell: str) -> bool:
    return bool(re.match(r"[<>=~≤≥≈]?\s*[+-]?[.,]?\d", cell))


def require_binary(targets: np.ndarray, name: str) -> None:
    """Refuses targets (n,) that are not two classes.

    Args:
        name: of the data set, for the message.

    Raises:
        UserError: several classes, one class, or numbers that are no classes.
    """
    found = np.unique(targets).tolist()
    if found in ([0.0], [1.0]):
        raise UserError(f"{name}: all {len(targets)} targets are {found[0]:g}, expected both classes, 0 and 1")
    if found == [0.0, 1.0]:
        return
    some = ", ".join(f"{value:g}" for value in found[:SHOWN]) + ", ..." * (len(found) > SHOWN)
    if all(value == int(value) for value in found) and len(found) <= 100:
        if len(found) == 2:
            raise UserError(f"{name}: targets are {some}, expected the classes as 0 and 1")
        raise UserError(
            f"{name}: targets are {some}: {len(found)} classes, and task: classification learns two; expected 0 and 1, "
            "such as one class against all others"
        )
    raise UserError(f"{name}: targets are {some}: numbers, expected the classes 0 and 1 (or task: regression)")


def require_both(targets: np.ndarray, name: str, parts: Iterable[tuple[int, str, np.ndarray]]) -> None:
    """Refuses folds that train, choose the epoch or test on one class only, from which no ROC-AUC follows.

    Args:
        targets: (n,) zeros and ones.
        name: of the data set, for the message.
        parts: (fold, what its molecules are for, their indices); an empty part is left alone.

    Raises:
        UserError: the first part with one class.
    """
    for fold, use, rows in parts:
        known = np.unique(targets[rows])
        if len(known) == 1:
            raise UserError(
                f"{name}: fold {fold}: all {len(rows)} {use} molecules are of class {known[0]:g}, expected both; "
                "split: stratified gives each fold its share of both classes"
            )
