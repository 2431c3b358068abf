"""A benchmark on several processors, side by side."""

import json
from pathlib import Path

import pytest
from score_mlx.bench import processors
from score_mlx.system.errors import UserError

REFERENCE = Path(__file__).parents[3] / "results" / "reference"
HEAD = "architecture,form,engine,seconds_per_epoch,gflop_per_epoch,ratio_to_pyg,ratio_to_chemprop,ratio_to_roofline\n"


@pytest.fixture
def measured(tmp_path):
    folder = tmp_path / "results"
    folder.mkdir()
    rows = "gat,SCORE,score-mlx,0.2,7,0.25,,1.5\ngat,SCORE,roofline,0.1,7,,,\ndmpnn,base,score-mlx,0.3,7,,0.333,2\n"
    (folder / "bench.csv").write_text(HEAD + rows)
    (folder / "bench_language.csv").write_text(
        'model,engine,tokens_per_second,ratio_to_pytorch\n"nanoGPT, d = 64",score-mlx,6350,2.5\n'
    )
    return folder


def test_a_column_a_processor(tmp_path, measured):
    collection = tmp_path / "processors"
    processors.add(collection, measured, "Intel, of one kind", "abc1234")
    (measured / "bench.csv").write_text(HEAD + "gat,SCORE,score-mlx,0.2,7,0.5,,1.5\n")
    processors.add(collection, measured, "AMD, of another", "def5678")
    assert sorted(path.name for path in collection.iterdir()) == ["amd-of-another", "intel-of-one-kind"]
    lines = processors.table(collection).splitlines()
    assert lines[0] == "| | AMD, of another | Intel, of one kind |"
    assert "| SCORE_gat: time over PyTorch Geometric's | 0.50 | 0.25 |" in lines
    assert "| dmpnn: time over Chemprop's |  | 0.33 |" in lines
    assert "| nanoGPT, d = 64: time over PyTorch's | 0.40 | 0.40 |" in lines
    assert "| large product, GFLOP/s on one core |  | 70 |" in lines
    assert lines[-1] == "Commits that were measured: AMD, of another: def5678; Intel, of one kind: abc1234."


def test_the_committed_table_is_that_of_the_committed_benchmarks():
    assert processors.table(REFERENCE / "processors") == (REFERENCE / "bench_processors.md").read_text(encoding="utf-8")


def test_a_processor_again_takes_its_place(tmp_path, measured):
    for commit in ("abc1234", "def5678"):
        processors.add(tmp_path / "processors", measured, "AMD", commit)
    about = json.loads((tmp_path / "processors" / "amd" / "about.json").read_text())
    assert about == {"processor": "AMD", "commit": "def5678"}


def test_half_a_benchmark_is_refused(tmp_path, measured):
    (measured / "bench_language.csv").unlink()
    with pytest.raises(UserError, match="bench_language.csv: not found"):
        processors.add(tmp_path / "processors", measured, "AMD", "abc1234")
    assert not (tmp_path / "processors" / "amd" / "about.json").exists()
