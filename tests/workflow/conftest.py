"""The stub project of `dag.py`: as it was made, or a copy to change."""

import shutil
from pathlib import Path

import dag
import pytest


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """The project, everything made by a plain `snakemake`."""
    return dag.made_project(tmp_path_factory.mktemp("dag") / "project")


@pytest.fixture
def project(finished, tmp_path):
    """The finished project, to be changed."""
    return Path(shutil.copytree(finished, tmp_path / "project"))
