"""ESOL from a server that fails in every way, by the command that a reader runs."""

import hashlib
from functools import partial

import pytest
import yaml
from failing_server import CHECKSUM, CONTENT, serving
from score_mlx.data import sources
from score_mlx.data.download import Limits
from score_mlx.weights import opened

PREPARE = ("data", "prepare", "esol", "out")


@pytest.fixture(scope="module")
def server():
    with serving() as running:
        yield running


@pytest.fixture
def project(folder, monkeypatch):
    """A project whose ESOL is the server's file; `project(path, ...)` says what of it."""
    monkeypatch.setattr(sources, "Limits", partial(Limits, attempts=2, timeout=2, total=20, pause=0.01))
    (folder / "Snakefile").write_text("")
    (folder / "config.yaml").write_text("data_folders: [raw]\n")
    (folder / "data").mkdir()
    entry = {"files": ["esol.csv"], "bytes": len(CONTENT), "sha256": CHECKSUM, "citation": "", "licence": ""}

    def make(*urls, **changes):
        listed = yaml.safe_dump({"esol": entry | {"urls": list(urls)} | changes})
        (folder / "data" / "sources.yaml").write_text(listed)
        return folder

    return make


def by_hand(folder, place: str = "raw") -> str:
    return f"; or put the file there by hand: {folder.resolve() / place / 'esol.csv'}"


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("cut", "ended after 1000 of"),
        ("cut_silently", "ended after 1000 of"),
        ("other", "wrong checksum: found sha256"),
        ("long", f"sends more than the {len(CONTENT)} bytes expected"),
        ("absent", "answers 404"),
        ("busy", "answers 503"),
        ("hang", "timed out"),
        ("drip", "seconds"),
        ("downgraded", "redirects to http://example.org/good: expected an https address"),
        ("circle", "answers 302"),
    ],
)
def test_a_server_that_fails(path, words, project, server, refused, folder, monkeypatch):
    if path == "drip":
        monkeypatch.setattr(sources, "Limits", partial(sources.Limits, total=0.8))
    project(f"{server.url}/{path}")
    refused(PREPARE, f"esol: not downloaded: {server.url}/{path}: ", words, by_hand(folder), log="esol: ")


def test_nobody_there(project, refused, folder):
    project("http://127.0.0.1:9/esol.csv")
    refused(PREPARE, "esol: not downloaded: http://127.0.0.1:9/esol.csv: ", "refused", by_hand(folder), log="esol: ")


@pytest.mark.parametrize("places", [["one"], ["one", "a folder/b"], ["{c}"]])
def test_a_failed_download_names_folder_and_file(places, project, refused, folder):
    """The first of the folders that are searched, of the command line or of config.yaml."""
    project("http://127.0.0.1:9/esol.csv")
    searched = [argument for place in places for argument in ("--search", place)]
    refused([*PREPARE, *searched], f"by hand: {places[0]}/esol.csv", log="esol: ")
    (folder / "config.yaml").write_text(f"data_folders: {places}\n")
    refused(PREPARE, by_hand(folder, places[0]), log="esol: ")


def test_weights_that_cannot_be_fetched(refused, folder, monkeypatch):
    monkeypatch.setattr(opened, "Limits", partial(Limits, attempts=1, timeout=2))
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    (folder / "score-mlx" / "weights").mkdir(parents=True)
    (folder / "in.csv").write_text("smiles\nC\n")
    words = (
        "SHA256SUMS: not downloaded: http://127.0.0.1:9/gat/SHA256SUMS: ",
        "give the folder in place of the address",
    )
    refused(["predict", "http://127.0.0.1:9/gat", "in.csv"], *words, log="SHA256SUMS: ")


@pytest.mark.parametrize("url", ["http://example.org/x", "ftp://example.org/x", "file:///etc/passwd"])
def test_an_address_that_is_not_https(url, project, refused):
    project(url)
    refused(PREPARE, f"{url}: expected an https address")


@pytest.mark.parametrize("path", ["recovers", "moved", "good"])
def test_a_download_that_succeeds_in_the_end(path, project, server, command, folder):
    """500, then the file; a redirect. What comes is the file, though this one is not ESOL."""
    project(f"{server.url}/{path}")
    code, _, err = command(*PREPARE)
    assert code == 2 and "no column 'measured log solubility in mols per litre'" in err
    assert (folder / "raw" / "esol.csv").read_bytes() == CONTENT


@pytest.mark.parametrize("content", [CONTENT[:-1], CONTENT + b"x", b"", b"0" * len(CONTENT)])
def test_a_local_file_that_was_tampered_with(content, project, server, folder, refused):
    project(f"{server.url}/good")
    (folder / "raw").mkdir()
    (folder / "raw" / "esol.csv").write_bytes(content)
    found = hashlib.sha256(content).hexdigest()
    refused(PREPARE, "esol.csv: wrong checksum", found, CHECKSUM, "the file was left as it is")


def test_the_right_checksum_of_other_data(project, folder, refused):
    """Whoever changes sources.yaml too is stopped by what is known of ESOL."""
    content = b"Compound ID,measured log solubility in mols per litre,smiles\nx,1,C\n"
    project("https://example.org/x", sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))
    (folder / "raw").mkdir()
    (folder / "raw" / "esol.csv").write_bytes(content)
    refused(PREPARE, "ESOL's rows: found 1, expected 1128")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[1]", "sources.yaml: expected a mapping from names to sources"),
        ("{", "sources.yaml: cannot read it"),
        ("esol: 3", "source 'esol' has 3, expected the keys files, urls"),
        ("other: {files: [x], urls: [x], bytes: 1, sha256: x, citation: '', licence: ''}", "other.sha256 is 'x'"),
        ("!!python/object/apply:os.system ['touch executed']", "sources.yaml: cannot read it"),
    ],
)
def test_a_list_of_sources_that_is_none(text, words, project, folder, refused):
    project("https://example.org/x")
    (folder / "data" / "sources.yaml").write_text(text)
    refused(PREPARE, words)
    assert not (folder / "executed").exists()
