"""The challenge's corpus by network: shards from a server of this machine, the lock of their checksums, its tokens."""

import json

import failing_server
import numpy as np
import pytest
from score_mlx.data.download import Limits
from score_mlx.data.text import climbmix
from score_mlx.system.errors import UserError

QUICK = Limits(attempts=2, timeout=1, total=2, pause=0.01)
RNG = np.random.default_rng(0)
DOCUMENTS = [" ".join("".join(RNG.choice(list("abcdefgh"), 5)) for _ in range(300)) for _ in range(40)]


@pytest.fixture
def server():
    with failing_server.serving() as running:
        yield running


def fetch(folder, server, what="good", numbers=(0,)):
    url = f"{server.url}/{what}"
    return climbmix.shards([folder], numbers, url=url, limits=QUICK, log=lambda line: None)


def test_the_first_download_is_written_into_the_lock(tmp_path, server):
    (path,) = fetch(tmp_path, server)
    assert path.read_bytes() == failing_server.CONTENT
    lock = json.loads((tmp_path / "climbmix" / "climbmix.lock.json").read_text())
    assert lock == {"shard_00000.parquet": failing_server.CHECKSUM}
    fetch(tmp_path, server)
    assert len(server.asked) == 1  # what is there is not fetched again


def test_other_bytes_than_the_first_time_are_refused(tmp_path, server):
    (path,) = fetch(tmp_path, server)
    path.write_bytes(b"tampered")
    with pytest.raises(UserError, match=f"{path}: sha256 .*, expected {failing_server.CHECKSUM}"):
        fetch(tmp_path, server)
    path.unlink()
    with pytest.raises(UserError, match="wrong checksum"):
        fetch(tmp_path, server, "other")
    assert not path.exists()
    fetch(tmp_path, server)  # the right bytes are welcome again


@pytest.mark.parametrize(("what", "line"), [("cut", "ended after"), ("cut_silently", "announces no length")])
def test_a_part_never_passes_for_the_whole(what, line, tmp_path, server):
    with pytest.raises(UserError, match=line):
        fetch(tmp_path, server, what)
    assert not list((tmp_path / "climbmix").glob("*"))


def test_a_broken_lock(tmp_path, server):
    fetch(tmp_path, server)
    (tmp_path / "climbmix" / "climbmix.lock.json").write_text("[")
    with pytest.raises(UserError, match="not a file of checksums"):
        fetch(tmp_path, server)


def shards_of(folder, write):
    for place, number in enumerate((*climbmix.TRAIN_SHARDS, climbmix.VALIDATION_SHARD)):
        (folder / "climbmix").mkdir(exist_ok=True)
        write(folder / "climbmix" / f"shard_{number:05d}.parquet", DOCUMENTS[8 * place : 8 * place + 8])


def check(corpus):
    train, validation = corpus.divided()
    begin = len(corpus.vocabulary) - 4
    assert int((train == begin).sum()) == 32 and int((validation == begin).sum()) == 8
    assert corpus.decode(validation) == "".join(DOCUMENTS[32:40])  # the tokens that begin documents have no bytes
    assert corpus.decode(train) == "".join(DOCUMENTS[:32])
    assert len(corpus.vocabulary) == 8192 and corpus.info["stand_in"] is False


def test_documents_become_tokens(tmp_path, monkeypatch):
    shards_of(tmp_path, lambda path, texts: path.write_text(json.dumps(texts)))
    monkeypatch.setattr(climbmix, "download", None)  # all is there: nothing may be asked for
    check(climbmix.make([tmp_path], read=lambda path: iter(json.loads(path.read_text()))))


def test_shards_are_parquet(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is an extra: pip install pyarrow")
    import pyarrow

    def write(path, texts):
        parquet.write_table(pyarrow.table({"text": texts}), path, row_group_size=3)

    shards_of(tmp_path, write)
    check(climbmix.make([tmp_path]))
    bad = tmp_path / "climbmix" / "shard_00001.parquet"
    bad.write_bytes(b"PAR1 no")
    with pytest.raises(UserError, match=f"{bad}: not a shard of climbmix"):
        list(climbmix.parquet_documents(bad))
