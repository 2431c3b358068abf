"""`score-mlx`: every step of the pipeline as a command. Heavy libraries are imported by the command that needs them."""

from __future__ import annotations

import sys
from importlib import metadata
from typing import Annotated

import typer

from score_mlx.cli import (
    beyond,
    compare,
    data,
    doctor,
    figure,
    join,
    kit,
    predict,
    queue,
    records,
    redraw,
    report,
    runs,
    sample,
    schema,
    spot_check,
    table,
    train,
    verdict,
    weights,
)
from score_mlx.runs import plugins
from score_mlx.system.errors import UserError

HELP = """SCORE, reproduced on MLX: train the paper's models, compare their records, draw its tables and figures.

Most work is done by Snakemake, which calls these commands: `snakemake results/table2.csv`. By hand:

    score-mlx train graph --arch gat --config SCORE_skip05

trains one model on the five folds of ESOL and writes its record under results/runs. A second machine's record is
compared with it by `score-mlx diff`, and taken in by `score-mlx adopt`."""

app = typer.Typer(
    help=HELP,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(data.app, name="data")
app.add_typer(train.app, name="train")
app.add_typer(kit.app, name="kit")
app.add_typer(weights.app, name="weights")
app.command("compare")(compare.compare)
app.command("beyond")(beyond.beyond)
app.command("predict")(predict.predict)
app.command("diff")(records.diff)
app.command("spot-check")(spot_check.spot_check)
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
app.command("release")(weights.release)
app.command("doctor")(doctor.doctor)


def _tell_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"score-mlx {metadata.version('score-mlx')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="print the version and end", is_eager=True, callback=_tell_version)
    ] = False,
) -> None:
    plugins.begin()


def main() -> None:
    """Run a command; what the user can mend is one line on standard error and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):  # a terminal that knows ASCII only is no reason to stop
            reconfigure(errors="backslashreplace")
    try:
        sys.exit(app(prog_name="score-mlx", standalone_mode=False) or 0)
    except UserError as error:
        sys.exit(_complain(str(error)))
    except BrokenPipeError:  # the reader has seen enough, as `head` does
        sys.stdout = None  # Python would try to write the rest at its end, and say that it cannot
        sys.exit(1)
    except OSError as error:
        if error.filename is None:
            raise
        sys.exit(_complain(f"{error.filename}: {error.strerror}"))
    except typer.Abort:  # ctrl-C
        sys.exit(130)
    except Exception as error:
        sys.exit(_misused(error))


def _misused(error: Exception) -> int:
    """Exit code after options that the parser refuses, which are told like any other mistake.

    The parser's exceptions have had several homes and are known by what they can do.

    Raises:
        Exception: `error`, where it is something else.
    """
    context, told, show = (getattr(error, name, None) for name in ("ctx", "format_message", "show"))
    if told is None:
        raise error
    if type(error).__name__ == "NoArgsIsHelpError" and show is not None:  # a command without anything is a question
        show()
        return 2
    command = f" (see {context.command_path} --help)" if context else ""
    return _complain(told().replace("Value error, ", "") + command)


def _complain(reason: str) -> int:
    line = " ".join(f"error: {reason}".split())  # names from a file may hold anything, for a terminal to obey
    print("".join(c if c.isprintable() else "?" for c in line), file=sys.stderr)
    return 2
