"""`score-mlx train`: one run, with or without Snakemake."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any

import typer

from score_mlx import blas
from score_mlx.chem.parallel import cores
from score_mlx.classical.spec import METHODS, ClassicalSpec
from score_mlx.cli.data import ensure
from score_mlx.dense.spec import DenseSpec
from score_mlx.errors import UserError
from score_mlx.graphs.spec import GraphSpec
from score_mlx.inputs import inputs_of, results_of
from score_mlx.language.spec import ARCHS as LANGUAGE_ARCHS
from score_mlx.language.spec import CONFIGS as LANGUAGE_CONFIGS
from score_mlx.language.spec import LanguageSpec
from score_mlx.spec import Spec

app = typer.Typer(no_args_is_help=True, help="Train one model on all folds of a data set.")

# What `--help` says of each field of a GraphSpec or a DenseSpec; a test holds the two lists equal.
FIELD_HELP = {
    "dataset": "a prepared data set: esol and nci are prepared when they are missing",
    "arch": "architecture",
    "network": "dense network",
    "config": "how depth is built: K blocks or one, and how a block's output joins the state",
    "steps": "K, applications of a block",
    "integrator": "how a SCORE step is integrated",
    "learn_dt": "learn SCORE's step sizes instead of 1/K or 0.5",
    "readout": "from atoms to a molecule",
    "head": "from a molecule to its prediction",
    "descriptors": "join the 217 RDKit descriptors to the molecule before the head",
    "features": "atom and bond features",
    "fidelity": "whom to follow where the paper's text and code disagree",
    "form": "whether a stack is the architecture's native model or SCORE's network with K blocks",
    "hidden": "width of an atom's state",
    "heads": "attention heads",
    "epochs": "passes over the training molecules",
    "batch_size": "molecules a step",
    "learning_rate": "of Adam",
    "bias_correction": "Adam's, which MLX and so the paper leave out",
    "split": "how molecules are divided into folds",
    "repeat": "repetition: other folds and other weights",
    "seed": "from which everything random of the run is derived",
}


def _choice(about: str, choices: Iterable[str], *flag: str) -> Any:
    """An option with these choices, which `--help` and a shell's completion list; the spec refuses another word."""
    known = list(choices)

    def starting(incomplete: str) -> list[str]:
        return [choice for choice in known if choice.startswith(incomplete)]

    return typer.Option(*flag, help=about, metavar="|".join(known) or None, autocompletion=starting if known else None)


Record = Annotated[
    Path | None, typer.Option(help="write this run.json, whose path says the run, instead of describing it")
]
Results = Annotated[
    Path | None, typer.Option(help="folder of data, features, folds and runs, by default the record's, else results")
]
SideBySide = Annotated[int | None, typer.Option(min=1, help="folds side by side, by default the fastest")]
PresetName = Annotated[str, typer.Option(hidden=True, help="noted in run.meta.json")]


def _graph(
    record: Record = None,
    results: Results = None,
    replicas: SideBySide = None,
    preset: PresetName = "",
    **options: Any,
) -> None:
    """Train a graph network on all folds and write its record (run.json, run.meta.json) and weights.

    A run that was interrupted goes on from its checkpoint. Without options it is the paper's Table 2.

    Example: score-mlx train graph --arch gat --config SCORE_skip05

    A quick look: score-mlx train graph --arch gcn --config SCORE --dataset nci --epochs 5
    """
    spec, folder, files = _begin(GraphSpec, record, results, options)
    blas.load()  # before anything imports mlx
    from score_mlx.graphs.data import GraphData
    from score_mlx.graphs.task import GraphTask
    from score_mlx.trainer import train

    train(GraphTask, spec, GraphData.load(files), folder, replicas=replicas, preset=preset)
    _done(spec, folder)


def _dense(
    record: Record = None,
    results: Results = None,
    replicas: SideBySide = None,
    preset: PresetName = "",
    **options: Any,
) -> None:
    """Train a dense network on the RDKit descriptors on all folds and write its record and weights.

    Example: score-mlx train dense --network score_mlp
    """
    spec, folder, files = _begin(DenseSpec, record, results, options)
    blas.load()
    from score_mlx.dense.task import DenseTask
    from score_mlx.folded import FoldedData
    from score_mlx.trainer import train

    train(DenseTask, spec, FoldedData.load(files), folder, replicas=replicas, preset=preset)
    _done(spec, folder)


@app.command("classical")
def classical(
    method: Annotated[str | None, _choice("model", METHODS)] = None,
    dataset: Annotated[str, typer.Option(help=FIELD_HELP["dataset"])] = "esol",
    options: Annotated[
        str, typer.Option(help="what differs from config.yaml's defaults, e.g. iterations=500,split=grouped")
    ] = "default",
    record: Record = None,
    results: Results = None,
    preset: PresetName = "",
) -> None:
    """Fit a tree ensemble, SVR or Lasso on the RDKit descriptors on all folds and write its record.

    Example: score-mlx train classical --method lasso --options top=100
    """
    given = {"method": method} if method else {}
    if method:
        given |= ClassicalSpec.variant(method).parse_options(options) | {"dataset": dataset}
    spec, folder, files = _begin(ClassicalSpec, record, results, given)
    from score_mlx.classical.fit import fit_all
    from score_mlx.classical.selection import Selection
    from score_mlx.folded import FoldedData

    selection = Selection.load(files["shap"]) if spec.ranked_by else None
    fit_all(spec, FoldedData.load(files), folder, selection=selection, preset=preset)
    _done(spec, folder)


@app.command("language")
def language(
    arch: Annotated[str | None, _choice("model", LANGUAGE_ARCHS)] = None,
    config: Annotated[str | None, _choice(FIELD_HELP["config"], LANGUAGE_CONFIGS)] = None,
    corpus: Annotated[str, typer.Option(help="prepared text, e.g. tinyshakespeare-char")] = "tinyshakespeare-char",
    options: Annotated[
        str, typer.Option(help="what differs from the paper's, e.g. iterations=100,width=384")
    ] = "default",
    record: Record = None,
    results: Results = None,
    preset: PresetName = "",
) -> None:
    """Train a GPT and write its record, its weights, and its losses as they come (losses.csv beside the record).

    Example: score-mlx train language --arch chargpt --config SCORE_skip05 --options iterations=200,batch_size=8
    """
    given = {key: value for key, value in {"arch": arch, "config": config}.items() if value}
    if given or record is None:
        given |= LanguageSpec.variant(arch or "").parse_options(options) | {"dataset": corpus}
    spec, folder, files = _begin(LanguageSpec, record, results, given)
    blas.load(threads=cores() if spec.timed else 1)
    from score_mlx.language.corpus import Corpus
    from score_mlx.language.trainer import train

    train(spec, Corpus.load(files["corpus"].parent), folder, preset=preset)
    _done(spec, folder)


def _begin(
    family: type[Spec], record: Path | None, results: Path | None, options: dict[str, Any]
) -> tuple[Any, Path, dict[str, Path]]:
    """The run that is asked for, the folder of its record, and the files it reads, which are there by now."""
    given = {name: value for name, value in options.items() if value is not None}
    if record is not None and given:
        raise UserError(f"{_flag(next(iter(given)))} and --record: expected one of them, the path says the run")
    if record is not None:
        spec = family.from_path(record)
    else:
        for name in family.NAMED:
            if name not in given:
                known = family.CHOICES.get(name, METHODS)
                raise UserError(f"{_flag(name)} is missing: expected one of {', '.join(known)}")
        kind = family.variant(*(given[name] for name in family.NAMED))
        spec = kind(**{"dataset": "esol", **given})
    results = results or results_of(spec, record)
    ensure(spec, results)
    return spec, (record or spec.path(results / "runs")).parent, inputs_of(spec, results)


def _done(spec: Spec, folder: Path) -> None:
    typer.echo(f"{spec.model}: {folder / 'run.json'}")


def _with_options_of(family: type[Spec], function: Any) -> Any:
    """`function(**options)` as a command with one option a field of the spec, so that the two cannot drift apart."""
    own = [p for p in inspect.signature(function, eval_str=True).parameters.values() if p.name != "options"]
    described = [_option(family, f.name, f.default) for f in fields(family)]
    # The model first, as one would say it; then its data and options; then where things go.
    described.sort(key=lambda p: family.NAMED.index(p.name) if p.name in family.NAMED else len(family.NAMED))
    parameters = [p.replace(kind=p.KEYWORD_ONLY) for p in described + own]
    function.__signature__ = inspect.Signature(parameters)
    function.__annotations__ = {p.name: p.annotation for p in parameters}
    return function


def _option(family: type[Spec], name: str, default: Any) -> inspect.Parameter:
    """Text where a field has choices: the spec refuses another word in one line, with the nearest."""
    required = name in ("dataset", *family.NAMED)
    kind = str if required else type(default)
    usual = "esol" if name == "dataset" else "" if required else str(default).lower()
    described = FIELD_HELP[name] + (f" (by default {usual})" if usual else "")
    option = _choice(described, family.CHOICES.get(name, ()), _flag(name))
    annotation = Annotated[kind | None, option]
    return inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None, annotation=annotation)


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


app.command("graph")(_with_options_of(GraphSpec, _graph))
app.command("dense")(_with_options_of(DenseSpec, _dense))
