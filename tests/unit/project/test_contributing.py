"""The examples of CONTRIBUTING.md, executed as they stand there."""

import re
import sys
import types

import made_up_records as made_up
import pytest
import tiny
from score_mlx.cli.data import ensure, prepare
from score_mlx.config.file import load
from score_mlx.models import families
from score_mlx.models.check import check
from score_mlx.models.estimate import cost
from score_mlx.models.graphs.recipe import recipe
from score_mlx.models.graphs.spec import ARCHS, OWN_FORM
from score_mlx.models.graphs.task import GraphTask
from score_mlx.runs import plugins, science
from score_mlx.runs.family import Execution
from score_mlx.tables import catalogue
from score_mlx.training.trainer import train


@pytest.fixture
def examples(repo):
    """The blocks of Python code, by the first definition in each."""
    text = (repo / "CONTRIBUTING.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    return {re.search(r"^(?:class|def) (\w+)", block, re.MULTILINE)[1]: block for block in blocks}


def test_an_architecture_and_an_integrator(examples, tmp_path):
    (tmp_path / "sage.py").write_text(examples["SAGE"])
    (tmp_path / "ralston.py").write_text(examples["step"])
    plugins.register({"arch": {"sage": "sage.py"}, "integrator": {"ralston": "ralston.py"}}, tmp_path)
    spec = tiny.spec("sage", "SCORE", integrator="ralston", epochs=30)
    curve = train(GraphTask, spec, tiny.data(), tmp_path / "run", progress="none").folds[0].rmse
    plugins.register({}, tmp_path)
    assert curve[-1] < 0.8 * curve[0]


def test_the_spec_knows_whose_native_stack_has_a_form_of_its_own():
    assert tuple(arch for arch in ARCHS if recipe(arch).encoder or recipe(arch).final_dropout) == OWN_FORM


def test_a_kind_of_experiment(examples):
    made = {}
    exec(examples["PlainExperiment"], made)
    plain = made["PlainExperiment"](title="One architecture", kind="plain", arch="gat")
    specs = plain.specs(load("config.yaml"), "kfold")
    assert [spec.model for spec in specs] == ["SCORE_gat", "gat"]
    runs = [made_up.run(made_up.record(spec, best=[0.5] * 5), made_up.meta()) for spec in specs]
    assert "| SCORE_gat | 0.500 |" in plain.table("T", runs, None, 0, ()).grid.markdown()
    assert plain.table_code and plain.drawings == {}


def test_a_family(examples, repo, tmp_path, monkeypatch):
    made = {"__name__": "example"}
    monkeypatch.setitem(sys.modules, "example", types.ModuleType("example"))  # where dataclasses look for types
    exec(examples["MeanSpec"], made)
    monkeypatch.setitem(families.FAMILIES, "mean", made["MeanFamily"]())
    for table, value in ((science.SCIENCE, 1), (science.PACKAGES, ("numpy",))):
        monkeypatch.setitem(table, "mean", value)
    molecules = [f"m{n},{'C' * (1 + n % 9)}N,{n / 10}" for n in range(20)]
    (tmp_path / "my.csv").write_text("\n".join(["name,smiles,y", *molecules]) + "\n")
    monkeypatch.chdir(tmp_path)
    prepare("my.csv", tmp_path / "results/data/my", smiles_column="smiles", target_column="y")
    family, spec = families.FAMILIES["mean"], made["MeanSpec"]("my", "median")
    ensure(spec, tmp_path / "results")
    record = spec.path(tmp_path / "results/runs")
    family.train(spec, families.inputs_of(spec, tmp_path / "results"), record.parent, Execution(preset="smoke"))
    run = check(record, tmp_path / "results")
    assert run.spec == spec == families.spec_from_path(record) and run.dataset.rows == 20
    assert catalogue.catalogue([run])[0]["family"] == "mean" and cost(spec, [run]) == run.meta.seconds
