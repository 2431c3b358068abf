"""Shared by all stages: the resolved config, where things lie, which records an experiment needs.

in:  config.yaml, --config
out: nothing
"""

import json
import os
import re

from score_mlx.runs import plugins
from score_mlx.runs.records import records_below
from score_mlx.models.resources import minutes as minutes_needed
from score_mlx.tables.parts import wholes
from score_mlx.system.code_inputs import with_imports
from score_mlx.config import texts
from score_mlx.config.file import dump, load, retyped
from score_mlx.config.fullest import fullest
from score_mlx.config.nearest import Targets
from score_mlx.system.device import has_gpu
from score_mlx.system.errors import UserError
from score_mlx.system.files import date_back, remove_temporaries
from score_mlx.system.locks import hold
from score_mlx.config.presets import resolve
from score_mlx.runs.science import SCIENCE, versions
from score_mlx.experiments.registry import TABLES as TABLE_KINDS
from score_mlx.data.splits import AT_RANDOM, DRAWN, GIVEN
from score_mlx.config.targets import leaky, robustness_specs
from score_mlx.models.families import inputs_of, spec_from_path
from score_mlx.models.graphs.spec import ARCHS


def or_exit(function, *args):
    """The value, or one readable line and the end: a misspelt key deserves no traceback."""
    try:
        return function(*args)
    except UserError as error:
        sys.exit(f"error: {error}")


def any_of(names):
    """A pattern that matches these names and no other, not even where there are none."""
    return "|".join(map(re.escape, names)) or "(?!)"


def in_project(*parts):
    """A file of the project as seen from the working directory, which `--directory` may have moved."""
    return os.path.normpath(os.path.join(os.path.relpath(ROOT), *parts))


def project_file(*parts):
    """A file of the project as an input, which stays in the project wherever results are kept."""
    return local(in_project(*parts))


def sources(*names):
    """Modules whose edit must redraw a table or a figure (an imported module is no trigger of Snakemake's).

    Given are those that a command calls; what they import of tables, figures and verdicts comes along.
    """
    return [project_file("workflow", "score_mlx", name) for name in with_imports(*names)]


def records_folder():
    """Where records are: made here, or those that config.yaml says to draw from."""
    return in_project(CONFIG.records) if CONFIG.records else "results/runs"


def records_at(specs, name="run.json"):
    """The records of these runs, or the file of that name beside each."""
    paths = [str(spec.path(records_folder()).with_name(name)) for spec in specs]
    return list(map(local, paths)) if CONFIG.records else paths


def records_of(experiment, name="run.json", split=None, figure=None):
    """The run records that a table lists or a figure shows, or the file of that name beside each.

    Where nothing is trained, of each model the longest run that there is.
    """

    def listed(config):
        return config.figure_specs(experiment, figure) if figure else config.specs(experiment, split)

    return records_at(fullest(listed, LENGTHS, Path(records_folder())) if CONFIG.records else listed(CONFIG), name)


def existing_records_of(experiment, name="run.json", split=None, figure=None):
    """`records_of`, but where nothing is trained each must be there already.

    An experiment that what is learnt does not allow is refused.
    """
    if unfit := CONFIG.unfit(experiment):
        sys.exit(f"error: {unfit}")
    lacking = lacking_records_of(experiment, split, figure)
    if lacking:
        what = f"{len(lacking)} records of {experiment} are missing, first {lacking[0]}"
        sys.exit(f"error: records = {CONFIG.records}: {what}")
    return records_of(experiment, name, split, figure)


def lacking_records_of(experiment, split=None, figure=None):
    paths = records_of(experiment, split=split, figure=figure)
    return [path for path in paths if CONFIG.records and not os.path.exists(path)]


def drawable(experiments, splits=(None,)):
    """All of them; where nothing is trained those whose records are complete, the others being named."""
    complete = [name for name in experiments if not any(lacking_records_of(name, split) for split in splits)]
    for name in experiments:
        if name not in complete:
            print(f"records = {CONFIG.records}: {name} is left out, some of its records are missing", file=sys.stderr)
    return complete


def there(paths):
    """All of them, to be made where they are missing; where nothing is trained those that exist."""
    return [path for path in paths if not CONFIG.records or os.path.exists(path)]


def all_records(name="run.json"):
    """The records of all experiments."""
    paths = [path for experiment in CONFIG.experiments for path in records_of(experiment, name)]
    return there(dict.fromkeys(paths))


def robustness_records(name="run.json"):
    """The records of `robustness`, and of the experiments that it varies."""
    return there(records_at(or_exit(robustness_specs, CONFIG), name))


def beyond_records(name, file="run.json"):
    """The records of an experiment beyond the paper; where nothing is trained those that exist."""
    return there(records_at(or_exit(CONFIG.beyond_specs, name), file))


def beyond_tables():
    """Of the experiments that have runs of their own; where nothing is trained, of those with such records."""
    own = {name: records_at(CONFIG.beyond_own(name)) for name in CONFIG.beyond_here}
    return [f"{TABLES}/{name}.csv" for name, records in own.items() if there(records)]


def drawing_of(figure):
    return CONFIG.experiments[EXPERIMENT_OF[figure]].drawings[figure]


def shap_values_of(experiment):
    """The SHAP values that an experiment's Lasso reads."""
    return [str(inputs_of(spec)["shap"]) for spec in CONFIG.specs(experiment) if spec.ranked_by]


def catboost_record():
    """CatBoost's record, where Table 1 has one; when nothing is trained, where it is there."""
    return there(records_at(CONFIG.baseline_specs()))[:1]


def paper_values(experiment):
    """The paper's numbers for an experiment, where it prints any."""
    file = CONFIG.experiments[experiment].paper
    return [project_file("data", "paper", file)] if file else []


def files_read(path):
    """What the run of a record's path reads, by name."""
    return {name: str(file) for name, file in inputs_of(or_exit(spec_from_path, path)).items()}


def wanted_alone(path):
    """Whether the command line names this output and no other."""
    return {str(target) for target in workflow.dag_settings.targets} == {path}


def inputs_of_run(family):
    """An input function: what a run reads; nothing for a record taken in (`score-mlx adopt`), as nothing outdates it."""

    def inputs(wildcards):
        path = record_of(family, wildcards)
        return {} if is_adopted(path) else files_read(path)

    return inputs


def minutes_of_run(family):
    """A resource: what a cluster is asked for, from measurement; after a job that ran out of time more."""

    def minutes(wildcards, attempt):
        spec = or_exit(spec_from_path, record_of(family, wildcards))
        return attempt * minutes_needed(spec, ROOT / "results" / "reference" / "runs")

    return minutes


def record_of(family, wildcards):
    return f"results/runs/{wildcards.dataset}/{family}/{wildcards.model}/{wildcards.options}/run.json"


def is_adopted(record):
    try:
        with open(os.path.join(os.path.dirname(record), "run.meta.json"), encoding="utf-8") as file:
            return "adopted_from" in json.load(file)
    except (OSError, ValueError):
        return False


def versions_of(family):
    """What a run's numbers depend on beside its inputs and its `science`: a change trains it again."""
    return versions(family) | ({} if CONFIG.precision == "float32" else {"precision": CONFIG.precision})


def on_gpu(family):
    """Whether a run may compute on a GPU: of those a machine's is given to one job at a time."""
    return int(has_gpu() and getattr(CONFIG.device, family, "cpu") != "cpu")


def quick_first(wildcards):
    """A priority: of graph networks the architectures that take least time come first."""
    arch = wildcards.model.split("/")[0]
    return len(KNOWN_ARCHS) - KNOWN_ARCHS.index(arch) if arch in KNOWN_ARCHS else 0


def take_over():
    """The working folder for this Snakemake alone, cleared of what a killed one or a wrong clock has left.

    The lock is in place of Snakemake's own (profiles: nolock), which a killed Snakemake leaves for the user to remove.
    """
    hold(".snakemake/score-mlx.lock", "another Snakemake")
    date_back("results", FIGURES, ROOT / "workflow", ROOT / "data")
    remove_temporaries("results", FIGURES)


def given():
    """What the command line says, names and paths as they were written there."""
    settings = workflow.config_settings
    arguments = settings.config_args if isinstance(settings.config_args, list) else []
    return texts.given(retyped(config), settings.configfiles, arguments)


def configured(preset=None):
    """config.yaml with what the command line says, under its own preset or another."""
    return resolve(load(ROOT / "config.yaml", given() | ({"preset": preset} if preset else {})))


def check_targets():
    """A target that nothing makes is told with the nearest: tables of a reader's data have a folder of their own.

    Snakemake itself knows its targets only after it has read the rules, so the command line is looked at; not that of a
    workflow that uses this one as a module.
    """
    if Path(workflow.main_snakefile).resolve() != (ROOT / "Snakefile").resolve():
        return
    tables = [*TABLE_NAMES, *WHOLES, *(f"{table}_sensitivity" for table in BASELINES), "runs", "shap_top100"]
    figures = [*EXPERIMENT_OF, "shap_summary"]
    known = {rule.name for rule in workflow.rules}
    wrong = Targets([*tables, *CONFIG.beyond_here], figures, TABLES, FIGURES, known).wrong(sys.argv[1:])
    if wrong:
        sys.exit(f"error: nothing makes {wrong[0]} of dataset = {CONFIG.dataset}; did you mean {wrong[1]}?")


CONFIG = or_exit(configured)
LENGTHS = [or_exit(configured, "paper"), or_exit(configured, "laptop"), CONFIG] if CONFIG.records else []
if CONFIG.own_csv and isinstance(CONFIG.target_column, list) and len(CONFIG.target_column) > 1:
    sys.exit(or_exit(one_after_another))
DATA = or_exit(data_digest)
FOLD_LABELS = or_exit(folds_digest)
KNOWN_ARCHS = ARCHS + plugins.names("arch")
EXPERIMENT_OF = CONFIG.experiment_of
or_exit(lambda: [CONFIG.specs(name) for name in CONFIG.experiments])
if CONFIG.records:
    or_exit(records_below, Path(records_folder()))
DRAWABLE = drawable(CONFIG.applicable)
BASELINES = CONFIG.of_kind("baselines")
SENSITIVITY = [name for name in drawable(leaky(CONFIG), AT_RANDOM) if name in DRAWABLE]
TABLE_NAMES = [table for kind in TABLE_KINDS for table in CONFIG.of_kind(kind)]
WHOLES = wholes(TABLE_NAMES)  # table7, of table7a and table7b
SCHEMAS = [figure for figure in EXPERIMENT_OF if drawing_of(figure) == "schema"]  # drawn without records

TABLES = CONFIG.tables_folder
FIGURES = CONFIG.figures_folder
SHAP = list(dict.fromkeys(file for table in BASELINES for file in shap_values_of(table)))[:1]
ENVIRONMENT = str(ROOT / "envs" / "conda.yaml")
