"""config.yaml: the paper's values, refusals in one line with the nearest key, presets that only ever lower."""

from pathlib import Path

import pytest
import yaml
from score_mlx.config import presets
from score_mlx.config.file import dump, load, retyped
from score_mlx.config.settings import Config
from score_mlx.models.graphs.spec import ARCHS, PAPER_CONFIGS, GraphSpec
from score_mlx.system import device
from score_mlx.system.errors import UserError

FILE = Path(__file__).resolve().parents[3] / "config.yaml"


def test_the_file_says_what_the_types_default_to():
    listings = {"experiments", "presets", "robustness", "beyond"}
    given = load(FILE).model_dump(exclude=listings)
    assert given == Config().model_dump(exclude=listings)
    assert set(yaml.safe_load(FILE.read_text())) == set(Config.model_fields)  # each key stands there, with its comment


def test_table_2_is_forty_runs_with_the_paper_settings():
    specs = load(FILE, {"preset": "paper"}).specs("table2")
    assert {(spec.arch, spec.config) for spec in specs} == {(a, c) for a in ARCHS for c in PAPER_CONFIGS}
    assert all(spec.options == "default" and spec.cuts() == [] for spec in specs)


MISTAKES = [
    ({"datset": "esol"}, "unknown key 'datset'; did you mean 'dataset'?"),
    ({"graphs": {"epoch": 3}}, "unknown key 'graphs.epoch'; did you mean 'graphs.epochs'?"),
    ({"graphs": {"zzz": 3}}, "unknown key 'graphs.zzz'; valid here: steps, hidden, heads, epochs, batch_size, "),
    (
        {"beyond": {"factorial": {"arch": 1}}},
        "unknown key 'beyond.factorial.arch'; did you mean 'beyond.factorial.archs'?",
    ),
    (
        {"beyond": {"mine": {"kind": "varian"}}},
        "beyond.mine.kind = 'varian': expected equal_size, factorial, repeats or",
    ),
    ({"experiments": {"tabel2": {}}}, "unknown key 'experiments.tabel2'; did you mean 'experiments.table2'?"),
    ({"presets": {"smoke": {"graphs": {"hidden": 8}}}}, "unknown key 'presets.smoke.graphs.hidden'; valid"),
    ({"presets": {"smoke": {"graphs": {"epochs": 151}}}}, "presets.smoke.graphs.epochs = 151: expected less"),
    ({"graphs": {"epochs": "many"}}, "graphs.epochs = 'many': expected a valid integer"),
    ({"graphs": {"epochs": True}}, "graphs.epochs = True: expected a valid integer"),
    ({"graphs": {"epochs": 0}}, "graphs.epochs = 0: expected greater than or equal to 1"),
    ({"graphs": {"heads": 3}}, "graphs.heads = 3: expected a divisor of hidden = 128"),
    ({"graphs": {"learning_rate": 0}}, "graphs.learning_rate = 0: expected greater than 0"),
    ({"graphs": None}, "graphs = None: expected keys and values"),
    ({"fidelity": "as_cod"}, "fidelity = 'as_cod': expected 'as_code' or 'as_text'; did you mean 'as_code'?"),
    ({"preset": "smok"}, "preset = 'smok': expected 'auto', 'paper', 'laptop' or 'smoke'; did you mean"),
    ({"experiments": {"table2": {"archs": ["gatt"]}}}, "experiments.table2.archs.0 = 'gatt': expected"),
    ({"experiments": {"table33": {"kind": "models", "archs": ["gat"]}}}, "key 'experiments.table33.title' is missing"),
    ({"experiments": {"table33": {"archs": ["gat"]}}}, "key 'experiments.table33.kind' is missing"),
    (
        {"experiments": {"table2": {"kind": "modles"}}},
        "experiments.table2.kind = 'modles': expected baselines, challenge,",
    ),
    ({"experiments": {"table1": {"metods": ["svr"]}}}, "unknown key 'experiments.table1.metods'; did you mean"),
    ({"experiments": {"table1": {"methods": ["svm"]}}}, "experiments.table1.methods.0 = 'svm': expected"),
    ({"classical": {"svr": {"kernel": "rfb"}}}, "classical.svr.kernel = 'rfb': expected"),
    ({"classical": {"catboost": {"depht": 3}}}, "unknown key 'classical.catboost.depht'; did you mean"),
    (
        {"dataset": "esl"},
        "dataset = 'esl': expected esol, freesolv, lipo, nci or the path of a file, .csv, .tsv, "
        ".smi, .sdf or .parquet, also with .gz; did you mean 'esol'?",
    ),
    ({"seed": 1.5}, "seed = 1.5: expected a valid integer"),
    ({"drop_bad": "yes"}, "drop_bad = 'yes': expected a valid boolean"),
    ({3: 4}, "3 = 3: expected text"),
]


@pytest.mark.parametrize(("given", "line"), MISTAKES)
def test_a_mistake_on_the_command_line_is_one_line(given, line):
    with pytest.raises(UserError) as raised:
        load(FILE, given)
    assert str(raised.value).startswith(f"--config: {line}")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("sed: 42\n", "config.yaml: unknown key 'sed'; did you mean 'seed'?"),
        ("seed: -1\n", "config.yaml: seed = -1: expected greater than or equal to 0"),
        ("graphs: [1]\n", "config.yaml: graphs = [1]: expected keys and values"),
        ("seed: -1\nsed: 3\n", "config.yaml: unknown key 'sed'; did you mean 'seed'? (and 1 more)"),
    ],
)
def test_a_mistake_in_the_file_names_the_file(tmp_path, text, line):
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(UserError) as raised:
        load(path)
    assert str(raised.value) == line


@pytest.mark.parametrize("content", [b"a: [1\n", b"just text\n", b"", b"seed: \xff\n"])
def test_a_broken_file_is_one_line(tmp_path, content):
    path = tmp_path / "config.yaml"
    path.write_bytes(content)
    with pytest.raises(UserError) as raised:
        load(path)
    assert "\n" not in str(raised.value) and str(path) in str(raised.value)
    with pytest.raises(UserError, match="No such file"):
        load(tmp_path / "none.yaml")


def test_numbers_with_an_exponent_and_merged_keys():
    config = load(FILE, {"graphs": {"learning_rate": "1e-4"}})
    assert (config.graphs.learning_rate, config.graphs.epochs) == (1e-4, 150)


def test_text_of_the_command_line_is_read_as_in_the_file():
    given = {
        "a": "true",
        "b": {"c": "3", "d": ["1.5", "x: y", "sum"]},
        "e": "null",
        "f": "",
        "g": 4,
        "h": "[",
        "i": "1e-3",
    }
    read = {"a": True, "b": {"c": 3, "d": [1.5, "x: y", "sum"]}, "e": None, "f": "", "g": 4, "h": "[", "i": "1e-3"}
    assert retyped(given) == read


@pytest.mark.parametrize(
    ("dataset", "name"),
    [
        ("esol", "esol"),
        ("nci", "nci"),
        ("my data/Sol (v2).csv", "Sol-v2"),
        ("x/My_Set.csv", "My_Set"),
        ("data.csv", "data-file"),
        ("ESOL.csv", "ESOL-file"),
        ("\u65e5\u672c.csv", "file-cf2abf0c"),
    ],
)
def test_a_data_set_has_a_folder_of_its_own(dataset, name):
    config = load(FILE, {"dataset": dataset})
    assert config.dataset_name == name
    assert (config.own_csv is None) == (dataset in ("esol", "nci"))


@pytest.mark.parametrize(("gpu", "name"), [(True, "paper"), (False, "laptop")])
def test_auto_asks_whether_there_is_a_gpu(monkeypatch, gpu, name):
    monkeypatch.setattr(device, "has_gpu", lambda: gpu)
    resolved = presets.resolve(load(FILE))
    assert resolved.preset == name
    assert resolved.graphs.epochs == GraphSpec.epochs


def test_presets_lower_and_never_raise():
    smoke = presets.resolve(load(FILE, {"preset": "smoke"}))
    assert smoke.graphs.epochs < 150 and smoke.graphs.hidden == 128
    assert smoke.specs("table2")[0].cuts() == [{"setting": "epochs", "ours": smoke.graphs.epochs, "paper": 150}]
    shorter = presets.resolve(load(FILE, {"preset": "smoke", "graphs": {"epochs": 1}}))
    assert shorter.graphs.epochs == 1


def test_the_resolved_config_reads_back_and_is_left_alone_when_unchanged(tmp_path):
    config = presets.resolve(load(FILE, {"dataset": "nci", "preset": "smoke"}))
    path = tmp_path / "results" / "config.resolved.yaml"
    dump(config, path)
    assert load(path) == config
    before = path.stat().st_mtime_ns
    dump(config, path)
    assert path.stat().st_mtime_ns == before
    dump(config.model_copy(update={"seed": 7}), path)
    assert load(path).seed == 7


@pytest.mark.parametrize(("dataset", "texts"), [("esol", True), ("nci", True), ("freesolv", False), ("my.csv", False)])
def test_language_models_stand_beside_the_papers_molecules_only(dataset, texts):
    config = load(FILE, {"dataset": dataset})
    assert ("table10" in config.applicable) is texts
    assert "table2" in config.applicable
