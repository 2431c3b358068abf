"""make notices an environment that was made in another folder."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.skipif(shutil.which("make") is None, reason="no make here")
@pytest.mark.parametrize("moved", [True, False])
def test_an_environment_of_another_folder_is_made_again(moved, tmp_path):
    home = tmp_path / "with blank" / "here"
    (home / ".venv" / "bin").mkdir(parents=True)
    shutil.copy(ROOT / "Makefile", home)
    where = tmp_path / "elsewhere" if moved else home
    (home / ".venv" / "bin" / "pip").write_text(f"#!{where}/.venv/bin/python\n")
    done = subprocess.run(["make", "-n", "help"], cwd=home, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert (f"{home}/.venv was made in another folder: it is made again" in done.stdout) is moved
