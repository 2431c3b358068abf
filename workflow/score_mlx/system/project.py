"""Where the project lies, for commands that are called by hand: the rules name every file themselves."""

from __future__ import annotations

from pathlib import Path

from score_mlx.system.errors import UserError


def root() -> Path:
    """The folder of config.yaml and Snakefile: the working directory or one above it, else the package's own project.

    Raises:
        UserError: neither is a project.
    """
    places = (Path.cwd(), *Path.cwd().parents, Path(__file__).resolve().parents[3])
    for place in places:
        if (place / "config.yaml").is_file() and (place / "Snakefile").is_file():
            return place
    raise UserError(f"{Path.cwd()}: no project here, expected a folder with config.yaml and Snakefile, or one below it")
