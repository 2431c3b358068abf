"""Targets of any size: errors and predictions in their unit, learnt as well as targets of size 1."""

import json

import numpy as np
import pytest

TRAIN = {
    "graph": ["train", "graph", "--arch", "gcn", "--config", "SCORE", "--hidden", "8", "--epochs", "3"],
    "dense": ["train", "dense", "--network", "mlp", "--epochs", "3"],
    "svr": ["train", "classical", "--method", "svr"],
}


@pytest.fixture
def trained(folder, command):
    """`trained(size, offset, how)`: the record's path, of ten alkanes with targets offset + size x length."""

    def run(size: float, offset: float, how: str):
        rows = "".join(f"{'C' * n},{offset + size * n!r}\n" for n in range(1, 11))
        (folder / "my.csv").write_text("smiles,y\n" + rows)
        name = f"my{len(list(folder.glob('results/data/*')))}"
        columns = ("--smiles-column", "smiles", "--target-column", "y", "--target-unit", "mol/L")
        assert command("data", "prepare", "my.csv", f"results/data/{name}", *columns)[0] == 0
        code, _, err = command(*TRAIN[how], "--dataset", name)
        assert code == 0, err
        (path,) = folder.glob(f"results/runs/{name}/**/run.json")
        return path

    return run


@pytest.mark.parametrize("how", TRAIN)
@pytest.mark.parametrize(("size", "offset"), [(1e-5, 0.0), (1e9, 0.0), (1e-12, 0.0), (1.0, 1e6)])
def test_a_target_learns_the_same_at_any_size(how, size, offset, trained, folder, command):
    plain = json.loads(trained(1.0, 0.0, how).read_text())
    path = trained(size, offset, how)
    record = json.loads(path.read_text())
    assert record["spec"]["scale_targets"] is True and "scale_targets=true" in str(path)
    for ours, theirs in zip(record["folds"], plain["folds"], strict=True):
        assert ours["target_scale"] == pytest.approx(np.multiply(theirs["target_scale"], size) + [offset, 0], rel=1e-6)
        assert ours["rmse"] == pytest.approx(np.multiply(theirs["rmse"], size), rel=0.02)  # libsvm stops early
    if how == "svr":
        return
    code, out, err = command("predict", path, "my.csv")
    assert code == 0, err
    predicted = [float(line.split(",")[2]) for line in out.splitlines()[1:]]
    assert np.mean(predicted) == pytest.approx(offset + 5.5 * size, rel=0.5)
    spreads = [float(line.split(",")[3]) for line in out.splitlines()[1:]]
    for line, spread in zip(out.splitlines()[1:], spreads, strict=True):  # however large the offset, folds can be told
        assert np.std([float(cell) for cell in line.split(",")[4:9]]) == pytest.approx(spread, rel=0.01)


def test_what_was_not_scaled_warns(folder, command, trained):
    trained(1e-5, 0.0, "graph")
    code, _, err = command(*TRAIN["graph"], "--dataset", "my0", "--no-scale-targets")
    assert code == 0
    assert "my0: targets have a standard deviation of 2.87e-05 and are learnt unscaled" in err
    records = [path for path in folder.glob("results/runs/**/run.json") if "scale_targets" not in str(path.parent.name)]
    assert "target_scale" not in json.loads(records[0].read_text())["folds"][0]


def test_a_table_has_digits_target_and_unit(folder, command, trained):
    path = trained(1e-5, 0.0, "graph")
    code, _, err = command("table", "2", path, "--kind", "models", "--out", "t.csv")
    assert code == 0, err
    for suffix in ("md", "tex"):
        said = (folder / f"t.{suffix}").read_text()
        assert "RMSE of y in mol/L" in said and "e-05" in said and "0.000" not in said
