"""Options and arguments that the parser refuses, and terminals that cannot show everything."""

import json
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import made_up_records as made_up
import pytest
from score_mlx.models.classical.spec import SVR
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


def test_a_file_in_another_script_where_the_system_knows_ascii_only(folder):
    (folder / "\u6570\u636e.csv").write_text("smiles,y\n" + "".join(f"{'C' * n},{n}\n" for n in range(1, 6)))
    columns = ("--smiles-column", "smiles", "--target-column", "y")
    names = []
    for known in ({}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}):
        out = f"out{len(names)}"
        done = process("data", "prepare", "\u6570\u636e.csv", out, *columns, **known)
        assert done.returncode == 0, done.stderr
        names.append(json.loads((folder / out / "dataset.json").read_text(encoding="utf-8"))["name"])
    assert names[0] == names[1]


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
    refused(["predict", path, "in.csv"], f"{path}: ", "is language, which predicts no molecules")


@pytest.mark.parametrize("content", ["", "null", "{}", '{"sha256": 3'])
def test_a_record_beside_damaged_data_is_not_taken_in(content, folder, refused):
    spec = GraphSpec("esol", "gat", "SCORE")
    made_up.write(spec.path("theirs").parent, made_up.record(spec), made_up.meta())
    (folder / "results" / "data" / "esol").mkdir(parents=True)
    (folder / "results" / "data" / "esol" / "dataset.json").write_text(content)
    refused(["adopt", "theirs"], "dataset.json: cannot read its sha256")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["runs", "--out", "x.xlsx"], "x.xlsx: expected a file that ends in .csv, the only format written here"),
        (["table", "2", "--out", "x.xlsx"], "x.xlsx: expected a file that ends in .csv"),
        (["compare", "esol", "--out", "x"], "x: expected a file that ends in .csv"),
        (["report", "--out", "x.pdf"], "x.pdf: expected a file that ends in .html, the only format written here"),
        (["verdict", "--out", "x.csv"], "x.csv: expected a folder, in which several files are written"),
        (["data", "folds", "m.csv", "x.xlsx"], "x.xlsx: expected a file that ends in .csv, the only format"),
        (["data", "features", "m.csv", "x.csv"], "x.csv: expected a file that ends in .npz, the only format"),
        (["data", "descriptors", "m.csv", "x"], "x: expected a file that ends in .npz, the only format"),
        (["data", "shap", "x.csv"], "x.csv: expected a file that ends in .npz, the only format"),
        (["data", "describe", "m.csv", "x.md", "--target-label", "y"], "x.md: expected a file that ends in .json"),
        (["predict", "run.json", "in.csv", "--out", "x.xlsx"], "x.xlsx: expected a file that ends in .csv"),
        (["figure", "1a", "--out", "x.xlsx"], "x.xlsx: expected a file that ends in .png"),
        (["runs", "--out", "there.csv"], "there.csv: a folder, expected a file to write"),
        (["train", "graph", "--arch", "GAT", "--config", "SCORE"], "unknown arch = 'GAT': expected one of gcn, gat"),
        (["train", "graph", "--arch", "GAT", "--config", "SCORE"], "did you mean 'gat'?"),
        (["train", "graph", "--arch", "gat", "--config", "score"], "did you mean 'SCORE'?"),
        (["train", "classical", "--method", "SVR"], "did you mean 'svr'?"),
        (["train", "classical", "--method", "svr", "--options", "c=1"], "unknown option 'c'"),
    ],
)
def test_an_option_that_is_nearly_right(arguments, words, folder, refused):
    (folder / "there.csv").mkdir()
    refused(arguments, words)


def test_blanks_between_options_are_no_part_of_their_names():
    assert SVR.parse_options("C=1, epsilon=0.2 ,gamma = auto") == {"C": 1.0, "epsilon": 0.2, "gamma": "auto"}


def test_an_estimate_knows_the_file(folder, command, refused):
    for name in ("config.yaml", "Snakefile"):
        (folder / name).write_text((ROOT / name).read_text())
    refused(["estimate", "table2", "--dataset", "nowhere.csv"], "nowhere.csv: cannot read the file (No such file")
    spec = GraphSpec("esol", "gcn", "base")
    made_up.write(spec.path("results/runs").parent, made_up.record(spec), made_up.meta(seconds=3600.0))
    hours = []
    for rows in (1128, 11280):
        lines = "".join("C,1\n" for _ in range(rows))
        (folder / "my.csv").write_text("smiles,target\n" + lines)
        code, out, err = command("estimate", "table2", "--dataset", "my.csv", "--preset", "paper", "--jobs", "1")
        assert code == 0, err
        assert f"by 1 runs in results/runs and 0 in results/reference/runs, in proportion to {rows} molecules" in out
        hours.append(float(out.split("about ")[1].split(" hours")[0]))
    assert hours[1] == pytest.approx(10 * hours[0], rel=0.05) and hours[0] > 1
    code, out, err = command("estimate", "table6", "--dataset", "my.csv")
    assert code == 0 and "no estimate" in out and "0.0 hours" not in out
    columns = ("--smiles-column", "smiles", "--target-column", "target")
    (folder / "my.csv").write_text("smiles,target\n" + "".join(f"{'C' * n},1\n" for n in range(1, 21)))
    assert command("data", "prepare", "my.csv", "results/data/my", *columns)[0] == 0
    assert "20 molecules" in command("estimate", "table2", "--dataset", "my.csv")[1]
    (folder / "my.csv").write_text("smiles,target\nC,1\nCC,2\n")  # the file counts, not what was prepared of another
    code, out, err = command("estimate", "table2", "--dataset", "my.csv")
    assert "2 molecules" in out and "less than a minute" in out
    (folder / "my.csv").unlink()
    refused(["estimate", "table2", "--dataset", "my.csv"], "my.csv: cannot read the file (No such file")
    refused(["estimate", "tabel2"], "nothing makes tabel2, ", "did you mean 'table2'?")
    refused(["estimate", "Verdict"], "nothing makes Verdict, ", "did you mean 'verdict'?")


def test_classical_models_predict(folder, command):
    (folder / "my.csv").write_text("smiles,y\n" + "".join(f"{'C' * n},{n / 1e5}\n" for n in range(1, 11)))
    columns = ("--smiles-column", "smiles", "--target-column", "y")
    assert command("data", "prepare", "my.csv", "results/data/my", *columns)[0] == 0
    for method, options in (("catboost", "iterations=20"), ("svr", "default"), ("random_forest", "n_estimators=5")):
        train = ["train", "classical", "--method", method, "--dataset", "my", "--options", options]
        code, out, err = command(*train)
        assert code == 0, err
        record = Path(out.split(": ")[-1].strip())
        (folder / "in.csv").write_text("smiles\nCCC\nC(C\nCCCCCC\n")
        code, out, err = command("predict", record, "in.csv")
        assert code == 1, err
        rows = [line.split(",") for line in out.splitlines()]
        assert rows[2][2] == "" and all(0 < float(row[2]) < 2e-4 for row in (rows[1], rows[3]))
    content = record.read_text()
    record.write_text(content.replace('"rmse": [', '"rmse": [9', 1).replace('"rmse": [', '"rmse": [9'))
    code, _, err = command("predict", record, "in.csv")
    assert code == 2 and "other versions of the libraries made it" in err or "run record" in err
