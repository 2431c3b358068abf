"""The command line: what a person reads, one line for a mistake, and the same files as the rules make."""

import json
import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import made_up_records as made_up
import pytest
import yaml
from commands import run
from score_mlx.cli import train as cli_train
from score_mlx.cli.schema import schemas
from score_mlx.models.dense.spec import DenseSpec
from score_mlx.models.families import FAMILIES
from score_mlx.models.graphs.spec import ARCHS, PAPER_CONFIGS, GraphSpec
from score_mlx.runs.spec import results_of
from score_mlx.system.errors import UserError

ROOT = Path(__file__).resolve().parents[3]


def process(*arguments, cwd=ROOT):
    """The command as a user runs it."""
    environment = os.environ | {"PYTHONPATH": str(ROOT / "workflow"), "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "score_mlx", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=environment, text=True, capture_output=True)


@pytest.fixture
def forty(tmp_path):
    """results/runs with a record of each model of Table 2."""
    for record, meta in made_up.all_forty():
        made_up.write(GraphSpec(**record["spec"]).path(tmp_path / "runs").parent, record, meta)
    return tmp_path / "runs"


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ([], ["train", "diff", "adopt", "score-mlx train graph --arch gat --config SCORE_skip05"]),
        (["train", "graph"], ["--arch", "--learning-rate", "Example:", "A quick look:"]),
        (["data", "prepare"], ["--smiles-column", "Example: score-mlx data prepare my.csv"]),
        (["diff"], ["exit code 1", "Example:"]),
        (["adopt"], ["adopted_from", "Example: score-mlx adopt"]),
        (["table"], ["--top", "score-mlx table 2"]),
        (["figure"], ["--baseline", "score-mlx figure 2"]),
    ],
)
def test_help_has_words_and_an_example(command, words):
    said = " ".join(run(*command, "--help").split())
    for word in words:
        assert word in said


def test_every_field_of_a_spec_is_an_option_and_explained():
    known = {f.name for spec in (GraphSpec, DenseSpec) for f in fields(spec)}
    known |= {name for family in FAMILIES.values() for name in (*family.spec.NAMED, family.default_data[1])}
    assert set(cli_train.FIELD_HELP) == known


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["train", "graph"], "--arch is missing: expected one of gcn, gat"),
        (["train", "graph", "--arch", "gat"], "--config is missing"),
        (["train", "graph", "--arch", "gta", "--config", "SCORE"], "did you mean"),
        (["train", "graph", "--arch", "gat", "--config", "SCORE", "--steps", "0"], "steps = 0: expected"),
        (["train", "graph", "--record", "x/run.json"], "expected .../<dataset>/graphs/"),
        (["train", "graph", "--record", "x/run.json", "--arch", "gat"], "--arch and --record: expected one of them"),
        (["train", "graph", "--arch", "gat", "--config", "SCORE", "--dataset", "none"], "not prepared"),
        (["table", "99"], "no experiment table99, expected one of table1, table2"),
        (["table", "2", "--runs", "none"], "no record of table2 yet"),
        (["table", "2", "none/run.json"], "none/run.json: no such file"),
        (["figure", "99", "--out", "x.png"], "no experiment draws figure99"),
        (["diff", "none", "none"], "none: no such file"),
        (["adopt", "none"], "none: no run.json below it"),
        (["data", "prepare", "none.csv", "x"], "none.csv: cannot read the file"),
        (["data", "folds", "none.csv", "x.csv"], "none.csv: no such file"),
    ],
)
def test_a_mistake_is_explained(arguments, says, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as raised:
        run(*arguments)
    assert says in str(raised.value)
    assert list(tmp_path.iterdir()) == []


def test_a_mistake_is_one_line_on_stderr_and_exit_code_2(tmp_path):
    done = process("diff", "a", "b", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: a: no such file, expected a run record\n"


def test_light_commands_do_not_import_mlx_or_rdkit(tmp_path):
    modules = "from score_mlx.config import file, presets, targets; from score_mlx.models import transfer; "
    modules += "from score_mlx.runs import science"
    program = f"import sys; from score_mlx import cli; {modules}; "
    program += "print([m for m in ('mlx', 'rdkit', 'pandas', 'sklearn', 'matplotlib') if m in sys.modules])"
    environment = os.environ | {"PYTHONPATH": str(ROOT / "workflow")}
    done = subprocess.run([sys.executable, "-c", program], env=environment, text=True, capture_output=True, check=True)
    assert done.stdout == "[]\n"


def test_a_table_of_what_there_is_so_far(forty):
    said = run("table", "2", "--runs", forty, "--dataset", "esol", "--preset", "paper")
    assert said.startswith("### Table 2. Graph networks with MolAttFP readout and SCORE-MLP head\n")
    assert said.count("\n|") == 42
    next((forty / "esol" / "graphs" / "gt" / "base").glob("*/run.json")).unlink()
    said = run("table", "2", "--runs", forty, "--dataset", "esol", "--preset", "paper")
    assert "1 of 40 models of table2 have no record yet" in said
    assert said.count("not run") == 1


def test_a_table_and_a_figure_as_the_rules_call_them(forty, tmp_path):
    records = [GraphSpec("esol", arch, config).path(forty) for arch in ARCHS for config in PAPER_CONFIGS]
    paper = ROOT / "data" / "paper" / "table2.csv"
    out = tmp_path / "out"
    run("table", "table2", "--title", "T", "--top", 13, f"--paper={paper}", "--out", out / "table2.csv", *records)
    run("figure", "figure2", "--title", "T", f"--paper={paper}", "--out", out / "figure2.png", *records)
    names = [f"figure2.{kind}" for kind in ("json", "md", "pdf", "png")]
    names += [f"table2.{kind}" for kind in ("csv", "json", "md", "tex")]
    assert sorted(path.name for path in out.iterdir()) == names


def test_redraw_makes_what_is_complete_and_names_the_rest(forty, tmp_path, capfd):
    run("redraw", forty, tmp_path / "drawn")
    said = capfd.readouterr().err
    assert "table7a is left out, some of its records are missing" in said and "table2 is left out" not in said
    made = {path.name for folder in ("results", "paper_figures") for path in (tmp_path / "drawn" / folder).iterdir()}
    assert {"table2.csv", "figure2.png", "figure2.md", "runs.csv", "verdict.csv", "report.html"} <= made
    assert not {"table1.csv", "figure1.png", "table7a.csv"} & made


def test_diff_says_so_by_its_exit_code(forty):
    a, b = (GraphSpec("esol", arch, "SCORE").path(forty) for arch in ("gat", "gcn"))
    assert "the same run" in run("diff", a, a.parent)
    assert 'spec.arch: "gat" | "gcn"' in run("diff", a, b, code=1)


def test_adopt_takes_records_in(forty, tmp_path):
    assert run("adopt", forty, "--results", tmp_path / "r") == "40 records taken in, 0 were there already\n"
    assert run("adopt", forty, "--results", tmp_path / "r") == "0 records taken in, 40 were there already\n"


def test_schemas_are_those_of_the_types():
    for name, text in schemas().items():
        committed = (ROOT / "workflow" / "schemas" / name).read_text(encoding="utf-8")
        assert committed == text, f"{name} is stale: run `score-mlx schema`"


def test_the_schema_of_the_config_accepts_the_config():
    import jsonschema

    schema = json.loads((ROOT / "workflow" / "schemas" / "config.schema.json").read_text())
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    jsonschema.validate(config, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(config | {"datset": 1}, schema)


def test_a_model_is_trained_without_snakemake_and_twice_the_same(tmp_path):
    rows = ["name,smiles,logS"] + [f"m{n},{'C' * (1 + n % 5)}{'O' * (n % 2)}N,{-n / 10}" for n in range(20)]
    (tmp_path / "my.csv").write_text("\n".join(rows) + "\n")
    options = ["--smiles-column", "smiles", "--target-column", "logS", "--name-column", "name"]
    assert process("data", "prepare", "my.csv", "results/data/my", *options, cwd=tmp_path).returncode == 0
    train = ["train", "graph", "--arch", "gcn", "--config", "SCORE", "--dataset", "my", "--epochs", 2]
    spec = GraphSpec("my", "gcn", "SCORE", epochs=2, scale_targets=True)  # data of one's own
    done = process(*train, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == f"SCORE_gcn: {spec.path()}"
    assert not [line for line in done.stderr.splitlines() if "Traceback" in line]
    first = (tmp_path / spec.path()).read_bytes()
    again = spec.path(tmp_path / "again" / "runs")
    assert process("train", "graph", "--record", again, "--results", "results", cwd=tmp_path).returncode == 0
    assert again.read_bytes() == first


@pytest.mark.parametrize(
    ("made", "results"),
    [
        (None, "results"),
        ("results/runs/nci/graphs/gat/SCORE/default/run.json", "results"),
        ("store/runs/results/runs/runs/graphs/gat/SCORE/default/run.json", "store/runs/results"),
        ("elsewhere/nci/graphs/gat/SCORE/default/run.json", "results"),
        ("nci/graphs/gat/SCORE/default/run.json", "results"),
    ],
)
def test_a_record_says_where_its_data_lie(made, results):
    spec = GraphSpec(dataset="nci", arch="gat", config="SCORE")
    assert results_of(spec, made and Path(made)) == Path(results)
