"""The package has floors: a module imports from its own floor or from one below it, never from one above."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[3] / "workflow" / "score_mlx"
FLOORS = (
    "system", "kernels", "runtime", "nn", "depth", "data", "runs", "training", "models", "stats", "tables", "plots",
    "experiments", "config", "verdict", "report", "weights", "kit", "bench", "cli",
)  # fmt: skip


def _modules() -> dict[str, Path]:
    """Dotted name below the package -> file, packages under their own name."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = _modules()


def imports(tree: ast.AST) -> set[str]:
    """The package's modules that a file imports, also inside its functions."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            below = name.removeprefix("score_mlx").lstrip(".") if name.split(".")[0] == "score_mlx" else ""
            while below and below not in MODULES:
                below = below.rpartition(".")[0]
            found.add(below)
    return found - {""}


def upward(module: str, imported: set[str]) -> set[tuple[str, str]]:
    floor = FLOORS.index(module.split(".")[0])
    return {(module, name) for name in imported if FLOORS.index(name.split(".")[0]) > floor}


def test_every_module_stands_on_a_floor():
    assert {name.split(".")[0] for name in MODULES} - {"", "__main__"} == set(FLOORS)


def test_imports_go_down_only():
    found = set()
    for name, path in MODULES.items():
        if name not in ("", "__main__"):
            found |= upward(name, imports(ast.parse(path.read_text(encoding="utf-8"))))
    assert not found


@pytest.mark.parametrize("line", ["from score_mlx.verdict import rules", "import score_mlx.verdict.rules"])
def test_an_import_that_goes_up_is_found(line):
    assert upward("runs.spec", imports(ast.parse(f"def f():\n    {line}"))) == {("runs.spec", "verdict.rules")}


def test_unit_tests_stand_in_the_folder_of_what_they_test():
    """`project` holds what belongs to no part of the package: locks, documentation, layout, the idea in depth.py."""
    unit = Path(__file__).parents[1]
    rooms = {path.relative_to(unit).parts[0] for path in unit.rglob("*.py")}
    assert rooms <= {*FLOORS, "project"}
