"""An architecture and an integrator from files outside the package."""

import json
import os
import re
from dataclasses import replace
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest
import tiny
from score_mlx.config.file import load
from score_mlx.depth import Relax
from score_mlx.models import resources
from score_mlx.models.families import inputs_of
from score_mlx.models.graphs.recipe import integrator, recipe
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.models.graphs.task import GraphTask
from score_mlx.runs import plugins
from score_mlx.system.errors import UserError
from score_mlx.training.trainer import train

FILES = Path(__file__).resolve().parents[2] / "plugins"
REFERENCE = FILES.parents[1] / "results" / "reference" / "runs"


@pytest.fixture(autouse=True)
def alone():
    """What a test registers is forgotten after it."""
    plugins.register({}, FILES)
    yield
    plugins.register({}, FILES)


@pytest.fixture
def registered():
    plugins.register({"arch": {"sage": "sage.py"}, "integrator": {"ralston": "ralston.py"}}, FILES)


def test_an_architecture_trains_like_any_other(registered, tmp_path):
    for config in ("base", "SCORE"):
        spec = tiny.spec("sage", config, epochs=30)
        record = train(GraphTask, spec, tiny.data(), tmp_path / config, progress="none")
        curve = record.folds[0].rmse
        assert curve[-1] < 0.8 * curve[0]
    meta = json.loads((tmp_path / "SCORE" / "run.meta.json").read_text())
    assert meta["plugins"].keys() == {"arch sage"} and len(meta["plugins"]["arch sage"]) == 64
    assert spec.model == "SCORE_sage"
    assert GraphSpec.from_path(spec.path()) == spec
    assert inputs_of(spec)["arch_code"] == FILES / "sage.py"  # an edit of it trains again


def test_an_integrator_is_of_its_order(registered, cpu):
    """dh/dt = -h from 1: two evaluations a step, an error of third order in dt."""
    scheme = integrator("ralston")
    error = []
    for dt in (0.1, 0.05):
        relax = Relax(dt, scheme)
        h = relax(lambda x: 0 * x, mx.array([1.0], mx.float32), 0)
        error.append(abs(h.item() - np.exp(-dt)))
    assert 6 < error[0] / error[1] < 10
    spec = tiny.spec("gcn", "SCORE", integrator="ralston")
    assert resources.minutes(spec, REFERENCE) >= resources.minutes(replace(spec, integrator="rk4"), REFERENCE)
    assert np.isfinite(tiny.predict(tiny.model(spec), tiny.topology(tiny.batch()))).all()


def test_the_config_line(repo, tmp_path):
    text = (repo / "config.yaml").read_text().replace("plugins: {}", f"plugins: {{arch: {{sage: {FILES}/sage.py}}}}")
    (tmp_path / "config.yaml").write_text(text.replace("archs: [gcn, gat,", "archs: [sage, gcn, gat,", 1))
    config = load(tmp_path / "config.yaml")
    assert [spec.arch for spec in config.specs("table2")][:5] == ["sage"] * 5
    with pytest.raises(UserError, match="'gt' or 'sage'; did you mean 'sage'"):
        load(tmp_path / "config.yaml", {"experiments": {"table2": {"archs": ["sagee"]}}})


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ([1], r"plugins has \[1\], expected the keys arch and integrator"),
        ({"archs": {}}, "plugins has archs, expected the keys arch and integrator"),
        ({"arch": "sage.py"}, "plugins.arch = 'sage.py': expected names"),
        ({"arch": {"SAGE/x": "sage.py"}}, "name 'SAGE/x', expected small letters and digits"),
        ({"arch": {"sage": "none.py"}}, "plugins.arch.sage = 'none.py': no such file"),
        ({"arch": {"gat": "sage.py"}}, "plugins.arch: the package has a gat itself"),
    ],
)
def test_a_wrong_line(given, says):
    with pytest.raises(UserError, match=says):
        plugins.register(given, FILES, taken=GraphSpec.CHOICES)
    assert json.loads(plugins.environment()[plugins.VARIABLE]) == {}


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("x = 1", "no RECIPE, expected one in the file of an arch"),
        ("RECIPE = 1", "RECIPE is a int, expected a Recipe"),
        ("import nowhere", "ModuleNotFoundError"),
        ("(", "Syntax"),
    ],
)
def test_a_file_that_is_none(tmp_path, code, says):
    (tmp_path / "bad.py").write_text(code)
    plugins.register({"arch": {"bad": "bad.py"}}, tmp_path)
    with pytest.raises(UserError, match=says):
        recipe("bad")


def test_without_a_plugin_a_name_is_unknown():
    with pytest.raises(UserError, match="unknown arch = 'sage'"):
        tiny.spec("sage")


def test_a_command_takes_up_what_it_was_told(registered, tmp_path, monkeypatch):
    told = plugins.environment()
    plugins.register({}, FILES)
    monkeypatch.setenv(plugins.VARIABLE, told[plugins.VARIABLE])
    plugins.begin()
    assert plugins.file("arch", "sage") == FILES / "sage.py" and plugins.names("integrator") == ("ralston",)
    assert dict(os.environ) == dict(os.environ) | told


def test_a_spec_reads_no_config_file(tmp_path, monkeypatch):
    """In a project whose config.yaml lists it, a name is known to a command, not to a spec by itself."""
    (tmp_path / "config.yaml").write_text(f"plugins: {{arch: {{sage: {FILES}/sage.py}}}}\n")
    (tmp_path / "Snakefile").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(plugins.VARIABLE, raising=False)
    with pytest.raises(UserError, match="unknown arch = 'sage'"):
        tiny.spec("sage")
    plugins.begin()
    assert tiny.spec("sage").arch == "sage"


def test_nobody_writes_into_the_environment_to_talk_to_itself():
    """What libraries read there (BLAS, MLX) is set by system/ and runtime.py; nothing of ours is."""
    package = FILES.parents[1] / "workflow" / "score_mlx"
    writes = re.compile(r"os\.(environ\[[^\]]+\]\s*=|environ\.(setdefault|update)|putenv)")
    writing = {p.relative_to(package).as_posix() for p in package.rglob("*.py") if writes.search(p.read_text())}
    assert writing <= {"runtime.py", "system/blas/__init__.py", "system/ptx_cache.py"}
