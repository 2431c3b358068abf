"""SCORE on MLX: raw file -> features and folds -> run records -> tables and figures.

    snakemake results/table2.csv                      one table, trained where it must be
    snakemake --config dataset=nci preset=smoke       everything, on the stand-in, in minutes
    snakemake --config records=results/reference/runs tables and figures redrawn, nothing trained

config.yaml holds every choice, profiles/default every flag. Nothing here computes: each rule calls `score-mlx`.
"""

import shlex
import sys
from pathlib import Path


include: "workflow/rules/project.smk"


# Jobs run this working tree under this interpreter, whatever is installed or activated elsewhere.
ROOT = project_at(workflow.current_basedir)
sys.path.insert(0, str(ROOT / "workflow"))


include: "workflow/rules/own_data.smk"
include: "workflow/rules/common.smk"


places = (ROOT / "workflow" / "rules" / "logged.sh", Path(sys.executable).parent, ROOT / "workflow")
known = " ".join(f"{name}={shlex.quote(told)}" for name, told in plugins.environment().items())
known = known.replace("{", "{{").replace("}", "}}")
prefix = "source {}; export PATH={}:$PATH PYTHONPATH={} ".format(*(shlex.quote(str(place)) for place in places))
shell.prefix(f"{prefix}{known} MLX_ENABLE_TF32={int(CONFIG.precision == 'tf32')}; ")


report: "workflow/report/workflow.rst"


wildcard_constraints:
    dataset=r"[\w-]+",
    table=any_of(TABLE_NAMES),


localrules:
    all,
    tables,
    figures,
    beyond,


include: "workflow/rules/data.smk"
include: "workflow/rules/features.smk"


# Drawing from a folder of records must not train: without these rules nothing can.
if not CONFIG.records:

    include: "workflow/rules/shap.smk"
    include: "workflow/rules/corpora.smk"
    include: "workflow/rules/train.smk"


include: "workflow/rules/tables.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/verdict.smk"
include: "workflow/rules/beyond.smk"
include: "workflow/rules/report.smk"


rule all:
    default_target: True
    input:
        rules.tables.input,
        rules.figures.input,
        VERDICTS,


check_targets()


onstart:
    or_exit(take_over)
    dump(CONFIG, Path(TABLES, "config.resolved.yaml"))
