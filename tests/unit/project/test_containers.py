"""Container files: both kinds run the same scripts, packages are hash-pinned, nothing runs as root."""

import re
from pathlib import Path

import yaml
from score_mlx import __version__

ROOT = Path(__file__).resolve().parents[3]
CONTAINERS = ROOT / "containers"
DOCKERFILE = (CONTAINERS / "Dockerfile").read_text()
APPTAINER = (CONTAINERS / "score-mlx.def").read_text()


def test_docker_and_apptainer_run_the_same_scripts_on_the_same_base():
    for script in ("packages.sh", "environment.sh"):
        assert script in DOCKERFILE and script in APPTAINER
        assert (CONTAINERS / script).stat().st_mode & 0o111
    base = re.search(r"^ARG BASE=(\S+)", DOCKERFILE, re.MULTILINE).group(1)
    assert f"From: {base}\n" in APPTAINER


def test_packages_come_from_a_lock_with_hashes():
    script = (CONTAINERS / "environment.sh").read_text()
    assert '--no-deps --require-hashes -r "$lock"' in script
    for lock in re.findall(r"envs/[\w-]+\.lock", DOCKERFILE + APPTAINER):
        assert (ROOT / lock).is_file()


def test_the_image_has_two_stages_and_no_root():
    stages = re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[1:]
    assert len(stages) == 2 and "COPY --from=build" in stages[1]
    users = re.findall(r"^USER (\S+)", stages[1], re.MULTILINE)
    assert users and users[-1] not in ("0", "root")


def test_labels_are_those_of_the_release():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert f'image.version="{__version__}"' in DOCKERFILE and citation["version"] == __version__
    assert f'image.licenses="{citation["license"]}"' in DOCKERFILE


def test_what_a_build_does_not_need_stays_outside():
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {".git", ".venv*", "build", "data/raw"} <= set(ignored)
