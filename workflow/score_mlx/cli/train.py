"""`score-mlx train`: one run, with or without Snakemake."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from score_mlx import runtime
from score_mlx.cli.data import ensure
from score_mlx.config.models import Presets
from score_mlx.data.dataset_names import BUILT_IN
from score_mlx.models.families import FAMILIES, family_of, inputs_of, spec_from_path
from score_mlx.runs.family import Execution, Family
from score_mlx.runs.objective import REGRESSION
from score_mlx.runs.records import BY_HAND
from score_mlx.runs.spec import Spec, results_of
from score_mlx.system.choices import OneOf
from score_mlx.system.errors import UserError
from score_mlx.training.reporting import REPORTERS

app = typer.Typer(no_args_is_help=True, help="Train one model on all folds of a data set.")

# What `--help` says of the fields of specs; a test holds the list complete.
FIELD_HELP = {
    "dataset": "a prepared data set; a built-in one is prepared when it is missing",
    "corpus": "a prepared text",
    "arch": "architecture",
    "network": "dense network",
    "method": "tree ensemble, SVR or Lasso",
    "config": "how depth is built: K blocks or one, and how a block's output joins the state",
    "steps": "K, applications of a block",
    "integrator": "how a SCORE step is integrated",
    "learn_dt": "learn SCORE's step sizes instead of 1/K or 0.5",
    "readout": "from atoms to a molecule",
    "head": "from a molecule to its prediction",
    "descriptors": "join the 217 RDKit descriptors to the molecule before the head",
    "features": "atom and bond features",
    "fidelity": "follow the paper's code or its text where they disagree",
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
    "scale_targets": "learn targets of mean 0 and deviation 1: by default of your own data, not of built-in ones",
    "task": "regression for numbers, classification for the classes 0 and 1 (cross-entropy, ROC-AUC)",
}


Record = Annotated[
    Path | None, typer.Option(help="write this run.json, whose path says the run, instead of describing it")
]
Results = Annotated[
    Path | None, typer.Option(help="folder of data, features, folds and runs, by default the record's, else results")
]
SideBySide = Annotated[
    int | None,
    typer.Option(
        min=1, help="folds side by side, by default the fastest; with --repeats those of all runs, on a GPU 50"
    ),
]
Threads = Annotated[
    int, typer.Option(min=1, max=64, help="cores that share the folds side by side; the same bytes for any number")
]
Repeats = Annotated[int, typer.Option(min=1, max=1000, help="so many repetitions, from --repeat on, in one program")]
DEVICES = ("auto", "cpu", "gpu")
PresetChoice = OneOf[str, (BY_HAND, *Presets.model_fields)]
Reporter = OneOf[str, REPORTERS]
DeviceChoice = OneOf[str, DEVICES]
PresetName = Annotated[PresetChoice, typer.Option(hidden=True, help="noted in run.meta.json")]
Device = Annotated[DeviceChoice, typer.Option(help="auto measures a step on both, where there is a GPU")]
ReportTo = Annotated[
    Reporter,
    typer.Option(help="curves while it trains: curves.jsonl beside the record, TensorBoard, or Weights & Biases"),
]
OPTIONS_HELP = "what differs from the defaults, e.g. repeat=1,seed=7"


def _command(family: Family) -> Any:
    """`score-mlx train` for a family, with the options that its specs have, so that the two cannot drift apart."""

    def train(
        record: Record = None,
        results: Results = None,
        replicas: SideBySide = None,
        repeats: Repeats = 1,
        threads: Threads = 1,
        preset: PresetName = BY_HAND,
        report_to: ReportTo = "jsonl",
        device: Device = "auto",
        **options: Any,
    ) -> None:
        spec, folder = _begin(family, record, results, options)
        how = Execution(preset, replicas, report_to, device)
        place = results or results_of(spec, record)
        if threads > 1:
            _share(threads)
        if repeats == 1:
            family.train(spec, inputs_of(spec, place), folder, how)
            typer.echo(f"{spec.model}: {folder / 'run.json'}")
            return
        specs = [replace(spec, repeat=spec.repeat + more) for more in range(repeats)]
        for each in specs:
            ensure(each, place)
        runs = [(each, inputs_of(each, place), each.path(place / "runs").parent) for each in specs]
        family.train_together(runs, how)
        typer.echo("\n".join(f"{each.model}: {folder / 'run.json'}" for each, _, folder in runs))

    lacking = dict.fromkeys(("replicas", "repeats", "threads"), not family.side_by_side) | dict.fromkeys(
        ("report_to", "device"), not family.reports
    )
    left_out = {"options", *(name for name, lacks in lacking.items() if lacks)}
    own = [p for p in inspect.signature(train, eval_str=True).parameters.values() if p.name not in left_out]
    parameters = [p.replace(kind=p.KEYWORD_ONLY) for p in [*_options(family), *own]]
    train.__signature__, train.__doc__ = inspect.Signature(parameters), family.help
    train.__annotations__ = {p.name: p.annotation for p in parameters}
    return train


def run(
    records: Annotated[
        list[Path], typer.Argument(help="run.json, whose path says the run; several that differ in repeat and seed")
    ],
    preset: PresetName = BY_HAND,
    device: Annotated[
        list[str] | None, typer.Option(help="FAMILY=auto, cpu or gpu, e.g. graphs=cpu; by default auto; repeatable")
    ] = None,
) -> None:
    """Train the run that a record's path says, of whichever family; several side by side on a GPU, in turn on the CPU.

    Example: score-mlx train run results/runs/esol/graphs/gat/SCORE/default/run.json
    """
    records = list(dict.fromkeys(records))
    specs = [spec_from_path(str(record)) for record in records]
    family = family_of(specs[0])
    for record, spec in zip(records, specs, strict=True):
        if spec.without_repeat != specs[0].without_repeat:
            raise UserError(f"{record}: expected a run that differs from {records[0]} in repeat and seed only")
    devices = dict(_family_and_device(word) for word in device or ())
    runs = []
    for record, spec in zip(records, specs, strict=True):
        place = results_of(spec, record)
        ensure(spec, place)
        runs.append((spec, inputs_of(spec, place), record.parent))
    how = Execution(preset, report_to="jsonl", device=devices.get(family.name, "auto"))
    if len(runs) == 1:
        spec, files, folder = runs[0]
        family.train(spec, files, folder, how)
    else:
        family.train_together(runs, how)
    typer.echo("\n".join(f"{spec.model}: {record}" for spec, record in zip(specs, records, strict=True)))


def _family_and_device(word: str) -> tuple[str, str]:
    family, _, device = word.partition("=")
    if family not in FAMILIES or device not in DEVICES:
        known = f"{', '.join(FAMILIES)} and {', '.join(DEVICES)}"
        raise UserError(f"--device {word}: expected FAMILY=DEVICE, of {known}")
    return family, device


def _share(threads: int) -> None:
    """Lets threads share the replicas of a step, where there are kernels."""
    runtime.start()  # before anything imports MLX
    from score_mlx import kernels

    kernels.use_threads(threads)


def _begin(family: Family, record: Path | None, results: Path | None, options: dict[str, Any]) -> tuple[Spec, Path]:
    """The run that is asked for, whose inputs are there by now, and the folder of its record."""
    given = {name: value for name, value in options.items() if value is not None}
    if record is not None and given:
        raise UserError(f"{_flag(next(iter(given)))} and --record: expected one of them, the path says the run")
    spec = family.spec.from_path(record) if record else _described(family, given)
    results = results or results_of(spec, record)
    ensure(spec, results)
    return spec, (record or spec.path(results / "runs")).parent


def _described(family: Family, given: dict[str, Any]) -> Spec:
    for name in family.spec.NAMED:
        if name not in given:
            raise UserError(f"{_flag(name)} is missing: expected one of {', '.join(family.spec.CHOICES[name])}")
    kind = family.spec.variant(*(given[name] for name in family.spec.NAMED))
    default, option = family.default_data
    more = kind.parse_options(given.pop("options", "default"))
    chosen = {"dataset": given.pop(option, default), **given, **more}
    numbers = chosen.get("task", REGRESSION) == REGRESSION
    if numbers and chosen["dataset"] not in BUILT_IN and "scale_targets" in {f.name for f in fields(kind)}:
        chosen.setdefault("scale_targets", True)  # as config.yaml has it for one's own data
    return kind(**chosen)


def _options(family: Family) -> list[inspect.Parameter]:
    """The model first, as one would say it; then its data and options, all of them as one text where models differ."""
    default, data = family.default_data
    named = [_option(family.spec, name, str) for name in family.spec.NAMED]
    about = _parameter(data, str, f"{FIELD_HELP[data]} (by default {default})")
    if family.variants:
        return [*named, about, _parameter("options", str, OPTIONS_HELP)]
    rest = [f for f in fields(family.spec) if f.name not in ("dataset", *family.spec.NAMED)]
    return [*named, about, *(_option(family.spec, f.name, type(f.default), f.default) for f in rest)]


def _option(spec: type[Spec], name: str, kind: type, default: Any = None) -> inspect.Parameter:
    """Text where a field has choices: the spec refuses another word in one line, with the nearest."""
    usual = "" if default is None else f" (by default {str(default).lower()})"
    return _parameter(name, kind, FIELD_HELP[name] + usual, spec.CHOICES.get(name, ()))


def _parameter(name: str, kind: type, about: str, choices: Sequence[str] = ()) -> inspect.Parameter:
    """An option; choices are listed by `--help` and by a shell's completion."""

    def starting(incomplete: str) -> list[str]:
        return [choice for choice in choices if choice.startswith(incomplete)]

    completed = {"metavar": "|".join(choices), "autocompletion": starting} if choices else {}
    flag = f"{_flag(name)}/{_flag('no_' + name)}" if kind is bool else _flag(name)
    annotation = Annotated[kind | None, typer.Option(flag, help=about, **completed)]
    return inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None, annotation=annotation)


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


for each in FAMILIES.values():
    app.command(each.command)(_command(each))
app.command("run")(run)
