"""`score-mlx doctor`: what it says of a machine, and of one where something is absent; help and completion."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from score_mlx import cli
from score_mlx.cli import checks
from score_mlx.cli.checks import Check, State
from typer.testing import CliRunner

ROOT = Path(__file__).resolve().parents[3]


def page(code=0):
    done = CliRunner().invoke(cli.app, ["doctor"])
    assert done.exit_code == code, done.output
    return done.output


def test_the_page_names_what_computes_and_what_is_there(monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(checks, "data", lambda: [])  # raw files may lie here or not
    shown = page()
    for what in ("Python", "processor", "MLX", "device", "BLAS", "kernels", "compiler", "catboost", "project"):
        assert re.search(rf"^(ok|note) +{what} ", shown, re.MULTILINE), what
    assert re.search(r"^ok +speed +[1-9]\d* GFLOP/s", shown, re.MULTILINE)
    assert re.search(r"^All \d+ checks passed", shown, re.MULTILINE)


def test_what_is_missing_is_named_with_its_remedy_and_an_exit_code(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr("sys.version_info", (3, 10, 1))
    monkeypatch.setattr("score_mlx.cli.doctor.CHECKS", (checks.python, checks.compiler, checks.programs))
    shown = page(code=1)
    assert re.search(r"^MISSING +Python .*\n +-> .*PYTHON=python3.12", shown, re.MULTILINE)
    assert re.search(r"^MISSING +compiler +no g\+\+\n +-> .*apt install g\+\+", shown, re.MULTILINE)
    assert re.search(r"^note +sbatch +not found; only for jobs on Slurm", shown, re.MULTILINE)  # optional: no failure
    assert "2 of 6 checks failed: Python, compiler" in shown


@pytest.mark.parametrize(("code", "state"), [(0, State.OK), (1, State.NOTE)])
def test_docker_counts_where_its_daemon_answers(code, state, tmp_path, monkeypatch):
    docker = tmp_path / "docker"
    docker.write_text(f"#!/bin/sh\nexit {code}\n")
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    (found,) = (check for check in checks.programs() if check.what == "docker")
    assert found.state is state and str(docker) in found.found and ("no daemon answers" in found.found) == bool(code)


def test_a_library_that_cannot_be_loaded_is_missing(monkeypatch):
    def without_openmp(name):
        raise OSError("libomp.dylib: no such file") if name == "lightgbm" else ImportError(name)

    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(checks.importlib, "import_module", without_openmp)
    found = {check.what: check for check in checks.libraries()}
    assert found["lightgbm"].state is State.MISSING and "libomp" in found["lightgbm"].found
    assert found["lightgbm"].remedy.startswith("brew install libomp")


def test_raw_files_are_found_by_their_checksum(tmp_path, monkeypatch):
    (tmp_path / "config.yaml").write_text("data_folders: [raw]\n")
    (tmp_path / "Snakefile").touch()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "sources.yaml").write_text((ROOT / "data" / "sources.yaml").read_text())
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "tinyshakespeare.txt").write_text("another text")
    monkeypatch.chdir(tmp_path)
    states = {check.what: check.state for check in checks.data()}
    assert states["data tinyshakespeare"] is State.MISSING and states["data esol"] is State.NOTE


def test_without_a_project_the_page_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(checks, "_home", lambda: tmp_path)
    assert checks.data() == [
        Check(State.NOTE, "project", "no config.yaml here", "run this command in a copy of the project's repository")
    ]


def test_a_package_of_another_version_than_the_lock_is_named(monkeypatch):
    monkeypatch.setattr(checks, "_version", {"a": "1.0", "b": "2.1", "c": "3.0"}.get)
    lock = "a==1.0 \\\n    --hash=sha256:0\nb==2.0 \\\nc==2.9 ; python_version < '3.12' \\\nc==3.0 \\\nabsent==1 \\\n"
    assert checks.differing(lock) == ["b 2.1 (lock: 2.0)"]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("score-mlx doc", {"doctor"}),
        ("score-mlx train graph --arch ga", {"gat", "gatv2"}),
        ("score-mlx train classical --method l", {"lightgbm", "lasso"}),
    ],
)
def test_a_shell_completes_commands_and_choices(words, offered):
    environment = os.environ | {
        "PYTHONPATH": str(ROOT / "workflow"),
        "_SCORE_MLX_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
    }
    program = "from score_mlx.cli import app; app(prog_name='score-mlx')"
    done = subprocess.run([sys.executable, "-c", program], env=environment, text=True, capture_output=True)
    assert set(done.stdout.split()) == offered, done.stderr


def test_make_help_lists_every_target_by_group():
    shown = subprocess.run(["make", "-s", "help"], cwd=ROOT, text=True, capture_output=True, check=True).stdout
    targets = re.findall(r"^([a-z][a-z0-9-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert re.findall(r"^  make ([a-z0-9-]+) ", shown, re.MULTILINE) == [name for name in targets if name != "help"]
    assert re.findall(r"^[A-Z]\w+$", shown, re.MULTILINE) == ["Start", "Results", "Tests", "Development"]
    assert "Settings: PYTHON=" in shown
