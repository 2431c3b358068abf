"""`score-mlx doctor`: one page about this machine: what is installed, what it computes with, what is missing."""

from __future__ import annotations

import typer

from score_mlx.cli.checks import CHECKS, Check, State

SIGNS = {State.OK: "ok", State.NOTE: "note", State.MISSING: "MISSING"}


def doctor() -> None:
    """Check this machine: Python, MLX, device, BLAS and its speed, kernels, compiler, libraries, data.

    A line marked MISSING names something that training or the tests need, and how to get it; the exit code is then 1.
    A line marked note names something optional. Nothing is changed and the network is not used.

    Example: score-mlx doctor
    """
    checks: list[Check] = []
    for check in CHECKS:
        for found in check():
            _show(found)
            checks.append(found)
    missing = [check.what for check in checks if check.state is State.MISSING]
    if missing:
        typer.echo(f"\n{len(missing)} of {len(checks)} checks failed: {', '.join(missing)}")
        raise typer.Exit(1)
    typer.echo(f"\nAll {len(checks)} checks passed, {sum(c.state is State.NOTE for c in checks)} with a note.")


def _show(check: Check) -> None:
    typer.echo(f"{SIGNS[check.state]:8}{check.what:22}{check.found}")
    if check.remedy:
        typer.echo(f"{'':30}-> {check.remedy}")
