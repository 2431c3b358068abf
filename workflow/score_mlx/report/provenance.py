"""Where everything on the page comes from: commits, machines, versions, data and their checksums."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import yaml

from score_mlx.data.sources import load_sources
from score_mlx.models.families import read_run
from score_mlx.report.costs import Rows, occurring
from score_mlx.report.grid import grid_of, read_rows
from score_mlx.runs.records import environment
from score_mlx.system.errors import UserError
from score_mlx.tables.table import Grid

LEDGER_KEYS = ("id", "kind", "where", "text", "code", "ours", "switch", "effect")
KINDS = {
    "disagreement": "text and code differ",
    "error": "what is printed cannot be right",
    "choice": "nobody says, we decide",
    "code_only": "only the code says",
}


@dataclass(frozen=True)
class Provenance:
    """Where the results of a page come from.

    Attributes:
        commit: of the program that made the page, None outside a checkout.
        machine: on which the records were exported, as names and values.
        grids: commits, versions, devices of the runs; data sets; files from elsewhere.
    """

    commit: str | None
    machine: list[tuple[str, str]]
    grids: list[Grid]


@dataclass(frozen=True)
class Entry:
    """A line of the ledger: what the paper leaves open, all texts as shown."""

    id: str
    kind: str
    where: str
    text: str
    code: str
    ours: str
    switch: str
    effect: str


def read_provenance(project: Path, tables: Path, records: Path, runs: Rows) -> Provenance:
    """What is known of the runs of runs.csv, their data and the files that the project takes from elsewhere.

    Args:
        project: the root, whose data/sources.yaml is read.
        tables: with machine.json, if the records were exported.
        records: the folder of runs.
        runs: its catalogue.
    """
    grids = [
        _counted("commit", "Commits of the runs", runs),
        _counted("versions", "Versions that computed", runs),
        _counted("device", "Devices", runs),
        _datasets(records, runs),
        _sources(project / "data" / "sources.yaml"),
    ]
    return Provenance(environment()["commit"], _machine(tables / "machine.json"), [grid for grid in grids if grid])


def read_quality(results: Path, dataset: str) -> Grid | None:
    """What was the matter with rows of the data set, and what was done; None where that is not known here."""
    rows = read_rows(results / "data" / dataset / "qc.csv", ("row", "reason", "done"))
    return grid_of(rows, f"Rows of {dataset} that deserve a word")


def read_ledger(path: Path) -> list[Entry]:
    """data/paper/ledger.yaml.

    Raises:
        UserError: not YAML, or an entry without the ledger's keys.
    """
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as reason:
        raise UserError(f"{path}: cannot read it ({' '.join(str(reason).split())})") from None
    if not isinstance(entries, list):
        raise UserError(f"{path}: expected a list of entries, found {type(entries).__name__}")
    return [_entry(path, number, entry) for number, entry in enumerate(entries, start=1)]


def _entry(path: Path, number: int, entry: object) -> Entry:
    found = entry if isinstance(entry, dict) else {}
    lacking = [key for key in LEDGER_KEYS if key not in found]
    if lacking:
        raise UserError(f"{path}: entry {number} has no key {lacking[0]}, expected {', '.join(LEDGER_KEYS)}")
    said = {key: "" if found[key] is None else str(found[key]) for key in LEDGER_KEYS}
    return Entry(**(said | {"kind": KINDS.get(said["kind"], said["kind"]), "switch": _choice(said, found)}))


def _choice(said: dict[str, str], found: dict[str, object]) -> str:
    """The setting that chooses, with its values: `fidelity: as_code, as_text`."""
    values = found.get("values")
    return f"{said['switch']}: {', '.join(map(str, values))}" if isinstance(values, list) else said["switch"]


def _counted(column: str, title: str, runs: Rows) -> Grid | None:
    rows = [[value, str(count)] for value, count in occurring(runs, column)]
    return Grid(title, [column, "runs"], rows) if rows else None


def _datasets(records: Path, runs: Rows) -> Grid | None:
    """One record of each data set or text says what it was."""
    first: dict[str, str] = {}
    for path, row in runs.items():
        first.setdefault(row["dataset"], path)
    found = [read_run(records / path) for path in first.values() if (records / path).exists()]
    rows = [[run.dataset.label, run.size, run.dataset.sha256, run.folds_sha256] for run in found]
    return Grid("Data sets and texts", ["name", "size", "SHA-256", "SHA-256 of folds"], rows) if rows else None


def _sources(path: Path) -> Grid:
    sources = load_sources(path).items()
    rows = [[name, f"{s.bytes:,}", s.sha256, s.citation, s.licence] for name, s in sources]
    return Grid("Files from elsewhere", ["name", "bytes", "SHA-256", "what to cite", "licence"], rows)


def _machine(path: Path) -> list[tuple[str, str]]:
    if not path.exists():
        return []
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, ValueError) as reason:
        raise UserError(f"{path}: not JSON ({reason})") from None
    if not isinstance(facts, dict):
        raise UserError(f"{path}: expected names and values, found {type(facts).__name__}")
    plain = {name: value for name, value in facts.items() if not isinstance(value, dict)}
    return [(re.sub("_", " ", name), str(value)) for name, value in sorted(plain.items())]
