"""What is checked before a lock is installed: one line each, and only what is fatal stops."""

import subprocess
import sys
from pathlib import Path

import pytest
from score_mlx.system import conditions, device

ROOT = Path(__file__).resolve().parents[3]


def machine(patch, system="linux", processor="x86_64", glibc="2.36", driver="580.65.06", mac="15.1", rosetta=False):
    """The machine as one like this."""
    patch.setattr(conditions.sys, "platform", system)
    patch.setattr(conditions.platform, "machine", lambda: processor)
    patch.setattr(conditions.platform, "mac_ver", lambda: (mac, ("", "", ""), processor))
    patch.setattr(conditions, "_glibc", lambda: glibc)
    patch.setattr(conditions, "_under_rosetta", lambda: rosetta)
    patch.setattr(device, "driver", lambda: driver)


@pytest.mark.parametrize(
    ("lock", "has", "says"),
    [
        ("linux-cpu", {}, ""),
        ("linux-cpu", {"driver": None}, ""),
        ("linux-cpu", {"glibc": "2.31"}, "glibc 2.31: expected 2.35 or newer"),
        ("linux-cpu", {"glibc": ""}, ""),  # another C library: pip says what it lacks
        ("linux-cpu", {"processor": "riscv64"}, "processor riscv64: MLX has no wheel for it"),
        ("linux-cpu", {"system": "darwin"}, "system darwin: expected Linux"),
        ("linux-cuda", {}, ""),
        ("linux-cuda", {"driver": "1080.1"}, ""),
        (
            "linux-cuda",
            {"driver": "575.57.08"},
            "NVIDIA driver 575.57.08: expected 580 or newer, for CUDA 13; to train",
        ),
        ("linux-cuda", {"driver": None}, "no NVIDIA driver: expected 580 or newer; to train on the CPU"),
        ("linux-cuda", {"glibc": "2.34"}, "glibc 2.34"),
        ("macos", {"system": "darwin", "processor": "arm64"}, ""),
        ("macos", {"system": "darwin", "processor": "arm64", "mac": "13.6.1"}, "macOS 13.6.1: expected 14 or newer"),
        ("macos", {"system": "darwin", "processor": "x86_64"}, "processor x86_64: MLX is for Apple silicon"),
        ("macos", {"system": "darwin", "processor": "x86_64", "rosetta": True}, "Python for Intel on Apple silicon"),
        ("macos", {}, "system linux: expected macOS"),
    ],
)
def test_what_stops_an_installation(monkeypatch, lock, has, says):
    machine(monkeypatch, **has)
    needed = [lack.what for lack in conditions.lacks(lock) if lack.needed]
    assert len(needed) == bool(says) and says in "".join(needed)


def test_libomp_is_only_noted(monkeypatch, tmp_path, capsys):
    machine(monkeypatch, system="darwin", processor="arm64")
    monkeypatch.setattr(conditions, "LIBOMP", (tmp_path / "libomp.dylib",))
    assert conditions.main("envs/macos.lock") == 0
    assert capsys.readouterr().err == (
        "note: no libomp: LightGBM and XGBoost will not load, everything else works; brew install libomp\n"
    )
    (tmp_path / "libomp.dylib").touch()
    assert conditions.lacks("macos") == []


@pytest.mark.skipif(sys.platform != "linux", reason="of Linux")
def test_it_runs_before_anything_is_installed(tmp_path):
    """By the system's own Python, without site-packages; this machine meets what its own lock needs."""
    command = [sys.executable, "-I", "-S", "-c"]
    code = f"import sys; sys.path.insert(0, {str(ROOT / 'workflow')!r}); "
    code += "from score_mlx.system.conditions import main; sys.exit(main('envs/linux-cpu.lock'))"
    done = subprocess.run([*command, code], capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_make_stops_before_it_installs(tmp_path):
    """A lock for a machine that this one is not: nothing is made, the reason is one line."""
    lock = "linux-cuda" if sys.platform == "darwin" or device.driver() is None else "macos"
    said = subprocess.run(
        ["make", "--no-print-directory", "-f", ROOT / "Makefile", f"PYTHON={sys.executable}", f"LOCK=envs/{lock}.lock"]
        + [f"VENV={tmp_path / 'venv'}", f"{tmp_path / 'venv'}/.locked"],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert said.returncode == 2 and not (tmp_path / "venv").exists()
    assert said.stderr.startswith("error: ") and "expected" in said.stderr
