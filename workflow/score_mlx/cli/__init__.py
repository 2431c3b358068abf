"""`score-mlx`: every step of the pipeline as a command. Heavy libraries are imported by the command that needs them."""

from __future__ import annotations

import sys

import typer

from score_mlx.cli import (
    compare,
    data,
    doctor,
    figure,
    join,
    predict,
    queue,
    records,
    redraw,
    report,
    runs,
    sample,
    schema,
    table,
    train,
    verdict,
)
from score_mlx.errors import UserError

HELP = """SCORE, reproduced on MLX: train the paper's models, compare their records, draw its tables and figures.

Most work is done by Snakemake, which calls these commands: `snakemake results/table2.csv`. By hand:

    score-mlx train graph --arch gat --config SCORE_skip05

trains one model on the five folds of ESOL and writes its record under results/runs. A second machine's record is
compared with it by `score-mlx diff`, and taken in by `score-mlx adopt`."""

app = typer.Typer(help=HELP, no_args_is_help=True, pretty_exceptions_enable=False)
app.add_typer(data.app, name="data")
app.add_typer(train.app, name="train")
app.command("compare")(compare.compare)
app.command("predict")(predict.predict)
app.command("diff")(records.diff)
app.command("adopt")(records.adopt)
app.command("export")(records.export)
app.command("readme")(records.readme)
app.command("sample")(sample.sample)
app.command("table")(table.table)
app.command("join")(join.join)
app.command("queue")(queue.queue)
app.command("runs")(runs.runs)
app.command("estimate")(runs.estimate)
app.command("sensitivity")(table.sensitivity)
app.command("shap")(table.shap)
app.command("figure")(figure.figure)
app.command("redraw")(redraw.redraw)
app.command("verdict")(verdict.verdict)
app.command("report")(report.report)
app.command("crate")(report.crate)
app.command("schema")(schema.schema)
app.command("doctor")(doctor.doctor)


def main() -> None:
    """Run a command; what the user can mend is one line on standard error and exit code 2."""
    try:
        app()
    except UserError as error:
        line = " ".join(str(error).split())  # names from a file may hold anything, for a terminal to obey
        sys.exit(_complain("error: " + "".join(c if c.isprintable() else "?" for c in line)))
    except OSError as error:
        if error.filename is None:
            raise
        sys.exit(_complain(f"error: {error.filename}: {error.strerror}"))


def _complain(line: str) -> int:
    print(line, file=sys.stderr)
    return 2
