"""`score-mlx data`: from a file of molecules to graphs, descriptors and folds; each writes one output of the DAG."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from score_mlx.cli.outputs import ending
from score_mlx.data.dataset_names import BUILT_IN, FROM_SOURCES
from score_mlx.data.splits import GIVEN, Split
from score_mlx.models.classical.spec import CatBoost
from score_mlx.models.families import inputs_of
from score_mlx.models.graphs.choices import Features
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.runs.objective import Task
from score_mlx.runs.spec import Spec, results_of
from score_mlx.system import project
from score_mlx.system.errors import UserError, did_you_mean
from score_mlx.system.locks import sole

app = typer.Typer(no_args_is_help=True, help="Prepare molecules, their features and folds.")

Molecules = Annotated[Path, typer.Argument(help="molecules.csv of a prepared data set")]
CsvOut = Annotated[Path, typer.Argument(help=".csv to write", callback=ending(".csv"))]
JsonOut = Annotated[Path, typer.Argument(help=".json to write", callback=ending(".json"))]
ArraysOut = Annotated[Path, typer.Argument(help=".npz to write", callback=ending(".npz"))]
Search = Annotated[list[Path] | None, typer.Option(help="folder to look in before the network; may be repeated")]
Processes = Annotated[int | None, typer.Option(min=1, help="by default all cores")]


@app.command()
def prepare(
    dataset: Annotated[str, typer.Argument(help=f"{', '.join(BUILT_IN)} or the path of a CSV file")],
    folder: Annotated[Path, typer.Argument(help="where to write molecules.csv, qc.csv and dataset.json")],
    smiles_column: Annotated[str | None, typer.Option(help="of the CSV file")] = None,
    target_column: Annotated[str | None, typer.Option(help="of the CSV file")] = None,
    name_column: Annotated[str | None, typer.Option(help="of the CSV file, if it names molecules")] = None,
    target_label: Annotated[str | None, typer.Option(help="what the target is, by default its column")] = None,
    target_unit: Annotated[str, typer.Option(help="the target's unit")] = "",
    drop_bad: Annotated[bool, typer.Option("--drop-bad", help="leave out unusable rows instead of stopping")] = False,
    one_of_several: Annotated[
        bool,
        typer.Option("--one-of-several", help="call the data after the column too, leave out rows without target"),
    ] = False,
    task: Annotated[Task | None, typer.Option(help="what is learnt; says whether targets fit it")] = None,
    search: Search = None,
) -> None:
    """Check a data set and write its molecules.

    Example: score-mlx data prepare my.csv results/data/my --smiles-column SMILES --target-column logS
    """
    from score_mlx.data.chem import datasets, qc

    columns = datasets.Table(
        smiles_column=smiles_column,
        target_column=target_column,
        name_column=name_column,
        target=target_label,
        unit=target_unit,
    )
    source = source_file(dataset, search) if dataset in FROM_SOURCES else None
    own = None if dataset in BUILT_IN else columns
    how = {"drop_bad": drop_bad, "task": task, "one_of_several": one_of_several}
    info = datasets.prepare(dataset, folder, source=source, table=own, **how)
    found = qc.told(info["dropped"], info["repeated"], info["apart"])
    typer.echo(f"{info['label']}: {info['rows']} molecules -> {folder}" + (f" ({found}: qc.csv)" if found else ""))


@app.command()
def describe(
    molecules: Molecules,
    out: JsonOut,
    target_label: Annotated[str, typer.Option(help="what the target is")],
    target_unit: Annotated[str, typer.Option(help="the target's unit")] = "",
) -> None:
    """Write what tables and figures call the target of a prepared data set (words.json); nothing is trained again.

    Example: score-mlx data describe results/data/my/molecules.csv results/data/my/words.json --target-label logS
    """
    from score_mlx.data.chem.datasets import describe as write

    write(molecules.parent, out, target_label, target_unit)


@app.command()
def features(
    molecules: Molecules,
    out: ArraysOut,
    scheme: Annotated[Features, typer.Option(help="atom and bond features")] = GraphSpec.features,
    processes: Processes = None,
) -> None:
    """Write the molecules' graphs with atom and bond features (.npz)."""
    from score_mlx.data.chem.features import featurise
    from score_mlx.data.chem.prepared import load_molecules

    featurise(load_molecules(molecules).smiles, scheme, processes=processes).save(out)


@app.command()
def descriptors(molecules: Molecules, out: ArraysOut, processes: Processes = None) -> None:
    """Write RDKit's 217 descriptors of each molecule, unscaled (.npz)."""
    from score_mlx.data.chem import descriptors as chem
    from score_mlx.data.chem.prepared import load_molecules

    chem.save(out, *chem.compute(load_molecules(molecules).smiles, processes=processes))


@app.command()
def folds(
    molecules: Molecules,
    out: CsvOut,
    split: Annotated[Split, typer.Option(help="how molecules are divided")] = "kfold",
    repeat: Annotated[int, typer.Option(min=0, help="repetition; another one is another division")] = 0,
    source: Annotated[
        Path | None,
        typer.Option(help="for file and holdout: a folds file, or the CSV whose --fold-column says the folds"),
    ] = None,
    fold_column: Annotated[str | None, typer.Option(help="of the CSV that the molecules come from")] = None,
) -> None:
    """Write which fold tests each molecule (.csv).

    Example: score-mlx data folds results/data/my/molecules.csv results/folds/my/scaffold-r0.csv --split scaffold
    """
    from score_mlx.data.chem.folds import make_folds, save_folds, save_parts
    from score_mlx.data.chem.given_folds import from_column, from_file
    from score_mlx.data.chem.prepared import load_molecules

    if (split in GIVEN) != (source is not None):
        given = " or ".join(GIVEN)
        raise UserError(f"--split {split}: expected --source together with --split {given}, and only there")
    known = load_molecules(molecules)
    rows = known.rows.tolist()
    if source is None:
        made = make_folds(known.canonical, split, repeat, targets=known.targets, name=molecules.parent.name)
    elif fold_column is None:
        made = from_file(source, rows, split)
    else:
        made = from_column(source, fold_column, rows, split)
    (save_parts if split == "holdout" else save_folds)(out, made)


@app.command()
def corpus(
    name: Annotated[str, typer.Argument(help="text and tokens, e.g. tinyshakespeare-char, shakespeare-gpt4o")],
    folder: Annotated[Path, typer.Argument(help="where to write corpus.json and tokens.npz")],
    search: Search = None,
) -> None:
    """Clean a text and cut it into tokens.

    Example: score-mlx data corpus shakespeare-bpe8192 results/corpora/shakespeare-bpe8192
    """
    from score_mlx.data.text import climbmix
    from score_mlx.data.text import corpus as language

    if name == language.CLIMBMIX:
        made = climbmix.make(data_folders(search))
    else:
        made = language.make(name, {source: source_file(source, search) for source in language.sources_of(name)})
    made.save(folder)
    typer.echo(f"{made.info['label']}: {made.info['tokens']} tokens of {made.info['vocabulary']} -> {folder}")


@app.command()
def shap(
    out: Annotated[
        Path,
        typer.Argument(
            help=f"file to write, {CatBoost.pattern().replace('run.json', 'shap.npz')}", callback=ending(".npz")
        ),
    ],
    results: Annotated[
        Path | None, typer.Option(help="folder of data, features and folds, by default the file's, else results")
    ] = None,
) -> None:
    """Write how much each descriptor matters to a CatBoost fitted on each training fold, by SHAP (.npz).

    The path says which CatBoost, as that of its record does.
    """
    from score_mlx.data.fold_data import FoldedData
    from score_mlx.models.classical.selection import select

    spec = CatBoost.from_path(out.with_name("run.json"))
    results = results or results_of(spec, out)
    ensure(spec, results)
    select(spec, FoldedData.load(inputs_of(spec, results))).save(out)


def ensure(spec: Spec, results: Path) -> None:
    """Prepare what `spec` reads under `results` where it is missing, as the rules of the DAG would.

    Of several processes that lack the same files one makes them and the others wait.

    Raises:
        UserError: the data set is neither prepared nor built in.
    """
    files = inputs_of(spec, results)
    if all(file.exists() for file in files.values()):
        return
    _require_source(spec, files)  # before the lock makes a folder
    with sole(results / ".preparing.lock"):
        _make_missing(spec, files, results)


def _make_missing(spec: Spec, files: Mapping[str, Path], results: Path) -> None:
    fields = spec.as_dict()
    makers = {
        "molecules": lambda path: prepare(spec.dataset, path.parent),
        "dataset": lambda path: prepare(spec.dataset, path.parent),
        "folds": lambda path: folds(files["molecules"], path, fields["split"], spec.repeat),
        "features": lambda path: features(files["molecules"], path, fields["features"]),
        "descriptors": lambda path: descriptors(files["molecules"], path),
        "shap": lambda path: shap(path, results),
        "corpus": lambda path: corpus(spec.dataset, path.parent),
        "tokens": lambda path: corpus(spec.dataset, path.parent),
    }
    for name, file in files.items():
        if name in makers and not file.exists():
            makers[name](file)


def _require_source(spec: Spec, files: Mapping[str, Path]) -> None:
    """Refuse a run whose data only the user can give.

    Raises:
        UserError: molecules or folds are missing that only the reader can give, or there is no such corpus.
    """
    if "corpus" in files:
        from score_mlx.data.text.corpus import CLIMBMIX, sources_of

        if spec.dataset != CLIMBMIX:
            sources_of(spec.dataset)  # raises for a name that is none
    data = [files[name] for name in ("molecules", "dataset") if name in files]
    if spec.dataset not in BUILT_IN and not all(file.exists() for file in data):
        raise UserError(
            f"dataset = {spec.dataset}: not prepared, expected {files['dataset']}; first run: score-mlx data "
            f"prepare FILE.csv {files['dataset'].parent} --smiles-column ... --target-column ..."
            + did_you_mean(spec.dataset, BUILT_IN)
        )
    split = spec.as_dict().get("split", "")
    if "folds" in files and split in GIVEN and not files["folds"].exists():
        raise UserError(
            f"split = {split}: expected {files['folds']}; first run: score-mlx data folds {files['molecules']} "
            f"{files['folds']} --split {split} --source FILE.csv --fold-column ..."
        )


def source_file(source: str, folders: list[Path] | None) -> Path:
    """A file of data/sources.yaml, from a local folder or the network; a download lands in the first of the folders."""
    from score_mlx.data import sources

    catalogue, places = project.root() / "data" / "sources.yaml", data_folders(folders)
    name = sources.load_sources(catalogue)[source].files[0]
    return sources.obtain(source, catalogue, places, places[0] / name)


def data_folders(given: list[Path] | None) -> list[Path]:
    """Where files from elsewhere are looked for: those given, or config.yaml's."""
    from score_mlx.config.file import load

    home = project.root()
    return given or [home / place for place in load(home / "config.yaml").data_folders]
