"""What comes from elsewhere: https and checksums, hashes, licences, known flaws; nothing from a file is run as code."""

import ast
import json
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest
from score_mlx.data.sources import load_sources

REPO = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(REPO / "envs"))
import audit  # noqa: E402
import licences  # noqa: E402

# Modules that turn bytes into objects of any class, and calls that do so unless told otherwise.
MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal", "joblib", "jsonpickle", "sqlite3.dbapi2"}
CALLS = {"eval", "exec", "compile", "__import__"}
ATTRIBUTES = {"yaml.load", "yaml.full_load", "yaml.unsafe_load", "pd.read_pickle", "pandas.read_pickle", "torch.load"}
OS = {"os.system", "os.popen"}
OWN = [*REPO.glob("workflow/**/*.py"), *REPO.glob("envs/*.py")]


def dangers(source: str) -> list[str]:
    """What a program says that could run what a file holds."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.split(".")[0] in MODULES]
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in MODULES:
            found.append(node.module)
        elif isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            keywords = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
            loads = name in ("np.load", "numpy.load") and keywords.get("allow_pickle") != "False"
            if name == "yaml.load" and keywords.get("Loader") in ("yaml.BaseLoader", "yaml.SafeLoader"):
                continue  # neither makes objects
            if name in CALLS | ATTRIBUTES | OS or loads or keywords.get("shell") == "True":
                found.append(name)
    return found


def test_no_file_is_run_as_code():
    found = {str(path.relative_to(REPO)): dangers(path.read_text(encoding="utf-8")) for path in OWN}
    assert {name: what for name, what in found.items() if what} == {}
    assert len(found) > 100


@pytest.mark.parametrize(
    "line",
    [
        "import pickle",
        "from joblib import load",
        "yaml.load(text)",
        "np.load(path)",
        "np.load(path, allow_pickle=True)",
        "eval(text)",
        "os.system(text)",
        "subprocess.run(text, shell=True)",
        "torch.load(path)",
    ],
)
def test_the_search_finds_it(line):
    assert dangers(line)


@pytest.mark.parametrize(
    "line", ["yaml.safe_load(text)", "np.load(path, allow_pickle=False)", "re.compile(text)", "mx.eval(a)"]
)
def test_the_search_lets_pass(line):
    assert dangers(line) == []


def test_two_places_run_a_file():
    """The code that the reader names in config.yaml, and the kernels that this package has compiled."""
    words = ("exec_module", "runpy", "spec_from_file_location")
    found = {
        str(path.relative_to(REPO / "workflow")) for path in OWN if any(word in path.read_text() for word in words)
    }
    assert found == {"score_mlx/runs/plugins.py", "score_mlx/kernels/__init__.py"}


def test_every_download_is_https_with_a_checksum():
    for source in load_sources(REPO / "data" / "sources.yaml").values():
        assert all(url.startswith("https://") for url in source.urls) and len(source.sha256) == 64 and source.bytes
    # and nothing else opens an address
    users = {p.name for p in OWN if any(word in p.read_text() for word in ("urllib.request", "http.client", "socket"))}
    assert users == {"download.py"}


def test_installing_asks_for_hashes():
    makefile = (REPO / "Makefile").read_text()
    assert "--no-deps --require-hashes -r $(LOCK)" in makefile and "curl" not in makefile and "wget" not in makefile


def test_the_list_of_licences_is_of_the_lock():
    lines = [
        line.split(" | ") for line in licences.PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")
    ]
    listed = {name.strip("| "): rest for name, *rest in lines[1:]}
    assert {name: pinned for name, (pinned, _) in listed.items()} == licences.pins(), "run python envs/licences.py"
    for name, (pinned, stated) in listed.items():
        try:
            here = version(name)
        except PackageNotFoundError:
            continue
        if here in pinned.split(", "):
            assert stated == f"{licences._of(name)} |", f"{name}: run python envs/licences.py"


FLAW = {"id": "PYSEC-1", "fix_versions": ["2.0"], "aliases": [], "description": ""}
ANSWERS = [
    ({"name": "a", "version": "1", "vulns": []}, 0, "1 packages of x.lock, 0 known vulnerabilities, 0 not looked up"),
    ({"name": "a", "version": "1", "vulns": [FLAW]}, 1, "a 1: PYSEC-1, mended in 2.0"),
    ({"name": "a", "skip_reason": "not found"}, 0, "NOT DONE, nothing was checked: not found"),
]


@pytest.mark.parametrize(("package", "code", "says"), ANSWERS)
def test_an_answer_of_the_audit(package, code, says, capsys):
    assert audit.judge("x.lock", json.dumps({"dependencies": [package], "fixes": []}), "") == code
    assert says in capsys.readouterr().out


@pytest.mark.parametrize(("answer", "errors", "says"), [("", "no route\n\n", "no route"), ("[]", "", "no answer")])
def test_an_audit_that_was_not_possible(answer, errors, says, capsys):
    assert audit.judge("x.lock", answer, errors) == 0
    assert f"NOT DONE, nothing was checked: {says}" in capsys.readouterr().out


def test_an_audit_of_nothing():
    done = subprocess.run([sys.executable, REPO / "envs" / "audit.py", "none.lock"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (2, "error: none.lock: no such lock\n")
