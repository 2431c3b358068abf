"""A family is an object: nobody else asks which family a run is of, and no dictionary of a record is passed on."""

from __future__ import annotations

import ast
from pathlib import Path

import made_up_records as made_up
import pytest
import tiny
import tiny_text
from score_mlx.cli.sample import sample
from score_mlx.models.families import FAMILIES, family_of, spec_from_path
from score_mlx.system.errors import UserError
from score_mlx.weights.measured import measured

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


@pytest.mark.parametrize("room", ["cli", "weights"])
def test_commands_pick_no_specs_by_their_type(room):
    """What depends on the family of one run is a method of it; `of_type` is for lists of many."""
    assert not [place for place, tree in modules(()) if place.startswith(f"{room}/") and "of_type" in ast.unparse(tree)]


def test_only_language_models_write_text(tmp_path):
    spec = tiny.spec("gat", "SCORE")
    with pytest.raises(UserError, match=r"tiny/graphs/gat/SCORE/\S+: .* is graphs, expected a language model"):
        family_of(spec).writer(spec, {}, tmp_path / "last.safetensors", tmp_path / "vocabulary.json")
    path = spec.path(tmp_path / "runs")
    message = "is graphs, expected a language model"
    with pytest.raises(UserError, match=message):  # by its path, as of a run in progress
        sample(str(path), which="last", results=tmp_path)
    made_up.write(path.parent, made_up.record(spec), made_up.meta())
    with pytest.raises(UserError, match=message):
        sample(str(path), which="last", results=tmp_path)


def test_models_that_keep_no_weights_are_not_measured(tmp_path):
    spec = spec_from_path("results/runs/esol/classical/lasso/default/run.json")
    made_up.write(tmp_path, made_up.record(spec), made_up.meta())
    with pytest.raises(UserError, match="run.json: .* is classical, which keeps no weights"):
        measured(tmp_path / "run.json", tmp_path)


def test_limits_that_a_card_states():
    sampled, whole, timed = (
        tiny_text.spec("nanogpt"),
        tiny_text.spec("chargpt", validation="whole"),
        tiny_text.spec("d4"),
    )
    seen = "It sees {} tokens at a time."
    batches = "The validation loss is that of 2 random batches, not of the whole text."
    for spec, limits in (
        (sampled, [seen.format(8), batches]),
        (whole, [seen.format(8)]),
        (timed, [seen.format(16)]),
        (tiny.spec(), []),
    ):
        assert family_of(spec).limits(spec) == limits
