"""Bad input: how a case is run."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from score_mlx import cli
from typer.testing import CliRunner

HERE = Path(__file__).resolve().parent


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    """The working directory, empty at first."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def command(monkeypatch, capsys) -> Callable[..., tuple[int, str, str]]:
    """`score-mlx` with these arguments, in this process: exit code, standard output, standard error."""

    def run(*arguments) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["score-mlx", *map(str, arguments)])
        capsys.readouterr()
        try:
            cli.main()
            code = 0
        except SystemExit as end:
            code = end.code
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def refused(command, folder) -> Callable[..., None]:
    """The command ends with exit code 2 and one line with these words, and leaves every file as it was.

    `log`: how lines start that may come before, such as those of attempts to download.
    """

    def check(arguments, *words: str, log: str | None = None) -> None:
        before = contents(folder)
        code, out, err = command(*arguments)
        assert (code, out) == (2, ""), err
        *before_it, line = err.splitlines()
        assert line.startswith("error: ") and all(log and text.startswith(log) for text in before_it), err
        for word in words:
            assert word in line, err
        assert len(line) < 1500, "a line that nobody can read"
        assert contents(folder) == before

    return check


@pytest.fixture(scope="session")
def _trained(tmp_path_factory) -> Path:
    """A results folder with one small graph network, trained on ten molecules."""
    here, home = tmp_path_factory.mktemp("trained"), Path.cwd()
    (here / "ten.csv").write_text("smiles,y\n" + "".join(f"{'C' * n},{n}\n" for n in range(1, 11)))
    prepare = ["data", "prepare", "ten.csv", "results/data/ten", "--smiles-column", "smiles", "--target-column", "y"]
    train = ["train", "graph", "--arch", "gcn", "--config", "SCORE", "--dataset", "ten", "--epochs", "1"]
    os.chdir(here)
    try:
        for arguments in (prepare, [*train, "--hidden", "8"]):
            assert CliRunner().invoke(cli.app, arguments).exit_code == 0
    finally:
        os.chdir(home)
    return here / "results"


@pytest.fixture
def model(folder, _trained) -> Path:
    """The record of a small graph network, in a results folder of the working directory."""
    shutil.copytree(_trained, folder / "results")
    (record,) = (folder / "results" / "runs").rglob("run.json")
    return record.relative_to(folder)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, hidden ones too."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.hookimpl(tryfirst=True)  # before -m chooses
def pytest_collection_modifyitems(items) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("badinput")
