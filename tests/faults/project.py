"""A small real project to be killed: from a CSV to trained models, tables and a figure, by the documented command."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SNAKEMAKE = Path(sys.executable).with_name("snakemake")
MOLECULES = 60  # of the stand-in: each step of the pipeline takes a second or two, most of them to start
EXPERIMENTS = (
    "experiments={table1: {methods: [], lasso_top: [], networks: [mlp]}, table2: {archs: [gcn, gat], configs: [SCORE]}}"
)
COLUMNS = ["smiles_column=smiles", "target_column=target"]
CUTS = ["preset=laptop", "graphs={epochs: 30}", "dense={epochs: 40}"]
TARGETS = ["table1.csv", "table2.csv", "figures/figure2.png"]
MODELS = 3  # records that the targets need


def make_csv(path: Path) -> None:
    """The first molecules of the stand-in data set, as anybody's CSV."""
    folder = path.with_name("nci")
    environment = os.environ | {"PYTHONPATH": str(ROOT / "workflow")}
    subprocess.run(
        [sys.executable, "-m", "score_mlx", "data", "prepare", "nci", folder],
        cwd=ROOT,
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    with (folder / "molecules.csv").open(newline="") as source, path.open("w", newline="") as small:
        rows = csv.DictReader(source)
        writer = csv.writer(small, lineterminator="\n")
        writer.writerow(["smiles", "target"])
        writer.writerows([row["smiles"], row["target"]] for row, _ in zip(rows, range(MOLECULES), strict=False))


class Project:
    """One working folder and the command that fills it: every start, first or again, is the same command."""

    def __init__(self, folder: Path, molecules: Path):
        self.folder, self.molecules = folder, molecules
        self.log = folder.with_name(f"{folder.name}.log")
        self.groups: list[int] = []

    @property
    def results(self) -> Path:
        return self.folder / "results"

    @property
    def command(self) -> list[str]:
        targets = [f"results/{self.molecules.stem}/{name}" for name in TARGETS]
        config = [f"dataset={self.molecules}", *COLUMNS, *CUTS, EXPERIMENTS]
        return [str(SNAKEMAKE), "--cores", "2", "--directory", str(self.folder), "--config", *config, "--", *targets]

    def start(self) -> subprocess.Popen:
        """The documented command, in a process group of its own, with a checkpoint after every epoch."""
        process = start(self.command, self.log, os.environ | {"SCORE_CHECKPOINT_SECONDS": "0"})
        self.groups.append(process.pid)
        return process

    def kill_all(self) -> None:
        """Every process that any start of this project has left."""
        for group in self.groups:
            try:
                os.killpg(group, signal.SIGKILL)
            except ProcessLookupError:
                continue

    def alive(self) -> list[str]:
        """Command lines of the processes of any start that are still at work (a zombie is not)."""
        return [args for _, _, group, state, args in processes() if group in self.groups and "Z" not in state]

    def checkpoints(self) -> list[Path]:
        return [path for path in self.results.glob("runs/**/checkpoints/*") if not path.name.startswith(".")]


def start(command: list[str], log: Path, environment: Mapping[str, str]) -> subprocess.Popen:
    """A command in a process group of its own, what it says at the end of a log."""
    with log.open("a") as file:
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def tail(log: Path, lines: int = 40) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def last_words(project: Project) -> str:
    """What a start said at its end, and what its jobs said."""
    logs = sorted(project.results.glob("logs/**/*.log"), key=lambda path: path.stat().st_mtime)
    return "\n".join([tail(project.log, 80), *(f"--- {log}\n{tail(log, 12)}" for log in logs)])


def processes() -> list[tuple[int, int, int, str, str]]:
    """(process, parent, group, state, command line) of everything that runs here."""
    if Path("/proc/self/stat").exists():
        return [row for entry in Path("/proc").iterdir() if entry.name.isdigit() for row in _read(entry)]
    command = ["ps", "-A", "-o", "pid=,ppid=,pgid=,stat=,args="]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows = [(*line.split(None, 4), "")[:5] for line in said.splitlines()]
    return [(int(pid), int(parent), int(group), state, args) for pid, parent, group, state, args in rows]


def _read(entry: Path) -> list[tuple[int, int, int, str, str]]:
    """One process, or none where it has ended meanwhile."""
    try:
        state, parent, group = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
        args = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return []
    return [(int(entry.name), int(parent), int(group), state, args)]


def jobs(group: int) -> list[int]:
    """The processes of a start that compute: those of this package's commands."""
    mine = [(pid, args) for pid, _, own, state, args in processes() if own == group and "Z" not in state]
    return [pid for pid, args in mine if "-m score_mlx" in args]
