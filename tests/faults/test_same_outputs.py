"""The comparison behind `make test-faults` and `make test-slurm`: it sees what differs and forgives what may."""

import pytest
from compare import differences, leftovers, outputs, resumed

TABLES = {
    "csv": 'model,rmse,seconds,cuts\na,{rmse},{seconds},"x, y"\n',
    "md": "| model | rmse |{pad} seconds |\n| ----- | ---: |{pad} ------: |\n| a | {rmse} |{pad} {seconds} |\n",
    "json": '{{"title": "T", "heads": ["model", "rmse", "seconds"], "rows": [["a", "{rmse}", "{seconds}"]]}}',
    "tex": "model & rmse & seconds \\\\\n\\midrule\na & {rmse} & {seconds} \\\\\n",
}


def finished(folder, rmse="-0.5", seconds="7", record="{}", resumes=0):
    """A results folder with a record, its tables, a log and what is volatile."""
    run = folder / "runs" / "x" / "run.json"
    run.parent.mkdir(parents=True)
    run.write_text(record)
    run.with_name("run.meta.json").write_text(f'{{"seconds": {seconds}, "resumed": {resumes}}}')
    (folder / "logs").mkdir()
    (folder / "logs" / "x.log").write_text(seconds)
    for suffix, text in TABLES.items():
        (folder / f"table1.{suffix}").write_text(text.format(rmse=rmse, seconds=seconds, pad=" " * len(seconds)))
    return folder


@pytest.fixture
def expected(tmp_path):
    return outputs(finished(tmp_path / "expected"))


def test_seconds_logs_and_metadata_may_differ(expected, tmp_path):
    other = finished(tmp_path / "other", seconds="1234", resumes=2)
    assert differences(expected, outputs(other)) == []
    assert set(expected) == {"runs/x/run.json", *(f"table1.{suffix}" for suffix in TABLES)}
    assert resumed(other) == 2


@pytest.mark.parametrize(
    ("change", "files"),
    [
        ({"rmse": "0.5"}, sorted(f"table1.{suffix}" for suffix in TABLES)),  # the sign counts
        ({"record": "{ }"}, ["runs/x/run.json"]),
    ],
)
def test_anything_else_is_named(change, files, expected, tmp_path):
    other = outputs(finished(tmp_path / "other", **change))
    assert differences(expected, other) == [f"{name}: other contents" for name in files]


def test_too_few_and_too_many_files_are_named(expected, tmp_path):
    other = finished(tmp_path / "other")
    (other / "table1.md").rename(other / "extra")
    assert differences(expected, outputs(other)) == ["extra: not there in an uninterrupted run", "table1.md: missing"]
    (other / "table1.csv").write_text("model,rmse\n")
    with pytest.raises(ValueError, match="0 lines that name commit, seconds"):
        outputs(other)


def test_what_a_killed_job_left_is_found(tmp_path):
    folder = finished(tmp_path / "other")
    (folder / "runs" / "x" / ".lock").touch()
    assert leftovers(folder) == []
    (folder / "runs" / "x" / "checkpoints").mkdir()
    for name in (".run-a1b2c3d4.json", "checkpoints/folds-0.safetensors"):
        (folder / "runs" / "x" / name).touch()
    assert [path.name for path in leftovers(folder)] == [".run-a1b2c3d4.json", "folds-0.safetensors"]
