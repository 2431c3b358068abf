"""The locks: complete, hashed, free of hosts, in step with each other and with what the project imports."""

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[3]
ENVS = REPO / "envs"
DOCS = REPO / "docs"
LOCKS = ("linux-cpu", "linux-cuda", "macos")
TOOL_LOCKS = ("docs", "lint")  # environments of their own, for every platform
TOOLS = {"pytest", "ruff", "selenium", "setuptools", "wheel"}  # in the locks, but the package does not depend on them
# of modules that are named otherwise
DISTRIBUTION = {
    "PIL": "pillow",
    "rocrate_validator": "roc-validator",
    "sklearn": "scikit-learn",
    "tiktoken_ext": "tiktoken",
    "yaml": "pyyaml",
}
PIN = re.compile(r"^([a-z0-9-]+)==([^ ]+)( ; .+?)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")


def lines(name: str) -> list[str]:
    return [line for line in (ENVS / name).read_text().splitlines() if line.strip() and not line.startswith("#")]


def pins(name: str) -> set[tuple[str, str]]:
    return {match.group(1, 2) for match in map(PIN.match, lines(f"{name}.lock")) if match}


def normal(requirement: str) -> str:
    """The distribution's name in a requirement, as locks spell it."""
    return re.match(r"[A-Za-z0-9._-]+", requirement).group().lower().replace("_", "-").replace(".", "-")


def names(name: str) -> set[str]:
    return {normal(line) for line in lines(name)}


@pytest.mark.parametrize("name", LOCKS + TOOL_LOCKS)
def test_every_requirement_is_pinned_and_hashed(name):
    pinned = None
    for line in lines(f"{name}.lock"):
        if PIN.match(line):
            assert pinned is None, f"{pinned} has no hash"
            pinned = line
        else:
            assert HASH.match(line), f"neither a pin nor a hash: {line}"
            pinned = None
    assert pinned is None


@pytest.mark.parametrize("name", [f"{lock}.lock" for lock in LOCKS + TOOL_LOCKS] + ["conda.yaml", "dev.txt"])
def test_no_host_is_named(name):
    text = (ENVS / name).read_text()
    assert "://" not in text and "index-url" not in text and "find-links" not in text


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_is_for_one_platform_and_has_all_that_is_asked_for(name):
    assert not re.search(r"sys_platform|platform_system|'win32' \\", (ENVS / f"{name}.lock").read_text())
    assert names("requirements.in") | names(f"{name}.in") <= {pin for pin, _ in pins(name)}


@pytest.mark.parametrize("name", TOOL_LOCKS)
def test_a_tool_has_the_versions_of_the_other_locks(name):
    """So that a tool reads the project with the ruff, the YAML and the packaging that the project has."""
    assert names(f"{name}.in") <= {pin for pin, _ in pins(name)}
    known = {pin: {v for p, v in pins("linux-cpu") if p == pin} for pin, _ in pins("linux-cpu")}
    assert [(p, v) for p, v in pins(name) if p in known and v not in known[p]] == []


def test_platforms_agree_on_versions():
    """One commit, one set of versions; what only one platform has (backends, BLAS) cannot disagree."""
    for other in LOCKS[1:]:
        shared = {pin for pin, _ in pins("linux-cpu")} & {pin for pin, _ in pins(other)}
        assert {p for p in pins("linux-cpu") if p[0] in shared} == {p for p in pins(other) if p[0] in shared}


def test_the_conda_file_has_the_pins_of_the_locks():
    listed = set(re.findall(r'^      - "([a-z0-9-]+)==([^ "]+)', (ENVS / "conda.yaml").read_text(), re.M))
    assert listed <= pins("linux-cpu") | pins("macos")
    assert {name for name, _ in pins("linux-cpu") | pins("macos")} == {name for name, _ in listed}


def test_the_package_depends_on_what_the_locks_are_made_from():
    project = tomllib.loads((REPO / "pyproject.toml").read_text())["project"]
    for_developers = set(project["optional-dependencies"]["dev"])
    to_install = {"wheel", "setuptools>=77"}
    assert for_developers | to_install < set(lines("requirements.in"))
    assert sorted(project["dependencies"]) == sorted(set(lines("requirements.in")) - for_developers - to_install)


def test_dev_requirements_are_exact():
    assert [line for line in lines("dev.txt") if not re.fullmatch(r"[A-Za-z0-9_-]+==[0-9.]+", line)] == []


def imports(path: Path) -> set[str]:
    """Top-level modules that a file imports anywhere, but the standard library's and relative ones."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add(node.module.split(".")[0])
    return found - set(sys.stdlib_module_names)


def test_every_import_is_asked_for():
    """An import must not lean on what some other package happens to bring. Only the bench may use dev.txt's."""
    missing = {}
    for path in [*REPO.glob("workflow/**/*.py"), *REPO.glob("tests/**/*.py")]:
        place = path.relative_to(REPO)
        allowed = names("requirements.in") | {"score-mlx", "conftest", "tests", "pyarrow"}
        if "bench" in place.parts or place.parts[:2] == ("tests", "parity"):
            allowed |= names("dev.txt")
        helpers = (
            [
                *path.parent.glob("*.py"),
                *(REPO / "tests").glob("*.py"),
                *ENVS.glob("*.py"),
                *DOCS.glob("*.py"),
                *(REPO / ".ci").glob("*.py"),
            ]
            if place.parts[0] == "tests"
            else []
        )
        local = {helper.stem for helper in helpers}
        asked = {normal(DISTRIBUTION.get(module, module)) for module in imports(path) - local}
        if asked - allowed:
            missing[str(place)] = sorted(asked - allowed)
    assert missing == {}
