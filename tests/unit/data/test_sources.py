"""Files from elsewhere: local folders first, then a network that fails in many ways, played by a server here."""

import hashlib
import time
from pathlib import Path

import pytest
import yaml
from failing_server import CHECKSUM, CONTENT, serving
from score_mlx.data import download
from score_mlx.data.download import Limits
from score_mlx.data.sources import load_sources, obtain
from score_mlx.system.errors import UserError

ROOT = Path(__file__).parents[3]
FAST = Limits(attempts=3, timeout=0.5, total=5, pause=0.01)


@pytest.fixture
def server():
    with serving() as server:
        yield server


def entry(urls, changes=None):
    known = {"bytes": len(CONTENT), "sha256": CHECKSUM, "citation": "none", "licence": "none"}
    return {"files": ["a.csv", "other-name.csv"], "urls": urls} | known | (changes or {})


@pytest.fixture
def project(tmp_path):
    """A project with data/sources.yaml, whose source `a` has the addresses given."""

    def make(*urls):
        (tmp_path / "data").mkdir(exist_ok=True)
        path = tmp_path / "data" / "sources.yaml"
        path.write_text(yaml.safe_dump({"a": entry(list(urls) or ["https://example.org/never-asked"])}))
        return path

    return make


def fetch(project, server, *paths, folders=(), limits=FAST):
    """Obtains source `a` from paths of the server; returns the output path and what was logged."""
    sources, lines = project(*(f"{server.url}/{p}" for p in paths)), []
    out = sources.parent.parent / "out" / "a.csv"
    return obtain("a", sources, folders, out, limits=limits, log=lines.append), lines


def failure(project, server, *paths, limits=FAST):
    """The one line with which obtaining source `a` fails; nothing may stay behind."""
    with pytest.raises(UserError) as error:
        fetch(project, server, *paths, limits=limits)
    text = str(error.value)
    assert "\n" not in text
    for path in paths:
        assert f"{server.url}/{path}" in text
    out = project().parent.parent / "out"
    assert not out.exists() or not list(out.iterdir())
    return text


def test_a_good_download(project, server):
    path, lines = fetch(project, server, "good")
    assert path.read_bytes() == CONTENT
    assert lines == [f"a: downloaded from {server.url}/good"]
    assert [p.name for p in path.parent.iterdir()] == ["a.csv"]


def test_what_is_there_is_not_fetched_again(project, server):
    path, _ = fetch(project, server, "good")
    before = path.stat()
    fetch(project, server, "good")
    assert server.asked == ["/good"]
    assert path.stat().st_mtime_ns == before.st_mtime_ns


def test_a_redirect_is_followed(project, server):
    assert fetch(project, server, "moved")[0].read_bytes() == CONTENT


def test_an_error_that_passes(project, server):
    path, lines = fetch(project, server, "recovers")
    assert path.read_bytes() == CONTENT
    assert server.asked == ["/recovers", "/recovers"]
    assert "answers 500" in lines[0]


def test_the_next_address_is_tried(project, server):
    path, _ = fetch(project, server, "absent", "busy", "other", "good")
    assert path.read_bytes() == CONTENT
    assert server.asked == ["/absent", "/busy", "/other", "/good"]


def test_an_error_that_stays(project, server):
    assert "answers 503" in failure(project, server, "busy")
    assert server.asked == ["/busy"] * 3


def test_what_will_not_change_is_asked_once(project, server):
    text = failure(project, server, "absent", "other")
    assert "answers 404" in text
    assert server.asked == ["/absent", "/other"]


def test_a_wrong_checksum_names_both(project, server):
    text = failure(project, server, "other")
    found = hashlib.sha256(b"<html>a page that says sorry</html>").hexdigest()
    assert f"found sha256 {found}" in text and f"expected {CHECKSUM}" in text


def test_more_bytes_than_expected_are_not_read(project, server):
    assert f"sends more than the {len(CONTENT)} bytes expected" in failure(project, server, "long")


@pytest.mark.parametrize("path", ["cut", "cut_silently"])
def test_a_truncated_file_is_asked_for_again(project, server, path):
    assert f"ended after 1000 of {len(CONTENT)} bytes" in failure(project, server, path)
    assert len(server.asked) == 3


def test_a_server_that_hangs(project, server):
    start = time.monotonic()
    text = failure(project, server, "hang", limits=Limits(attempts=2, timeout=0.2, pause=0.01))
    assert "timed out" in text
    assert time.monotonic() - start < 5


def test_a_server_that_drips(project, server):
    start = time.monotonic()
    text = failure(project, server, "drip", limits=Limits(attempts=1, timeout=1, total=0.3))
    assert "bytes after 0.3 seconds" in text
    assert time.monotonic() - start < 5


def test_nobody_there(project, server):
    server.url = "http://127.0.0.1:1"
    assert "refused" in failure(project, server, "good").lower()


def test_a_redirect_that_leaves_https_or_goes_in_circles(project, server):
    assert "redirects to http://example.org/good: expected an https address" in failure(project, server, "downgraded")
    assert "redirect" in failure(project, server, "circle")


@pytest.mark.parametrize("url", ["http://example.org/a", "ftp://127.0.0.1/a", "file:///etc/hosts", "a.csv"])
def test_only_https_but_on_this_machine(project, tmp_path, url):
    with pytest.raises(UserError, match="expected an https address"):
        obtain("a", project(url), [], tmp_path / "out.csv", limits=FAST)
    assert not (tmp_path / "out.csv").exists()


def test_this_machine_is_loopback_only():
    assert all(download._is_loopback(host) for host in ("localhost", "127.0.0.1", "127.8.0.1", "::1"))
    assert not any(
        download._is_loopback(host) for host in ("", "10.0.0.1", "localhost.example.org", "127.0.0.1.nip.io")
    )


def test_local_folders_come_first(project, server, tmp_path):
    for folder, name in (("second", "a.csv"), ("first", "other-name.csv")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_bytes(CONTENT)
    path, lines = fetch(project, server, "good", folders=["absent", "first", tmp_path / "second"])
    assert path.read_bytes() == CONTENT
    assert lines == [f"a: copied from {tmp_path / 'first' / 'other-name.csv'}"]
    assert server.asked == []


@pytest.mark.parametrize("place", ["raw/a.csv", "out/a.csv"])
def test_a_wrong_local_file_is_an_error_and_stays(project, server, tmp_path, place):
    wrong = tmp_path / place
    wrong.parent.mkdir()
    wrong.write_bytes(b"mine")
    with pytest.raises(UserError) as error:
        fetch(project, server, "good", folders=["raw"])
    text = str(error.value)
    assert text.startswith(f"{wrong}: wrong checksum: found sha256 {hashlib.sha256(b'mine').hexdigest()} (4 bytes)")
    assert f"expected {CHECKSUM} ({len(CONTENT)} bytes)" in text
    assert wrong.read_bytes() == b"mine"
    assert server.asked == []


def test_a_copy_has_ordinary_permissions(project, server):
    path, _ = fetch(project, server, "good")
    plain = path.with_name("plain")
    plain.touch()
    assert path.stat().st_mode == plain.stat().st_mode


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sha256": "abc"}, "a.sha256 is 'abc', expected 64 lower-case"),
        ({"bytes": "many"}, "a.bytes is 'many', expected a number"),
        ({"urls": "https://example.org"}, "a.urls is 'https://example.org', expected a list"),
        ({"files": []}, "a.files is \\[\\], expected a list"),
        ({"sha265": CHECKSUM}, "source 'a' has .*sha265, urls, expected the keys files, urls, bytes"),
    ],
)
def test_a_broken_entry(tmp_path, changes, message):
    path = tmp_path / "sources.yaml"
    path.write_text(yaml.safe_dump({"a": entry(["https://example.org/a"], changes)}))
    with pytest.raises(UserError, match=message):
        load_sources(path)


@pytest.mark.parametrize("text", ["a: [", "- a\n", ""])
def test_a_broken_list_of_sources(tmp_path, text):
    (tmp_path / "sources.yaml").write_text(text)
    with pytest.raises(UserError) as error:
        load_sources(tmp_path / "sources.yaml")
    assert "\n" not in str(error.value)


def test_an_unknown_source_and_no_list(project, tmp_path):
    with pytest.raises(UserError, match="no source 'aa', found a; did you mean 'a'?"):
        obtain("aa", project(), [], tmp_path / "out.csv")
    with pytest.raises(UserError, match="cannot read it"):
        obtain("a", tmp_path / "none.yaml", [], tmp_path / "out.csv")


def test_the_projects_own_list():
    sources = load_sources(ROOT / "data" / "sources.yaml")
    assert set(sources) == {"esol", "freesolv", "lipo", "gutenberg", "tinyshakespeare", "o200k_base"}
    assert all(url.startswith("https://") for source in sources.values() for url in source.urls)
    [url] = sources["o200k_base"].urls
    assert hashlib.sha1(url.encode()).hexdigest() in sources["o200k_base"].files


@pytest.mark.parametrize("name", ["esol", "freesolv", "lipo", "gutenberg", "tinyshakespeare", "o200k_base"])
def test_the_projects_own_sums(name, shared_data, tmp_path):
    folder = shared_data(load_sources(ROOT / "data" / "sources.yaml")[name].files[0]).parent
    obtain(name, ROOT / "data" / "sources.yaml", [folder], tmp_path / name)
