"""The examples of CONTRIBUTING.md, executed as they stand there."""

import re

import pytest
import tiny
from score_mlx.models.graphs.recipe import recipe
from score_mlx.models.graphs.spec import ARCHS, OWN_FORM
from score_mlx.models.graphs.task import GraphTask
from score_mlx.runs import plugins
from score_mlx.training.trainer import train


@pytest.fixture
def examples(repo):
    """The blocks of Python code, by the first definition in each."""
    text = (repo / "CONTRIBUTING.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    return {re.search(r"^(?:class|def) (\w+)", block, re.MULTILINE)[1]: block for block in blocks}


def test_an_architecture_and_an_integrator(examples, tmp_path, monkeypatch):
    (tmp_path / "sage.py").write_text(examples["SAGE"])
    (tmp_path / "ralston.py").write_text(examples["step"])
    monkeypatch.setenv(plugins.VARIABLE, "{}")
    plugins.register({"arch": {"sage": "sage.py"}, "integrator": {"ralston": "ralston.py"}}, tmp_path)
    spec = tiny.spec("sage", "SCORE", integrator="ralston", epochs=30)
    curve = train(GraphTask, spec, tiny.data(), tmp_path / "run", progress="none").folds[0].rmse
    assert curve[-1] < 0.8 * curve[0]


def test_the_spec_knows_whose_native_stack_has_a_form_of_its_own():
    assert tuple(arch for arch in ARCHS if recipe(arch).own_form) == OWN_FORM
