"""Reading, writing and refusing run records."""

import json
import math

import made_up_records as made_up
import pytest
from pydantic import ValidationError
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.runs import records
from score_mlx.runs.records import dumps, finite
from score_mlx.system.errors import UserError


def record() -> dict:
    return made_up.record(GraphSpec("esol", "gat", "SCORE", epochs=3))


def written(folder, **changes):
    """The path of a record with some top-level keys changed; None removes a key."""
    content = {key: value for key, value in (record() | changes).items() if value is not None}
    path = folder / "run.json"
    path.write_text(json.dumps(content))
    return path


def refused(path) -> str:
    """The one line that says why."""
    with pytest.raises(UserError) as error:
        made_up.stored(path)
    message = str(error.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    return message


def test_written_and_read(tmp_path):
    made_up.write(tmp_path, record(), made_up.meta())
    assert made_up.stored(tmp_path / "run.json") == record()
    assert (
        made_up.stored_meta(tmp_path / "run.json") == made_up.stored_meta(tmp_path / "run.meta.json") == made_up.meta()
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run.json", "run.meta.json"]


def test_same_record_same_bytes(tmp_path):
    """Whatever the order of keys; lists of numbers take one line."""
    backwards = dict(reversed(record().items()))
    for name, content in (("one", record()), ("two", backwards)):
        made_up.write(tmp_path / name, content, made_up.meta())
    text = (tmp_path / "one" / "run.json").read_text()
    assert text == (tmp_path / "two" / "run.json").read_text() == dumps(record())
    assert json.loads(text) == record()
    assert text.endswith("}\n")
    assert f'"rmse": {json.dumps(record()["folds"][0]["rmse"])}' in text


def test_nothing_is_written_that_could_not_be_read(tmp_path):
    for bad in ({"parameters": "many"}, {"extra": 1}):
        with pytest.raises(ValidationError):
            made_up.write(tmp_path, record() | bad, made_up.meta())
    infinite = record()
    infinite["folds"][0]["rmse"][0] = math.inf
    with pytest.raises(ValidationError):
        made_up.write(tmp_path, infinite, made_up.meta())
    with pytest.raises(ValidationError):
        made_up.write(tmp_path, record(), {"seconds": 1.0})
    assert list(tmp_path.iterdir()) == []


def test_missing(tmp_path):
    assert "no such file" in refused(tmp_path / "run.json")


def test_a_folder(tmp_path):
    (tmp_path / "run.json").mkdir()
    refused(tmp_path / "run.json")


@pytest.mark.parametrize("content", [b"", b"not json", b'{"schema": 1', b"\xff\xfe", b"[" * 100_000])
def test_not_json(content, tmp_path):
    path = tmp_path / "run.json"
    path.write_bytes(content)
    assert "not a run record" in refused(path)


def test_too_large(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "_LARGEST", 100)
    assert "expected a record of at most 100" in refused(written(tmp_path))


def test_wrong_type_names_the_key_and_what_was_found(tmp_path):
    assert "parameters" in refused(written(tmp_path, parameters="many"))
    assert "'many'" in refused(written(tmp_path, parameters="many"))
    assert "integer" in refused(written(tmp_path, parameters=1.5))
    folds = record()["folds"]
    folds[2]["rmse"][1] = "0.5"
    assert "folds.2.rmse.1" in refused(written(tmp_path, folds=folds))


def test_missing_and_extra_keys_are_named(tmp_path):
    assert "last: Field required" in refused(written(tmp_path, last=None))
    assert "surprise: Extra inputs are not permitted" in refused(written(tmp_path, surprise=1))
    dataset = made_up.ESOL | {"colour": "red"}
    assert "dataset.colour" in refused(written(tmp_path, dataset=dataset))


def test_another_schema(tmp_path):
    assert "schema" in refused(written(tmp_path, schema=2))


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_json_that_is_not_a_number(value, tmp_path):
    path = tmp_path / "run.json"
    path.write_text(dumps(record()).replace('"parameters": 101000', f'"parameters": {value}'))
    assert value in path.read_text()
    refused(path)


def test_meta_may_hold_more_but_not_less(tmp_path):
    path = tmp_path / "run.meta.json"
    path.write_text(json.dumps(made_up.meta() | {"note": "kept"}))
    assert made_up.stored_meta(path)["note"] == "kept"
    path.write_text(json.dumps({"seconds": 1.0}))
    with pytest.raises(UserError, match="started"):
        made_up.stored_meta(path)


def test_finite():
    assert finite(0.123456789) == 0.1234568
    assert finite(1e-12) == 1e-12
    assert [finite(value) for value in (math.nan, math.inf, -math.inf)] == [None, None, None]


def test_summary():
    """Lowest error and its epoch, counted from 1; a tie goes to the earlier; null never wins."""
    curves = [[0.7, 0.5, 0.6], [None, 0.9, None], [0.4, 0.0], [0.4, 0.4], [None, None]]
    folds = [{"fold": 0, "train": 1, "test": 1, "train_loss": [], "rmse": curve} for curve in curves]
    assert made_up.summary(folds) == {
        "best": {"rmse": [0.5, 0.9, 0.0, 0.4, None], "epoch": [2, 2, 2, 1, None]},
        "last": {"rmse": [0.6, None, 0.0, 0.4, None]},
    }


def test_environment_says_with_what():
    found = records.environment("graphs")
    assert set(found) == {"host", "device", "platform", "versions", "commit", "runtime"}
    assert found["device"].startswith(("cpu: ", "gpu: "))
    assert {"python", "blas", "mlx", "numpy", "rdkit"} <= set(found["versions"])
    without = records.environment("classical")["versions"]  # a tree's job does not import MLX
    assert {"python", "catboost", "rdkit"} <= set(without) and not {"blas", "mlx"} & set(without)
