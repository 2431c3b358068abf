"""`score-mlx`: every step of the pipeline as a command. Heavy libraries are imported by the command that needs them."""

from __future__ import annotations

import sys

import typer

from score_mlx import (
    cli_compare,
    cli_data,
    cli_join,
    cli_predict,
    cli_records,
    cli_redraw,
    cli_report,
    cli_runs,
    cli_sample,
    cli_show,
    cli_train,
    cli_verdict,
)
from score_mlx.errors import UserError

HELP = """SCORE, reproduced on MLX: train the paper's models, compare their records, draw its tables and figures.

Most work is done by Snakemake, which calls these commands: `snakemake results/table2.csv`. By hand:

    score-mlx train graph --arch gat --config SCORE_skip05

trains one model on the five folds of ESOL and writes its record under results/runs. A second machine's record is
compared with it by `score-mlx diff`, and taken in by `score-mlx adopt`."""

app = typer.Typer(help=HELP, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(cli_data.app, name="data")
app.add_typer(cli_train.app, name="train")
app.command("compare")(cli_compare.compare)
app.command("predict")(cli_predict.predict)
app.command("diff")(cli_records.diff)
app.command("adopt")(cli_records.adopt)
app.command("export")(cli_records.export)
app.command("readme")(cli_records.readme)
app.command("sample")(cli_sample.sample)
app.command("table")(cli_show.table)
app.command("join")(cli_join.join)
app.command("runs")(cli_runs.runs)
app.command("estimate")(cli_runs.estimate)
app.command("sensitivity")(cli_show.sensitivity)
app.command("shap")(cli_show.shap)
app.command("figure")(cli_show.figure)
app.command("redraw")(cli_redraw.redraw)
app.command("verdict")(cli_verdict.verdict)
app.command("report")(cli_report.report)
app.command("crate")(cli_report.crate)
app.command("schema")(cli_show.schema)


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
