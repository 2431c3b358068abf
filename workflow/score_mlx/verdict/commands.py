"""The command that makes the records a number or a claim needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from score_mlx.config.settings import Config

FEW = 2  # as many records are named one by one
Listing = Mapping[str, set[str]]


def brief(records: Sequence[str]) -> str:
    """The records, or how many they are."""
    return " ".join(records) if len(records) <= FEW else f"{len(records)} records, first {records[0]}"


def listing(config: Config) -> Listing:
    """Which records each table, or figure without a table, lists."""
    targets = {
        name: f"results/{name}.csv" if chosen.table_code else f"paper_figures/{chosen.figure}.png"
        for name, chosen in config.experiments.items()
    }
    return {target: {spec.path("").as_posix() for spec in config.specs(name)} for name, target in targets.items()}


def command(listed: Listing, records: Sequence[str]) -> str | None:
    """What makes `records`, paths below the folder of runs: few by their names, more by the targets that list them."""
    if not records:
        return None
    if len(records) <= FEW:
        return "snakemake " + " ".join(f"results/runs/{name}" for name in records)
    targets = _covering(listed, set(records))
    return f"snakemake {' '.join(targets)}" if targets else "snakemake results/robustness.csv"


def _covering(listed: Listing, records: set[str]) -> list[str]:
    """Targets that list all of `records`, the one with most of the rest first; [] where none lists some of them."""
    targets: list[str] = []
    while records:
        best = max(listed, key=lambda target: (len(listed[target] & records), -len(listed[target])), default="")
        if not best or not listed[best] & records:
            return []
        records = records - listed[best]
        targets.append(best)
    return targets
