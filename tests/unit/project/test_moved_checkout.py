"""make notices an environment that was made in another folder, or whose Python is gone."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.badinput

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.skipif(shutil.which("make") is None, reason="no make here")
@pytest.mark.parametrize("environment", [".venv", ".venv-bench", ".venv-docs", ".venv-lint"])
@pytest.mark.parametrize("what", ["as it was made", "moved", "its Python is gone"])
def test_an_environment_that_cannot_run_is_made_again(what, environment, tmp_path):
    home = tmp_path / "with blank" / "here"
    (home / environment / "bin").mkdir(parents=True)
    shutil.copy(ROOT / "Makefile", home)
    where = tmp_path / "elsewhere" if what == "moved" else home
    (home / environment / "bin" / "pip").write_text(f"#!{where}/{environment}/bin/python\n")
    python = "/nowhere/python3.11" if what == "its Python is gone" else sys.executable
    (home / environment / "bin" / "python").symlink_to(python)
    done = subprocess.run(["make", "-n", "help"], cwd=home, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    said = f"{home}/{environment} was made in another folder or its Python is gone: it is made again"
    assert (said in done.stdout) is (what != "as it was made")
