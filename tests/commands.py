"""Commands of the command line, run in this process."""

from __future__ import annotations

from score_mlx import cli
from score_mlx.system.errors import UserError
from typer.testing import CliRunner


def run(*arguments, code=0):
    """Standard output of a command that ends with `code`; a UserError is raised as it is."""
    done = CliRunner().invoke(cli.app, [str(a) for a in arguments])
    if isinstance(done.exception, UserError):
        raise done.exception
    assert done.exit_code == code, done.output
    return done.output
