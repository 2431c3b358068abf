"""`score-mlx beyond`: the tables and figures of experiments that the paper lacks."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from score_mlx.cli.options import Dataset, PresetName, Runs, settled_config, show
from score_mlx.cli.outputs import TableOut
from score_mlx.runs.spec import unknown
from score_mlx.system.errors import UserError

if TYPE_CHECKING:
    from score_mlx.config.file import Config
    from score_mlx.runs.run import FoldRun
    from score_mlx.runs.spec import Spec


def beyond(
    name: Annotated[str, typer.Argument(help="a key of config.yaml's `beyond`, as factorial")],
    out: TableOut = None,
    figure: Annotated[
        Path | None, typer.Option(help="draw this .png and its .pdf, where the kind has a figure")
    ] = None,
    config_file: Annotated[Path | None, typer.Option("--config", help="by default the project's config.yaml")] = None,
    dataset: Dataset = None,
    preset: PresetName = None,
    runs: Runs = Path("results/runs"),
) -> None:
    """Make the tables of an experiment beyond the paper from the records that there are; what lacks is named.

    Example: score-mlx beyond factorial --runs results/reference/runs
    """
    from score_mlx.config.file import load

    config = load(config_file) if config_file else settled_config(dataset, preset)
    if name not in config.beyond:
        raise UserError("config.yaml: " + unknown("experiment of beyond", name, config.beyond))
    make(name, config, runs, out, figure)


def make(name: str, config: Config, folder: Path, out: Path | None, figure: Path | None) -> None:
    """Tables into `out`, or on the terminal, and the figure, from the records below `folder`.

    Raises:
        UserError: none of its records is there, or table and figure would overwrite each other.
    """
    from score_mlx.models.families import read_run
    from score_mlx.runs.run import FoldRun

    if out and figure and out.with_suffix("") == figure.with_suffix(""):
        raise UserError(f"{figure}: a figure's caption is a .md file too, expected another folder or name than {out}")
    specs = config.beyond_specs(name)
    there = {spec: read_run(spec.path(folder), FoldRun) for spec in specs if spec.path(folder).exists()}
    missing = [spec for spec in specs if spec not in there]
    if not there:
        raise UserError(f"{folder}: no record of {name} yet, expected for example {specs[0].path(folder)}")
    if missing:
        first = missing[0].path(folder)
        print(f"{name}: {len(missing)} of {len(specs)} records are missing, first {first}", file=sys.stderr)
    {
        "factorial": _factorial,
        "equal_size": _equal_size,
        "variant": _variant,
        "repeats": _repeats,
    }[config.beyond[name].kind](name, config, there, missing, out, figure)


def _factorial(
    name: str, config: Config, there: dict[Spec, FoldRun], missing: list[Spec], out: Path | None, figure: Path | None
) -> None:
    from score_mlx.tables import factorial
    from score_mlx.tables.table import Table

    corners = factorial.Corners(there.values())
    title, notes = _titled(name, config), factorial.caption(corners, missing)
    rows = factorial.effects(corners)
    together = [row for row in rows if row["architecture"].startswith(factorial.ALL)] or rows
    show(Table(title, factorial.COLUMNS, rows, notes, factorial.READABLE, together), out)
    rows = factorial.corner_table(corners, config.beyond_specs(name))
    beside = out and out.with_name(f"{out.stem}_corners.csv")
    title_of_corners = f"{title}: RMSE of the corners"
    if out is None:
        typer.echo()
    show(Table(title_of_corners, factorial.CORNER_COLUMNS, rows, notes, factorial.CORNER_READABLE), beside)
    if figure:
        from score_mlx.plots import factorial as plots

        several = len(config.beyond[name].data) > 1
        draw = plots.draw_effects if several else plots.draw_interactions
        draw(corners, figure, title=title, missing=missing)


def _equal_size(
    name: str, config: Config, there: dict[Spec, FoldRun], missing: list[Spec], out: Path | None, figure: Path | None
) -> None:
    from score_mlx.tables import equal_size
    from score_mlx.tables.table import Table

    runs = list(there.values())
    rows, notes = equal_size.equal_size_table(runs), equal_size.caption(runs, missing)
    show(Table(_titled(name, config), equal_size.COLUMNS, rows, notes, equal_size.READABLE), out)


def _variant(
    name: str, config: Config, there: dict[Spec, FoldRun], missing: list[Spec], out: Path | None, figure: Path | None
) -> None:
    from score_mlx.tables import variants
    from score_mlx.tables.table import Table

    chosen = config.beyond[name]
    rows = variants.variant_table(chosen.pairs(config), there, _papers(config, chosen.experiments))
    changed = ", ".join(f"{key} {str(value).lower()}" for key, value in chosen.change.items())
    notes = variants.variant_caption(list(there.values()), changed, missing)
    show(Table(_titled(name, config), variants.VARIANT_COLUMNS, rows, notes, variants.VARIANT_READABLE), out)


def _repeats(
    name: str, config: Config, there: dict[Spec, FoldRun], missing: list[Spec], out: Path | None, figure: Path | None
) -> None:
    from score_mlx.tables import variants
    from score_mlx.tables.table import Table

    runs = list(there.values())
    rows = variants.repeat_table(runs)
    notes = variants.repeat_caption(runs, rows, missing)
    columns, readable = variants.repeat_columns(runs), variants.repeat_readable(runs)
    show(Table(_titled(name, config), columns, rows, notes, readable), out)


def _papers(config: Config, experiments: list[str]) -> dict[Spec, float]:
    """What the paper prints for the runs of experiments, of graph networks."""
    from score_mlx.experiments.models import table as tables
    from score_mlx.experiments.steps import table as steps
    from score_mlx.system import project

    found: dict[Spec, float] = {}
    for name in experiments:
        experiment = config.experiments[name]
        file = project.root() / "data" / "paper" / (experiment.paper or "")
        if experiment.kind == "models" and experiment.paper:
            printed = tables.read_paper(file)
            found |= {s: printed[s.model]["rmse_mean"] for s in config.specs(name) if s.model in printed}
        if experiment.kind == "steps" and experiment.paper:
            depths = steps.read_paper(file)
            sides = {True: "score", False: "native"}
            found |= {s: depths[str(s.steps)][sides[s.recurrent]] for s in config.specs(name) if str(s.steps) in depths}
    return found


def _titled(name: str, config: Config) -> str:
    return config.beyond[name].title.rstrip(".")
