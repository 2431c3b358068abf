"""Records of elsewhere: every flaw is refused before anything is copied, and where they come from stays visible."""

import copy
import json

import made_up_records as made_up
import pytest
from score_mlx.models import transfer as exchange
from score_mlx.models.check import differences
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.runs.records import dumps
from score_mlx.system.errors import UserError

SPEC = GraphSpec("esol", "gat", "SCORE", epochs=3)


@pytest.fixture
def foreign(tmp_path):
    """A folder with one good record of another machine; its path."""
    path = SPEC.path(tmp_path / "elsewhere" / "runs")
    made_up.write(path.parent, made_up.record(SPEC), made_up.meta(host="there"))
    weights = path.parent / "weights" / "fold0-best.safetensors"
    weights.parent.mkdir()
    weights.write_bytes(b"weights")
    return path


def test_a_good_record_is_copied_with_its_origin(foreign, tmp_path):
    results = tmp_path / "results"
    taken, there = exchange.adopt(tmp_path / "elsewhere", results)
    target = SPEC.path(results / "runs")
    assert (taken, there) == ([target], [])
    assert target.read_bytes() == foreign.read_bytes()
    meta = made_up.stored_meta(target)
    assert meta["adopted_from"] == str(foreign.parent) and meta["host"] == "there"
    assert (target.parent / "weights" / "fold0-best.safetensors").read_bytes() == b"weights"
    assert exchange.adopt(tmp_path / "elsewhere", results) == ([], [target])


def test_a_record_that_travels_on_keeps_its_origin(foreign, tmp_path):
    exchange.adopt(tmp_path / "elsewhere", tmp_path / "a")
    exchange.adopt(tmp_path / "a", tmp_path / "b")
    assert made_up.stored_meta(SPEC.path(tmp_path / "b" / "runs"))["adopted_from"] == str(foreign.parent)


def test_another_record_in_its_place_is_kept_unless_forced(foreign, tmp_path):
    target = SPEC.path(tmp_path / "results" / "runs")
    made_up.write(target.parent, made_up.record(SPEC, best=[0.5] * 5), made_up.meta())
    ours = target.read_bytes()
    with pytest.raises(UserError, match="another record is there"):
        exchange.adopt(tmp_path / "elsewhere", tmp_path / "results")
    assert target.read_bytes() == ours
    old = target.parent / "weights" / "fold9-best.safetensors"
    old.parent.mkdir()
    old.write_bytes(b"of the run that is replaced")
    exchange.adopt(tmp_path / "elsewhere", tmp_path / "results", force=True)
    assert target.read_bytes() == foreign.read_bytes() and not old.exists()


def test_two_machines_records_of_one_run_are_refused(foreign, tmp_path):
    second = SPEC.path(tmp_path / "elsewhere" / "b" / "runs")
    made_up.write(second.parent, made_up.record(SPEC, best=[0.5] * 5), made_up.meta())
    with pytest.raises(UserError, match="another record of the same run is"):
        exchange.adopt(tmp_path / "elsewhere", tmp_path / "results", force=True)
    assert not (tmp_path / "results").exists()


def change(record, place, value):
    *parents, last = place
    for key in parents:
        record = record[key]
    record[last] = value


@pytest.mark.parametrize(
    ("place", "value", "says"),
    [
        (("best", "rmse", 0), 0.1, "best is"),
        (("best", "epoch", 0), 2, "best is"),
        (("last", "rmse", 4), 0.1, "last is"),
        (("folds", 1, "rmse"), [0.5, 0.5], "folds.1.rmse has 2 values, expected 3"),
        (("folds", 2, "train_loss"), [], "folds.2.train_loss has 0 values"),
        (("folds", 2, "rmse", 0), "0.5", "folds.2.rmse.0"),
        (("cuts",), [], "cuts [], expected"),
        (("science",), 99, "science 99, expected"),
        (("schema",), 0, "schema"),
        (("spec", "arch"), "gcn", "its spec belongs to .../esol/graphs/gcn/"),
        (("spec", "arch"), "gta", "did you mean"),
        (("spec", "seed"), 7, "its spec belongs to"),
        (("spec", "depth"), 7, "spec: got an unexpected keyword argument 'depth'"),
        (("spec", "dataset"), "../../esol", "dataset = ../../esol: expected a name"),
        (("dataset", "sha256"), "f" * 64, "dataset sha256"),
        (("parameters",), "many", "parameters"),
    ],
)
def test_every_flaw_is_one_line_and_nothing_is_copied(foreign, tmp_path, place, value, says):
    prepared = tmp_path / "results" / "data" / "esol" / "dataset.json"
    prepared.parent.mkdir(parents=True)
    prepared.write_text(json.dumps({"sha256": made_up.ESOL["sha256"]}))
    record = copy.deepcopy(made_up.record(SPEC))
    change(record, place, value)
    foreign.write_text(dumps(record))
    with pytest.raises(UserError) as raised:
        exchange.adopt(tmp_path / "elsewhere", tmp_path / "results")
    assert says in str(raised.value) and str(foreign) in str(raised.value) and "\n" not in str(raised.value)
    assert not (tmp_path / "results" / "runs").exists()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"schema": 1}', "null", '{"a": NaN}'])
def test_what_is_no_record_is_refused(foreign, tmp_path, content):
    foreign.write_text(content)
    with pytest.raises(UserError, match="run.json"):
        exchange.adopt(tmp_path / "elsewhere", tmp_path / "results")


def test_a_record_without_meta_and_an_empty_folder_are_refused(foreign, tmp_path):
    foreign.with_name("run.meta.json").unlink()
    with pytest.raises(UserError, match="run.meta.json"):
        exchange.adopt(tmp_path / "elsewhere", tmp_path / "results")
    with pytest.raises(UserError, match="no run.json below"):
        exchange.adopt(tmp_path / "nowhere", tmp_path / "results")


def test_one_bad_record_among_good_ones_stops_them_all(foreign, tmp_path):
    other = GraphSpec("esol", "gcn", "base", epochs=3)
    made_up.write(other.path(tmp_path / "elsewhere" / "runs").parent, made_up.record(other), made_up.meta())
    foreign.write_text("{}")
    with pytest.raises(UserError):
        exchange.adopt(tmp_path / "elsewhere", tmp_path / "results")
    assert not (tmp_path / "results").exists()


def test_differences_name_fields_folds_and_the_first_epoch(tmp_path):
    a, b = made_up.record(SPEC, best=[0.5] * 5), made_up.record(SPEC, best=[0.5, 0.5, 0.4, 0.5, None])
    b["dataset"] = {**b["dataset"], "rows": 1000}
    for name, record in (("a", a), ("b", b)):
        made_up.write(tmp_path / name, record, made_up.meta())
    paths = [tmp_path / name / "run.json" for name in ("a", "b")]
    assert differences(paths[0], paths[0]) == []
    assert differences(*paths) == [
        "dataset.rows: 1128 | 1000",
        "best rmse, fold 2: 0.5000 | 0.4000  (+0.1)",
        "best rmse, fold 4: 0.5000 | not finite",
        "last rmse, fold 2: 0.5500 | 0.4500  (+0.1)",
        "last rmse, fold 4: 0.5500 | not finite",
        "curves: rmse differs from epoch 1 on, by up to inf",
    ]


def test_export_takes_records_and_tables_but_no_weights(foreign, tmp_path):
    results, out = tmp_path / "elsewhere", tmp_path / "out"
    (results / "table2.csv").write_text("rank\n")
    assert exchange.export(results, tmp_path / "figures", out) == 1
    copied = SPEC.path(out / "runs")
    assert copied.read_bytes() == foreign.read_bytes()
    assert made_up.stored_meta(copied) == made_up.stored_meta(foreign)
    assert (out / "table2.csv").read_text() == "rank\n"
    assert json.loads((out / "machine.json").read_text())["cores"] >= 1
    assert not list(out.rglob("*.safetensors"))


def test_a_record_that_export_refuses_leaves_the_folder_as_it_was(foreign, tmp_path):
    out = tmp_path / "out"
    exchange.export(tmp_path / "elsewhere", tmp_path, out)
    before = SPEC.path(out / "runs").read_bytes()
    made_up.write(foreign.parent, made_up.record(SPEC, best=[0.5] * 5), made_up.meta())
    broken = tmp_path / "elsewhere" / "runs" / "zzz" / "run.json"
    broken.parent.mkdir()
    broken.write_text("{}")
    with pytest.raises(UserError, match="schema"):
        exchange.export(tmp_path / "elsewhere", tmp_path, out)
    assert SPEC.path(out / "runs").read_bytes() == before


def test_export_of_nothing(tmp_path):
    with pytest.raises(UserError, match="no run.json below it"):
        exchange.export(tmp_path, tmp_path, tmp_path / "out")
