"""A reader's own data: files as inputs, what of them trains again, what commands are told of them. Functions only.

in:  config.yaml's dataset, columns and folds; the file that they name
out: nothing
"""

import hashlib
import json
import os
import shlex
import subprocess

import numpy as np

from score_mlx.config.columns import of_column
from score_mlx.data import classes
from score_mlx.data.chem.csvfile import read_cells, read_rows
from score_mlx.data.chem.given_folds import file_labels
from score_mlx.data.chem.numbers import NO_TARGET, decimal_comma, number
from score_mlx.data.dataset_names import column_dataset, dataset_name
from score_mlx.runs.objective import CLASSIFICATION
from score_mlx.runs.science import OWN_DATA, SCIENCE, versions
from score_mlx.system.errors import UserError


def readers_input(path, by_date=True):
    """A file of the reader's as an input; [] for a name with braces, in which Snakemake sees wildcards.

    Without `by_date` a parameter says whether it has changed, as long as Snakemake remembers it.
    """
    file = local(in_project(path))
    return [] if "{" in path else [file if by_date or not remembered() else ancient(file)]


def remembered():
    """Whether Snakemake still knows the parameters of earlier jobs; else only dates can tell what has changed."""
    folder = ".snakemake/metadata"
    return os.path.isdir(folder) and any(os.scandir(folder))


def quoted(path):
    """A reader's file in a shell command of a rule."""
    return literally([in_project(path)])


def data_digest():
    """A parameter in place of a reader's CSV: its SMILES, its targets as numbers, which rows are dropped."""
    path = in_project(CONFIG.own_csv) if CONFIG.own_csv else ""
    if not os.path.exists(path):
        return []
    rows = read_rows(path, CONFIG.smiles_column, CONFIG.column, say=lambda line: None)
    comma = decimal_comma([(row.line, row.target) for row in rows], path, lambda line: None)
    targets = [(row.target, *number(row.target, comma)) for row in rows]
    values = [text if flaw else repr(value) for text, value, flaw in targets]  # 1e-5 is 0.00001
    cells = [(row.smiles, value, row.flaw) for row, value in zip(rows, values, strict=True)]
    tell(path, [value for _, value, flaw in targets if not flaw], [flaw for _, _, flaw in targets])
    known = [cells, CONFIG.drop_bad, OWN_DATA, SCIENCE["data"], versions("data")]
    return [hashlib.sha256(json.dumps(known).encode()).hexdigest()]


def tell(path, values, flaws):
    """Say on the terminal what a job would say into its log: classes that are learnt as numbers, missing values."""
    if not workflow.is_main_process:
        return
    if CONFIG.task != CLASSIFICATION and (told := classes.told(np.array(values))):
        print(f"{path}: {told}", file=sys.stderr)
    missing = sum(flaw == NO_TARGET for flaw in flaws)
    if missing and isinstance(CONFIG.target_column, list):
        print(
            f"{path}: column {CONFIG.column}: {missing} of {len(flaws)} rows have no target and are left out",
            file=sys.stderr,
        )


def one_after_another():
    """Run this Snakemake once for each of several target columns, and return the highest exit code."""
    if workflow.main_snakefile and not Path(workflow.main_snakefile).samefile(ROOT / "Snakefile"):
        raise UserError("target_column: several columns, expected one where the workflow is another one's module")
    arguments = sys.argv[1:]
    moved = {"--directory", "-d"} & {argument.partition("=")[0] for argument in arguments}
    here = os.environ.get("PWD", os.getcwd()) if moved else os.getcwd()  # whence relative paths were given
    code = 0
    for column in CONFIG.target_column:
        print(f"target column {column}: {column_dataset(CONFIG.dataset, column)}", file=sys.stderr, flush=True)
        ours = of_column(arguments, CONFIG.dataset, dataset_name(CONFIG.dataset), column)
        code = max(code, abs(subprocess.run([sys.executable, "-m", "snakemake", *ours], cwd=here).returncode))
    return code


def words():
    """What tables and figures call a reader's data, which may change without a new training."""
    return [f"results/data/{CONFIG.dataset_name}/words.json"] if CONFIG.own_csv and not CONFIG.records else []


def folds_digest():
    """A parameter of folds that the reader gives: the labels in their column, or what a folds file says of each row."""
    path = in_project(CONFIG.folds_file or CONFIG.own_csv) if CONFIG.fold_column else ""
    if not os.path.exists(path):
        return []
    if CONFIG.folds_file:
        labels = [[row, label] for row, (_, label) in sorted(file_labels(path, CONFIG.split).items())]
    else:
        labels = [cells.values for cells in read_cells(path, [CONFIG.fold_column])]
    return [hashlib.sha256(json.dumps(labels).encode()).hexdigest()]


def columns():
    """Where a reader's CSV has SMILES and targets, and which rows of it count; built-in data sets need no telling."""
    if not CONFIG.own_csv:
        return []
    options = {"smiles-column": CONFIG.smiles_column, "target-column": CONFIG.column}
    flags = {"--drop-bad": CONFIG.drop_bad, "--one-of-several": isinstance(CONFIG.target_column, list)}
    return [f"--{key}={value}" for key, value in options.items()] + [flag for flag, said in flags.items() if said]


def descriptions():
    """What a reader's molecules and targets are called and what is learnt of them, which changes no molecule."""
    names = {
        "task": CONFIG.task,
        "name-column": CONFIG.name_column,
        "target-label": CONFIG.target_label,
        "target-unit": CONFIG.target_unit,
    }
    return [f"--{key}={value}" for key, value in names.items() if value] if CONFIG.own_csv else []


def literally(arguments):
    """Arguments in a rule's shell command that are no parameters of it, so that their change is no reason to run."""
    return shlex.join(arguments).replace("{", "{{").replace("}", "}}")
