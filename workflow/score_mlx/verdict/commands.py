"""The command that makes the records a number or a claim needs."""

from __future__ import annotations

from collections.abc import Sequence

from score_mlx.config import Config
from score_mlx.settings import TABLES

FEW = 2  # as many records are named one by one
EVERYTHING = "snakemake results/verdict.csv"


def brief(records: Sequence[str]) -> str:
    """The records, or how many they are."""
    return " ".join(records) if len(records) <= FEW else f"{len(records)} records, first {records[0]}"


def command(config: Config, records: Sequence[str]) -> str | None:
    """What makes `records`, paths below the folder of runs: few by their names, more by the tables that list them."""
    if not records:
        return None
    if not all(name.endswith("run.json") for name in records):
        return EVERYTHING
    if len(records) <= FEW:
        return "snakemake " + " ".join(f"results/runs/{name}" for name in records)
    targets = _covering(config, set(records))
    return f"snakemake {' '.join(targets)}" if targets else "snakemake results/survival.csv"


def _covering(config: Config, records: set[str]) -> list[str]:
    """Tables and figures that list all of `records`, the one with most of the rest first; [] where none lists some."""
    listed = {name: {spec.path("").as_posix() for spec in config.specs(name)} for name in config.experiments}
    targets = []
    while records:
        name = max(listed, key=lambda name: (len(listed[name] & records), -len(listed[name])), default=None)
        if name is None or not listed[name] & records:
            return []
        records = records - listed.pop(name)
        kind, figure = config.experiments[name].kind, config.experiments[name].figure
        targets.append(f"results/{name}.csv" if kind in TABLES else f"paper_figures/{figure}.png")
    return targets
