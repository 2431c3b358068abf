"""`score-mlx queue`: a list of runs in order of priority, trained within a time limit."""

from __future__ import annotations

import math
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from score_mlx.cli.options import Dataset, PresetName, settled_config
from score_mlx.runs import plugins
from score_mlx.runs.spec import Spec
from score_mlx.system import project
from score_mlx.system.errors import UserError

if TYPE_CHECKING:
    from score_mlx.config.models import Devices
    from score_mlx.config.settings import Config


def queue(
    what: Annotated[
        list[str],
        typer.Argument(help="files with a record's path or a target a line, the most important first; or targets"),
    ],
    hours: Annotated[
        float | None, typer.Option(min=0, help="by then everything has ended; by default no limit")
    ] = None,
    cores: Annotated[int | None, typer.Option(min=1, help="runs side by side, by default one a core")] = None,
    on_gpu: Annotated[
        int, typer.Option(min=1, help="how many of them share a GPU: some, where one leaves it waiting for launches")
    ] = 1,
    side_by_side: Annotated[
        int, typer.Option(min=1, help="repetitions of a configuration that train in one program on a GPU; 1: none do")
    ] = 10,
    dataset: Dataset = None,
    preset: PresetName = None,
    results: Annotated[Path, typer.Option(help="folder of data and runs")] = Path("results"),
    reference: Annotated[
        Path | None,
        typer.Option(help="records whose times to go by where this machine has none alike; by default the committed"),
    ] = None,
) -> None:
    """Train a list of runs, the most important first, within a time limit.

    What has a record is skipped. A run that would not end in time is not begun, unless it has a checkpoint to go on
    from. At the limit, and after Ctrl-C or SIGTERM, the running ones write checkpoints and end; the same command goes
    on. Records lie where Snakemake looks for them; `score-mlx adopt` takes them in elsewhere.

    Example: score-mlx queue language.txt --hours 2.5 --cores 2 --preset paper
    """
    from score_mlx.data.chem.parallel import cores as all_cores
    from score_mlx.models.bundles import Wanted, bundled
    from score_mlx.models.queue import Queue
    from score_mlx.system.device import has_gpu
    from score_mlx.system.locks import hold

    config = settled_config(dataset, preset)
    runs = listed(what, config)
    cost = _costs(results / "runs", reference or project.root() / "results" / "reference" / "runs")
    with_gpu = {name for name, device in config.device if device != "cpu"} if has_gpu() else set()
    wanted = [Wanted(spec, cost(spec) if said is None else said, spec.FAMILY in with_gpu) for spec, said in runs]
    hold(results / ".queue.lock", "another queue")
    work = Queue(
        bundled(wanted, side_by_side),
        results,
        lambda specs: command(specs, results, config.preset, config.device),
        environment=os.environ | plugins.environment() | {"MLX_ENABLE_TF32": str(int(config.precision == "tf32"))},
        cores=cores or all_cores(),
        on_gpu=on_gpu,
        limit=math.inf if hours is None else 3600 * hours,
        say=typer.echo,
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: work.stop())
    outcome = work.work()
    typer.echo("\n".join(outcome.lines()))
    if outcome.failed:
        raise typer.Exit(1)


def listed(what: list[str], config: Config) -> list[tuple[Spec, float | None]]:
    """The runs of lists, paths and targets, each once, with the seconds that a list expects of them."""
    from score_mlx.config.targets import target_specs
    from score_mlx.models.families import spec_from_path
    from score_mlx.models.run_list import read_list

    def specs_of(word: str) -> list[Spec]:
        return [spec_from_path(word)] if word.endswith("run.json") else target_specs(config, Path(word).stem)

    found: dict[Spec, float | None] = {}
    for word in what:
        file = Path(word)
        listed = file.is_file() and file.name != "run.json"
        runs = read_list(_lines(file), specs_of, word) if listed else [(spec, None) for spec in specs_of(word)]
        for spec, seconds in runs:
            found.setdefault(spec, seconds)
    return list(found.items())


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise UserError(f"{file}: not a text file, expected a path or a target a line") from None


def _costs(runs: Path, reference: Path) -> Callable[[Spec], float | None]:
    """Seconds of a run, by what this machine's runs have taken, and where none is like it by the reference's."""
    from score_mlx.models.estimate import cost
    from score_mlx.models.resources import measured
    from score_mlx.system.device import has_gpu

    device = "gpu:" if has_gpu() else "cpu:"
    ours, theirs = (
        [run for run in measured(folder) if run.meta.device.startswith(device)] for folder in (runs, reference)
    )

    def seconds(spec: Spec) -> float | None:
        own = cost(spec, ours)
        return cost(spec, theirs) if own is None else own

    return seconds


def command(specs: list[Spec], results: Path, preset: str, devices: Devices | None = None) -> list[str]:
    """What trains runs in one program and writes their records below `results`, as the rules of the DAG do."""
    records = [str(spec.path(results / "runs")) for spec in specs]
    line = [sys.executable, "-m", "score_mlx", "train", "run", *records, "--preset", preset]
    return line + [word for family, device in devices or () for word in ("--device", f"{family}={device}")]
