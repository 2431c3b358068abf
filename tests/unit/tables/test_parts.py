"""Tables that the paper prints in parts under one number."""

import csv
import json

import pytest
from score_mlx.system.errors import UserError
from score_mlx.tables.parts import join, wholes


def test_a_number_and_its_parts():
    assert wholes(["table6", "table7a", "table7b", "learnable_dt"]) == {"table7": ["table7a", "table7b"]}
    assert wholes(["table7", "table7a"]) == {}  # a name that is taken
    assert wholes(["table7a"]) == {}  # no whole of one part


def table(path, head, *rows):
    path.write_text("\n".join([head, *rows]) + "\n")
    for suffix in (".md", ".tex"):
        path.with_suffix(suffix).write_text(f"{path.stem}{suffix}\n")
    path.with_suffix(".json").write_text(json.dumps(path.stem))
    return path


def test_one_below_the_other(tmp_path):
    parts = [table(tmp_path / f"table7{name}.csv", "steps,score", f"2,{name}2", f"3,{name}3") for name in "ab"]
    join(parts, tmp_path / "table7.csv")
    with (tmp_path / "table7.csv").open(newline="") as file:
        rows = [",".join(row) for row in csv.reader(file)]
    assert rows == ["part,steps,score", "7a,2,a2", "7a,3,a3", "7b,2,b2", "7b,3,b3"]
    assert (tmp_path / "table7.md").read_text() == "table7a.md\n\ntable7b.md\n"
    assert json.loads((tmp_path / "table7.json").read_text()) == {"parts": ["table7a", "table7b"]}
    assert (tmp_path / "table7.tex").read_text() == "table7a.tex\n\ntable7b.tex\n"


def test_other_columns_are_refused_and_nothing_is_written(tmp_path):
    parts = [table(tmp_path / "table7a.csv", "steps,score", "2,1"), table(tmp_path / "table7b.csv", "steps", "2")]
    with pytest.raises(UserError, match=r"table7b.csv: columns steps, expected those of .*table7a.csv, steps, score"):
        join(parts, tmp_path / "table7.csv")
    assert not list(tmp_path.glob("table7.*"))
