"""Files and functions stay short: one idea a file, what a reader holds in mind a function (CONTRIBUTING, Style)."""

import ast
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LINES_A_FILE, LINES_A_FUNCTION = 300, 40


def python_files():
    listed = subprocess.run(["git", "ls-files", "--", "*.py"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.split() if (ROOT / name).exists()]


def test_every_python_file_is_under_300_lines():
    long = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8").count("\n") for path in python_files()}
    assert len(long) > 300
    assert {name: lines for name, lines in long.items() if lines >= LINES_A_FILE} == {}


def lines_of_code(function, lines):
    """Lines of a function without its docstring, comments and blank lines."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    code = lines[body[0].lineno - 1 : function.end_lineno] if body else []
    return sum(bool(line.strip()) and not line.strip().startswith("#") for line in code)


def test_every_function_of_the_package_is_under_40_lines():
    long = {}
    for path in python_files():
        if path.is_relative_to(ROOT / "workflow"):
            text = path.read_text(encoding="utf-8")
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.FunctionDef) and lines_of_code(node, text.split("\n")) >= LINES_A_FUNCTION:
                    long[f"{path.relative_to(ROOT)}:{node.name}"] = lines_of_code(node, text.split("\n"))
    assert long == {}
