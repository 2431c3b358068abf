"""config.yaml and options: wrong types, ranges, words; what a command is told that reads the config."""

import pytest
import yaml
from score_mlx.config.file import merge

# key, value -> words; the value stands in config.yaml
SETTINGS = {
    "misspelt": ({"datset": "esol"}, "unknown key 'datset'; did you mean 'dataset'?"),
    "misspelt below": ({"graphs": {"epoch": 3}}, "unknown key 'graphs.epoch'; did you mean 'graphs.epochs'?"),
    "K = 0": ({"graphs": {"steps": 0}}, "graphs.steps = 0: expected greater than or equal to 1"),
    "K = 4.5": ({"graphs": {"steps": 4.5}}, "graphs.steps = 4.5: expected a valid integer"),
    "dt = 2": ({"graphs": {"dt": 2}}, "unknown key 'graphs.dt'"),
    "text for a number": ({"graphs": {"epochs": "many"}}, "graphs.epochs = 'many': expected a valid integer"),
    "true for a number": ({"graphs": {"epochs": True}}, "graphs.epochs = True: expected a valid integer"),
    "a number for text": ({"dataset": 3}, "dataset = '3': expected esol, "),
    "a list for keys": ({"graphs": [1]}, "graphs = [1]: expected keys and values"),
    "keys for text": ({"preset": {"a": 1}}, "preset = {'a': 1}: expected 'auto', 'paper'"),
    "nothing": ({"graphs": None}, "graphs = None: expected keys and values"),
    "NaN": ({"graphs": {"learning_rate": float("nan")}}, "graphs.learning_rate = nan: expected"),
    "infinite": ({"graphs": {"learning_rate": float("inf")}}, "graphs.learning_rate = inf: expected"),
    "negative seed": ({"seed": -1}, "seed = -1: expected greater than or equal to 0"),
    "huge seed": ({"seed": 2**70}, "seed = 1180591620717411303424: expected less than 4294967296"),
    "heads": ({"graphs": {"heads": 3}}, "graphs.heads = 3: expected a divisor of hidden = 128"),
    "unknown architecture": ({"experiments": {"table2": {"archs": ["gatt"]}}}, "archs.0 = 'gatt': expected 'gcn'"),
    "no architecture": ({"experiments": {"table2": {"archs": []}}}, "experiments.table2.archs = []: expected"),
    "capitals in an architecture": ({"experiments": {"table2": {"archs": ["GAT"]}}}, "'gt'; did you mean 'gat'?"),
    "capitals in a preset": (
        {"preset": "SMOKE"},
        "preset = 'SMOKE': expected 'auto', 'paper', 'laptop' or 'smoke'; did",
    ),
    "capitals in a key": ({"Dataset": "esol"}, "unknown key 'Dataset'; did you mean 'dataset'?"),
    "capitals in a data set": ({"dataset": "ESOL"}, "also with .gz; did you mean 'esol'?"),
    "unknown table": ({"experiments": {"tabel2": {}}}, "did you mean 'experiments.table2'?"),
    "unknown kind": ({"experiments": {"table2": {"kind": "modles"}}}, "kind = 'modles': expected baselines, "),
    "a path for a table": (
        {"experiments": {"table2": {"paper": "../../x.csv"}}},
        "experiments.table2.paper = '../../x",
    ),
    "unknown split": ({"split": "scafold"}, "split = 'scafold': expected"),
    "split without folds": ({"split": "file"}, "split = 'file': expected fold_column as well"),
    "no such data set": (
        {"dataset": "esl"},
        "dataset = 'esl': expected esol, freesolv, lipo, nci or the path",
    ),
    "plugin without a file": (
        {"plugins": {"arch": {"sage": "sage.py"}}},
        "plugins.arch.sage = 'sage.py': no such file",
    ),
    "plugins of no kind": ({"plugins": {"archs": {}}}, "plugins has archs, expected the keys arch and integrator"),
}


@pytest.fixture
def project(folder, repo):
    """A project with the real config.yaml, changed; returns its values."""
    (folder / "Snakefile").write_text("")
    values = yaml.safe_load((repo / "config.yaml").read_text())
    (folder / "config.yaml").write_text((repo / "config.yaml").read_text())
    return values


@pytest.mark.parametrize("case", SETTINGS)
def test_a_setting_that_cannot_be(case, project, folder, refused):
    given, words = SETTINGS[case]
    (folder / "config.yaml").write_text(yaml.safe_dump(merge(project, given)))
    refused(["estimate", "all"], "config.yaml: ", words)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "expected keys and values, found NoneType"),
        (b"- a\n- b\n", "expected keys and values, found list"),
        (b"dataset: [esol\n", "not valid YAML: while parsing a flow sequence"),
        (b"dataset:\tesol\n\tseed: 1\n", "not valid YAML"),
        (b"dataset: \xe9sol\n", "not valid YAML: 'utf-8' codec"),
        (b"\x00\x01\x02", "not valid YAML"),
        (
            b"seed: !!python/object/apply:os.system ['touch executed']\n",
            "not valid YAML: could not determine a constructor",
        ),
        (b"a: &a [x, x]\nb: &b [*a, *a]\ndataset: *b\n", "unknown key 'a'"),
        (b"3: 4\n", "3 = 3: expected text"),
    ],
)
def test_a_file_that_is_no_config(content, words, project, folder, refused):
    (folder / "config.yaml").write_bytes(content)
    refused(["estimate", "all"], "config.yaml: ", words)
    assert not (folder / "executed").exists()


TRAIN = ["train", "graph", "--arch", "gat", "--config", "SCORE"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([*TRAIN, "--steps", "0"], "steps = 0: expected at least 1"),
        ([*TRAIN, "--hidden", "10", "--heads", "4"], "hidden = 10: expected a multiple of heads = 4"),
        ([*TRAIN, "--learning-rate", "nan"], "learning_rate = nan: expected 1e-09 to 1"),
        ([*TRAIN, "--learning-rate", "2"], "learning_rate = 2.0: expected 1e-09 to 1"),
        ([*TRAIN, "--integrator", "rk5"], "unknown integrator = 'rk5': expected one of euler, heun, midpoint, rk4"),
        (["train", "graph", "--arch", "gta", "--config", "SCORE"], "unknown arch = 'gta': expected one of gcn, gat"),
        (["train", "graph", "--arch", "gat", "--config", "base", "--integrator", "rk4"], "belong to SCORE"),
        (["train", "graph", "--record", "runs/esol/graphs/gat/SCORE/dt=2/run.json"], "unknown option 'dt'"),
        (["train", "graph", "--record", "runs/esol/graphs/gat/SCORE/steps=0/run.json"], "steps = 0: expected"),
        (["train", "graph", "--record", "runs/esol/graphs/gat/SCORE/steps=x/run.json"], "option steps=x: expected int"),
        (["train", "graph", "--record", "runs/esol/graphs/gat/SCORE/steps=4/run.json"], "expected the canonical form"),
        ([*TRAIN, "--dataset", "../../etc"], "dataset = ../../etc: "),
        ([*TRAIN, "--dataset", "ESOL"], "dataset = ESOL: not prepared"),
        ([*TRAIN, "--dataset", "eslo"], "did you mean 'esol'?"),
        (
            [*TRAIN, "--split", "file"],
            "split = file: expected results/folds/esol/file-r0.csv; first run: score-mlx data",
        ),
        (["train", "classical", "--method", "svr", "--options", "C=-1"], "C = -1.0: expected"),
        (["train", "classical", "--method", "svr", "--options", "C=1,C=2"], "options 'C=1,C=2': C is given twice"),
        (["train", "classical", "--method", "svr", "--options", "C=1,,"], "found '', expected name=value, separated"),
        (["train", "classical", "--method", "svr", "--options", "C"], "found 'C', expected name=value, separated by"),
        (["train", "classical", "--method", "svr", "--options", "c=1"], "gamma; did you mean 'C'?"),
        (
            ["train", "classical", "--method", "svr", "--options", "C=1; epsilon=2"],
            "option C=1; epsilon=2: expected float",
        ),
        (["train", "classical", "--method", "svm"], "unknown method = 'svm'"),
        (["train", "dense", "--network", "MLP"], "unknown network = 'MLP'"),
        (["estimate", "table99"], "nothing makes table99, expected all, verdict, robustness, beyond, table1"),
        (["compare", "my.csv"], "results/runs/my/graphs: no run.json below it"),
        (["figure", "figure99", "--out", "x.png"], "no experiment draws figure99"),
    ],
)
def test_an_option_that_cannot_be(arguments, words, project, refused):
    refused(arguments, words)


def test_an_option_that_is_none(project, command):
    code, _, err = command(*TRAIN, "--dt", "2")
    assert code == 2 and "No such option: --dt" in err
