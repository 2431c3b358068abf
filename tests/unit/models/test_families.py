"""A family is an object: nobody else asks which family a run is of, and no dictionary of a record is passed on."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from score_mlx.models.families import FAMILIES

PACKAGE = Path(__file__).resolve().parents[3] / "workflow" / "score_mlx"
# Families themselves, and what specs, runs and records are in general.
OWN = ("models/", "runs/")
ASKING = ("isinstance", "getattr", "hasattr")


def asks_for_the_family(tree: ast.AST) -> list[int]:
    """Lines that look into a spec or a run from outside, or compare with a family's name."""
    lines = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ASKING:
            first, *rest = (ast.unparse(argument) for argument in node.args)
            if first.split(".")[-1] in ("spec", "run") or any(text.endswith(("Spec", "Run")) for text in rest):
                lines.append(node.lineno)
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            texts = [ast.unparse(side) for side in sides]
            asked = any(text.endswith(("FAMILY", "record.family")) for text in texts)  # claims have families as well
            if asked and any(isinstance(side, ast.Constant) and side.value in FAMILIES for side in sides):
                lines.append(node.lineno)
    return lines


def reads_a_record_as_a_dictionary(tree: ast.AST) -> list[int]:
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript)
        and isinstance(node.slice, ast.Constant)
        and isinstance(node.slice.value, str)
        and ast.unparse(node.value).split(".")[-1] in ("record", "meta")
    ]


def modules(but: tuple[str, ...]):
    for path in sorted(PACKAGE.rglob("*.py")):
        place = path.relative_to(PACKAGE).as_posix()
        if not place.startswith(but):
            yield place, ast.parse(path.read_text(encoding="utf-8"))


def test_only_families_know_families():
    found = {f"{place}:{line}" for place, tree in modules(OWN) for line in asks_for_the_family(tree)}
    assert not found


def test_no_record_leaves_runs_as_a_dictionary():
    found = {f"{place}:{line}" for place, tree in modules(("runs/",)) for line in reads_a_record_as_a_dictionary(tree)}
    assert not found


@pytest.mark.parametrize(
    "line",
    [
        "isinstance(run.spec, GraphSpec)",
        'getattr(spec, "steps", 1)',
        'x.FAMILY == "graphs"',
        'kind or record.family == "dense"',
    ],
)
def test_what_asks_is_found(line):
    assert asks_for_the_family(ast.parse(line)) == [1]


@pytest.mark.parametrize("line", ['record["folds"]', 'run.meta["seconds"]'])
def test_what_reads_a_dictionary_is_found(line):
    assert reads_a_record_as_a_dictionary(ast.parse(line)) == [1]
