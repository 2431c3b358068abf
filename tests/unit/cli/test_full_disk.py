"""A disk without room: one line that names the file, the file of before still there, nothing beside it."""

import resource

import mlx.core as mx
import numpy as np
import pytest
from score_mlx import cli
from score_mlx.system.arrays import save_arrays
from score_mlx.system.errors import UserError
from score_mlx.system.files import replacing, write_text

ROOM = 10_000  # bytes a file may have in these tests


@pytest.fixture
def little_room():
    """Files of this process end at ROOM bytes, as on a disk that is full by then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_arrays_without_room_leave_the_file_of_before(tmp_path, little_room):
    path = tmp_path / "weights" / "fold0-best.safetensors"
    save_arrays(path, {"w": mx.zeros(10)})
    before = path.read_bytes()
    with pytest.raises(UserError, match=r"fold0-best\.safetensors: cannot be written \(.*\), \d+ MB are free there"):
        save_arrays(path, {"w": mx.zeros(ROOM)})
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_text_and_numbers_without_room_name_their_file(tmp_path, little_room, monkeypatch, capsys):
    with pytest.raises(OSError, match=r"table\.csv"):
        write_text(tmp_path / "table.csv", "x" * 2 * ROOM)

    def features(**_):
        with replacing(tmp_path / "features.npz") as temporary:
            np.savez(temporary, x=np.zeros(ROOM))

    monkeypatch.setattr(cli, "app", features)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    assert capsys.readouterr().err == f"error: {tmp_path / 'features.npz'}: File too large\n"
    assert not list(tmp_path.iterdir())


def test_metadata_are_optional(tmp_path):
    save_arrays(tmp_path / "a.safetensors", {"w": mx.arange(3)})
    mx.save_safetensors(str(tmp_path / "b.safetensors"), {"w": mx.arange(3)})
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()
    save_arrays(tmp_path / "c.safetensors", {"w": mx.arange(3)}, {"signature": "mine"})
    assert mx.load(str(tmp_path / "c.safetensors"), return_metadata=True)[1]["signature"] == "mine"
