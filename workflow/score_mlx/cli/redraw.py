"""`score-mlx redraw`: every table and figure that a folder of records allows, and the verdict."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from score_mlx.runs.records import records_below
from score_mlx.system import project

TARGETS = ("all", "robustness", "beyond", "report")


def redraw(
    runs: Annotated[Path, typer.Argument(help="folder of records, as results/runs")],
    out: Annotated[Path, typer.Argument(help="folder in which results/ and paper_figures/ are made")],
    cores: Annotated[int | None, typer.Option(min=1, help="processes side by side, by default one a core")] = None,
) -> None:
    """Make every table and figure of config.yaml whose records are all there, the catalogue of runs, verdict and page.

    This is `snakemake --config records=RUNS` in the folder OUT. Of a model that was trained both at the paper's length
    and shorter, the former is shown. Tables and figures without records are named; experiments beyond the paper are
    made from the existing records. Nothing is trained.

    Example: score-mlx redraw results/reference/runs build/drawn
    """
    records_below(runs)
    out.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(project.root() / "Snakefile")]
    command += ["--directory", str(out), "--cores", str(cores or "all"), "--quiet", "all"]
    command += ["--config", f"records={runs.resolve()}", "--", *TARGETS]
    code = subprocess.run(command, stdin=subprocess.DEVNULL).returncode
    if code:
        raise typer.Exit(code)
