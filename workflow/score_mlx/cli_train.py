"""`score-mlx train`: one run, with or without Snakemake."""

from __future__ import annotations

import inspect
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any

import typer

from score_mlx.cli_data import ensure, spec_inputs
from score_mlx.errors import UserError
from score_mlx.spec import CHOICES, GraphSpec

app = typer.Typer(no_args_is_help=True, help="Train one model on all folds of a data set.")

# What `--help` says of each field of a GraphSpec; a test holds the two lists equal.
FIELD_HELP = {
    "dataset": "a prepared data set: esol and nci are prepared when they are missing",
    "arch": "architecture",
    "config": "how depth is built: K blocks or one, and how a block's output joins the state",
    "steps": "K, applications of a block",
    "integrator": "how a SCORE step is integrated",
    "learn_dt": "learn SCORE's step sizes instead of 1/K or 0.5",
    "readout": "from atoms to a molecule",
    "head": "from a molecule to its prediction",
    "descriptors": "join the 217 RDKit descriptors to the molecule before the head",
    "features": "atom and bond features",
    "fidelity": "whom to follow where the paper's text and code disagree",
    "hidden": "width of an atom's state",
    "heads": "attention heads",
    "epochs": "passes over the training molecules",
    "batch_size": "molecules a step",
    "learning_rate": "of Adam",
    "split": "how molecules are divided into folds",
    "repeat": "repetition: other folds and other weights",
    "seed": "from which everything random of the run is derived",
}


def _graph(
    record: Annotated[
        Path | None, typer.Option(help="write this run.json, whose path says the run, instead of describing it")
    ] = None,
    results: Annotated[Path, typer.Option(help="folder of data, features, folds and runs")] = Path("results"),
    replicas: Annotated[int | None, typer.Option(min=1, help="folds side by side, by default the fastest")] = None,
    preset: Annotated[str, typer.Option(hidden=True, help="noted in run.meta.json")] = "",
    **options: Any,
) -> None:
    """Train a graph network on all folds and write its record (run.json, run.meta.json) and weights.

    A run that was interrupted goes on from its checkpoint. Without options it is the paper's Table 2.

    Example: score-mlx train graph --arch gat --config SCORE_skip05

    A quick look: score-mlx train graph --arch gcn --config SCORE --dataset nci --epochs 5
    """
    spec = _spec(record, options)
    folder = (record or spec.path(results / "runs")).parent
    ensure(spec, results)
    from score_mlx import blas

    blas.load()  # before anything imports mlx
    from score_mlx.graphs.data import GraphData
    from score_mlx.graphs.train import train_graph

    files = spec_inputs(spec, results)
    data = GraphData.load(
        files["dataset"].parent, files["features"], files["descriptors"] if spec.descriptors else None, files["folds"]
    )
    train_graph(spec, data, folder, progress="auto", replicas=replicas, preset=preset)
    typer.echo(f"{spec.model}: {folder / 'run.json'}")


def _spec(record: Path | None, options: dict[str, Any]) -> GraphSpec:
    given = {name: value for name, value in options.items() if value is not None}
    if record is not None:
        if given:
            raise UserError(f"{_flag(next(iter(given)))} and --record: expected one of them, the path says the run")
        return GraphSpec.from_path(record)
    for name in ("arch", "config"):
        if name not in given:
            raise UserError(f"--{name} is missing: expected one of {', '.join(CHOICES[name])}")
    return GraphSpec(**{"dataset": "esol", **given})


def _with_spec_options(function: Any) -> Any:
    """`function(**options)` as a command with one option a field of GraphSpec, so that the two cannot drift apart."""
    own = [p for p in inspect.signature(function, eval_str=True).parameters.values() if p.name != "options"]
    described = [_option(f.name, f.default, f.name in ("dataset", "arch", "config")) for f in fields(GraphSpec)]
    # The model first, as one would say it; then its data and options; then where things go.
    described.sort(key=lambda p: {"arch": 0, "config": 1}.get(p.name, 2))
    parameters = [p.replace(kind=p.KEYWORD_ONLY) for p in described + own]
    function.__signature__ = inspect.Signature(parameters)
    function.__annotations__ = {p.name: p.annotation for p in parameters}
    return function


def _option(name: str, default: Any, required: bool) -> inspect.Parameter:
    """Text where a field has choices: GraphSpec refuses another word in one line, with the nearest."""
    kind = str if required else type(default)
    usual = "esol" if name == "dataset" else "" if required else str(default).lower()
    option = typer.Option(
        _flag(name),
        help=FIELD_HELP[name] + (f" (by default {usual})" if usual else ""),
        metavar="|".join(CHOICES.get(name, ())) or None,
    )
    annotation = Annotated[kind | None, option]
    return inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None, annotation=annotation)


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


app.command("graph")(_with_spec_options(_graph))
