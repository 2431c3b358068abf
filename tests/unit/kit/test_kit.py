"""The kit for a borrowed machine: parts, what is refused, and once the whole way in a bare folder without network."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from score_mlx.kit import pack, portable
from score_mlx.models.classical.spec import ClassicalSpec
from score_mlx.models.dense.spec import DenseSpec
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.runs.records import read_meta
from score_mlx.system.errors import UserError

ROOT = Path(__file__).resolve().parents[3]


def written(tmp_path, size=1000):
    (tmp_path / "big").write_bytes(os.urandom(5000))
    files = [("a/big", tmp_path / "big"), ("b.txt", b"text"), ("empty", b"")]
    return portable.write(tmp_path / "kit", files, size, {"kind": "test"})


def test_parts_keep_to_the_size_and_give_back_what_went_in(tmp_path):
    manifest = written(tmp_path)
    sizes = [(tmp_path / "kit" / part["name"]).stat().st_size for part in manifest["parts"]]
    assert sizes == [part["bytes"] for part in manifest["parts"]]
    assert len(sizes) > 5 and max(sizes) == 1000
    assert portable.read(tmp_path / "kit", tmp_path / "back") == manifest
    assert (tmp_path / "back" / "a" / "big").read_bytes() == (tmp_path / "big").read_bytes()
    assert (tmp_path / "back" / "b.txt").read_bytes() == b"text" and (tmp_path / "back" / "empty").read_bytes() == b""


def test_the_same_files_give_the_same_parts(tmp_path):
    first = written(tmp_path)["parts"]
    again = portable.write(
        tmp_path / "two", [("a/big", tmp_path / "big"), ("b.txt", b"text"), ("empty", b"")], 1000, {}
    )
    assert first == again["parts"]


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (lambda kit: (kit / "part.tar.xz.002").unlink(), "part.tar.xz.002: no such file, expected"),
        (lambda kit: (kit / "part.tar.xz.001").write_bytes(b"x"), "part.tar.xz.001: another checksum"),
        (lambda kit: (kit / "kit.json").write_text("{}"), "kit.json: expected the list of a kit's parts"),
        (lambda kit: (kit / "kit.json").unlink(), "kit.json: expected the list of a kit's parts"),
    ],
)
def test_what_was_damaged_on_the_way_is_named_and_nothing_unpacked(tmp_path, harm, says):
    written(tmp_path)
    harm(tmp_path / "kit")
    with pytest.raises(portable.KitError, match=says):
        portable.read(tmp_path / "kit", tmp_path / "back")
    assert not (tmp_path / "back").exists()
    with pytest.raises(UserError, match=says):
        pack.take(tmp_path / "kit", tmp_path / "results")


def test_an_archive_cannot_write_outside_its_folder(tmp_path):
    portable.write(tmp_path / "kit", [("../outside", b"x")], 1000, {})
    with pytest.raises(Exception, match="outside"):
        portable.read(tmp_path / "kit", tmp_path / "back")
    assert not (tmp_path / "outside").exists()


def test_another_python_is_refused_before_anything_is_unpacked(tmp_path, capsys):
    portable.write(tmp_path / "kit", [("a", b"x")], 1000, {"python": "3.99"})
    assert portable.main(["--kit", str(tmp_path / "kit"), "--work", str(tmp_path / "work")]) == 2
    assert "expected 3.99, for which the kit was packed" in capsys.readouterr().err
    assert not (tmp_path / "work").exists()


def test_records_come_back_first_and_never_more_than_may(tmp_path, capsys):
    done, begun = (tmp_path / "project" / "results" / "runs" / name for name in ("done", "begun"))
    for file, size in {
        done / "run.json": 10, done / "run.meta.json": 10, done / "weights" / "best.safetensors": 500,
        done / "checkpoints" / "last.safetensors": 50, begun / "losses.csv": 10,
        begun / "checkpoints" / "last.safetensors": 300, begun / "checkpoints" / ".last-abc.safetensors": 1,
    }.items():  # fmt: skip
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x" * size)
    portable.collect(tmp_path, tmp_path / "out", 10_000, 400)
    assert "left out, larger than what may come back: project/results/runs/done/weights" in capsys.readouterr().out
    portable.read(tmp_path / "out", tmp_path / "back")
    files = {path.relative_to(tmp_path / "back" / "runs").as_posix() for path in (tmp_path / "back").rglob("*.*")}
    assert files == {"done/run.json", "done/run.meta.json", "begun/losses.csv", "begun/checkpoints/last.safetensors"}


def options(tmp_path):
    return {"root": ROOT, "results": tmp_path, "preset": "paper", "size": 10**7}


def test_what_a_kit_cannot_train_is_refused(tmp_path):
    with pytest.raises(UserError, match="a kit trains graphs, dense, language, expected one of them"):
        lasso = ClassicalSpec.variant("lasso")("esol", "lasso")
        pack.pack([(lasso, None)], tmp_path / "kit", **options(tmp_path))
    with pytest.raises(UserError, match="nothing to pack"):
        pack.pack([], tmp_path / "kit", **options(tmp_path))
    with pytest.raises(UserError, match=r"macos.lock: a kit is for linux-cpu or linux-cuda"):
        pack.pack([(DenseSpec("esol", "mlp"), None)], tmp_path / "kit", lock=Path("macos.lock"), **options(tmp_path))
    assert not (tmp_path / "kit").exists()


def isolated(*command):
    """A command without network, as far as this machine lets one take it away."""
    unshare = shutil.which("unshare")
    alone = unshare and subprocess.run([unshare, "-rn", "true"], capture_output=True).returncode == 0
    return [unshare, "-rn", *command] if alone else list(command)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="a kit is for Linux")
def test_the_whole_way_in_a_bare_folder_without_network(tmp_path):
    """Packed by the command, run by the system's Python in an empty environment, a limit that stops one run, taken in
    and gone on with."""
    short, long = DenseSpec("nci", "mlp", epochs=2), GraphSpec("nci", "gcn", "SCORE", hidden=8, steps=1, epochs=100_000)
    home = tmp_path / "home"
    home.mkdir()
    (home / "list.txt").write_text(f"{short.path('results/runs')} 0.001\n{long.path('results/runs')} 0.001\n")
    environment = os.environ | {"PYTHONPATH": str(ROOT / "workflow")}
    score = [sys.executable, "-m", "score_mlx", "kit"]
    packing = [*score, "pack", "list.txt", "--out", "kit", "--part-mb", "9", "--compression", "0"]
    subprocess.run(packing, cwd=home, env=environment, check=True, capture_output=True)
    parts = list((home / "kit").glob("part.*"))
    assert len(parts) > 2 and all(part.stat().st_size <= 9_000_000 for part in parts)

    bare = tmp_path / "bare"
    shutil.copytree(home / "kit", bare / "kit")
    python = os.path.realpath(sys.executable)
    there = isolated(python, "-I", "kit/run.py", "--hours", "0.02", "--cores", "1", "--out", "out")
    done = subprocess.run(there, cwd=bare, env={"PATH": "/usr/bin:/bin"}, text=True, capture_output=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 done, 1 stopped" in done.stdout and "1 records" in done.stdout

    taking = [*score, "take", str(bare / "out"), "--results", "results"]
    said = subprocess.run(taking, cwd=home, env=environment, check=True, text=True, capture_output=True).stdout
    assert said == "1 records taken in, 0 were there already, 1 runs go on from checkpoints\n"
    record = short.path(home / "results" / "runs")
    meta = read_meta(record)
    assert meta.adopted_from == str(bare / "out" / short.path("runs").parent)
    assert meta.commit is None or len(meta.commit.removesuffix("-dirty")) == 40
    assert json.loads(record.read_text())["spec"] == short.as_dict()
    assert list(long.path(home / "results" / "runs").parent.glob("checkpoints/*.safetensors"))
