"""`score-mlx redraw`: every table and figure for which a folder of records is complete."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from score_mlx.cli import beyond
from score_mlx.cli.figure import figure
from score_mlx.cli.join import join
from score_mlx.cli.options import settled_config
from score_mlx.cli.runs import runs as catalogue
from score_mlx.cli.table import sensitivity, table
from score_mlx.cli.verdict import TABLES as VERDICT_TABLES
from score_mlx.cli.verdict import verdict
from score_mlx.config.file import Config
from score_mlx.config.fullest import fullest
from score_mlx.data.splits import AT_RANDOM
from score_mlx.experiments.registry import table_stem
from score_mlx.runs.spec import Spec
from score_mlx.system import project
from score_mlx.tables.parts import wholes


def redraw(
    runs: Annotated[Path, typer.Argument(help="folder of records, as results/runs")],
    out: Annotated[Path, typer.Argument(help="folder for tables and figures")],
) -> None:
    """Make every table and figure of config.yaml whose records are all there, the catalogue of runs and the verdict.

    Of a model that was trained both at the paper's length and shorter, the former is shown. What lacks records is
    named; experiments beyond the paper are made from what there is. Nothing is trained.
    """
    config, long = settled_config(), settled_config(preset="paper")
    baselines = [path for spec in config.baseline_specs() if (path := spec.path(runs)).exists()]
    for name, experiment in config.experiments.items():
        specs = fullest(lambda c, name=name: c.specs(name), [long, config], runs)
        if experiment.table_code and _complete(name, specs, runs):
            stem = table_stem(name, experiment, beside_figures=True)
            table(name, [spec.path(runs) for spec in specs], out=out / f"{stem}.csv", **_named(config, name), runs=runs)
        if experiment.kind == "baselines" and all(
            _complete(f"{name}_sensitivity", config.specs(name, split), runs) for split in AT_RANDOM
        ):
            sensitivity(name, out=out / f"{name}_sensitivity.csv", runs=runs)
        for drawn, drawing in experiment.drawings.items():
            shown = fullest(lambda c, name=name, drawn=drawn: c.figure_specs(name, drawn), [long, config], runs)
            if drawing == "schema" or _complete(drawn, shown, runs):
                line = baselines[0] if drawing == "configurations" and baselines else None
                paths = [] if drawing == "schema" else [spec.path(runs) for spec in shown]
                said = _named(config, name)
                figure(drawn, out / f"{drawn}.png", paths, said["title"], said["paper"], drawing, line, runs=runs)
    for whole, parts in wholes(name for name, chosen in config.experiments.items() if chosen.table_code).items():
        specs = [spec for part in parts for spec in config.specs(part)]
        if _complete(whole, specs, runs):
            join([out / f"{part}.csv" for part in parts], out=out / f"{whole}.csv")
    for name in config.beyond_here:
        if any(spec.path(runs).exists() for spec in config.beyond_own(name)):
            drawn = out / f"{name}_figure.png" if config.beyond[name].kind == "factorial" else None
            beyond.make(name, config, runs, out / f"{name}.csv", drawn)
    catalogue([], out=out / "runs.csv", folder=runs)
    verdict(source=runs, out=out, only=list(VERDICT_TABLES))


def _named(config: Config, name: str) -> dict[str, Any]:
    """What config.yaml says of an experiment, for `table`."""
    chosen = config.experiments[name]
    paper = project.root() / "data" / "paper" / chosen.paper if chosen.paper else None
    return {"kind": chosen.kind, "title": chosen.title, "top": chosen.top, "paper": paper}


def _complete(name: str, specs: list[Spec], runs: Path) -> bool:
    missing = [spec for spec in specs if not spec.path(runs).exists()]
    if missing:
        typer.echo(f"{name}: {len(missing)} of {len(specs)} records are missing, as {missing[0].path(runs)}")
    return not missing
