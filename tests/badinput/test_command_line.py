"""Options and arguments that the parser refuses, and terminals that cannot show everything."""

import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import made_up_records as made_up
import pytest
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.models.language.spec import LanguageSpec
from score_mlx.runs.records import dumps

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["train", "graph", "--dt", "2"], "error: No such option: --dt"),
        (["trian"], "error: No such command 'trian'. Did you mean 'train'?"),
        (["data", "prepare"], "error: Missing argument 'dataset'. (see score-mlx data prepare --help)"),
        (["train", "graph", "--epochs", "x"], "error: Invalid value for '--epochs': Input should be a valid integer"),
        (
            ["data", "folds", "a", "b", "--split", "x"],
            "Invalid value for '--split': 'x' is not one of 'kfold'",
        ),
        (["runs", "--out"], "error: Option '--out' requires an argument."),
    ],
)
def test_what_the_parser_refuses_is_one_line(arguments, words, refused):
    refused(arguments, words)


@pytest.mark.parametrize("option", ["-h", "--help"])
@pytest.mark.parametrize("place", [[], ["train"], ["train", "graph"], ["predict"]])
def test_help(place, option, command):
    code, out, err = command(*place, option)
    assert (code, err) == (0, "") and "Usage: score-mlx" in out


def test_version(command):
    assert command("--version") == (0, f"score-mlx {metadata.version('score-mlx')}\n", "")


def test_nothing_asked_is_answered_with_help(command):
    code, out, err = command()
    assert code == 2 and "Usage: score-mlx" in out + err and "error" not in err


def process(*arguments, **environment) -> subprocess.CompletedProcess:
    environment = os.environ | {"PYTHONPATH": str(ROOT / "workflow")} | environment
    command = [sys.executable, "-m", "score_mlx", *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True)


def test_a_terminal_that_knows_ascii_only(model, folder):
    (folder / "in.csv").write_text("smiles,name\nCCO,\u65e5\u672c\n", encoding="utf-8")
    done = process("predict", model, "in.csv", "--name-column", "name", PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode("ascii").splitlines()[1].startswith("0,\\u65e5\\u672c,CCO,")


def test_a_reader_that_stops_reading(model, folder):
    (folder / "in.csv").write_text("smiles\n" + "CCO\n" * 3000)
    command = [sys.executable, "-m", "score_mlx", "predict", str(model), "in.csv"]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "workflow")}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout.readline().startswith(b"row,smiles,mean")
        running.stdout.close()
        assert b"Traceback" not in running.stderr.read() and running.wait() == 1


def test_a_language_record_predicts_no_molecules(folder, refused):
    spec = LanguageSpec.variant("chargpt")("tinyshakespeare-char", "chargpt", "base")
    path = spec.path("results/runs")
    path.parent.mkdir(parents=True)
    path.write_text(dumps(made_up.language(spec)))
    (folder / "in.csv").write_text("smiles\nC\n")
    refused(["predict", path, "in.csv"], f"{path}: ", "is language, expected a graph or dense network")


@pytest.mark.parametrize("content", ["", "null", "{}", '{"sha256": 3'])
def test_a_record_beside_damaged_data_is_not_taken_in(content, folder, refused):
    spec = GraphSpec("esol", "gat", "SCORE")
    made_up.write(spec.path("theirs").parent, made_up.record(spec), made_up.meta())
    (folder / "results" / "data" / "esol").mkdir(parents=True)
    (folder / "results" / "data" / "esol" / "dataset.json").write_text(content)
    refused(["adopt", "theirs"], "dataset.json: cannot read its sha256")
