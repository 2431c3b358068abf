"""`python -m score_mlx.bench.goals`: what the measurements say of each goal, as a table in Markdown."""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.runs.spec import of_type
from score_mlx.system.files import write_text

Rows = Sequence[dict[str, str]]
FOLDS, CORES = 5, 2


def main() -> None:
    """Read the measurements' CSV files of a folder; write three Markdown tables there: goals, epochs and costs."""
    parser = argparse.ArgumentParser(prog="score_mlx.bench.goals", description=__doc__ and __doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=Path("results"), help="where bench*.csv are, and what to write")
    folder = parser.parse_args().folder
    rows = [read(folder / f"bench{part}.csv") for part in ("", "_growth", "_startup", "_language")]
    write_text(folder / "bench_goals.md", table(*rows))
    write_text(folder / "bench_epochs.md", engines(rows[0]))
    write_text(folder / "bench_costs.md", costs(rows[0]))
    print((folder / "bench_goals.md").read_text(encoding="utf-8"))


def table(bench: Rows, growth: Rows, startup: Rows, language: Rows = ()) -> str:
    """One line a goal: what was wanted, what was measured, whether it is met.

    Args:
        bench, growth, startup, language: rows of the four measurements' CSV files.
    """
    ours = [row for row in bench if row["engine"] == "score-mlx"]
    simple = [row for row in ours if row["architecture"] in ("gcn", "gat")]
    wide = all("AVX-512" in row.get("kernels", "") for row in ours)
    lines = [
        _most("time of PyTorch Geometric's epoch", 0.4 if wide else 0.5, _ratios(ours, "ratio_to_pyg")),
        _most("time of Chemprop's epoch (D-MPNN)", 0.5, _ratios(ours, "ratio_to_chemprop")),
        _most("times the matrix products alone, GCN and GAT", 3.0, _ratios(simple, "ratio_to_roofline")),
        _most("PyTorch's time for as many tokens, of ours", 0.667, _tokens(language)),
        _most("minutes of Table 2 on 2 cores, estimated", 60, _table2(ours)),
        _most("validation, of an epoch", 0.10, _shares(ours, "seconds_per_validation")),
        _most("making batches, of an epoch", 0.05, _shares(ours, "seconds_of_batches")),
        _most("seconds until a job's first batch", 1.5, _startup(startup)),
        _most("time a molecule, largest over smallest data set", 1.2, _growth(growth)),
        _most("peak memory after three epochs, of after one", 1.05, _memory(growth)),
    ]
    head = ["goal | at most | measured | met", "--- | ---: | --- | ---"]
    return "\n".join(f"| {line} |" for line in [*head, *lines]) + f"\n\n{measured_on(bench)}\n"


def measured_on(rows: Rows) -> str:
    """One sentence on the machine and on what else it did."""
    named = list(
        dict.fromkeys((row.get("processor"), row.get("blas"), row.get("kernels")) for row in rows if row.get("blas"))
    )
    if not named:
        return "The rows do not say on which processor they were measured."
    said = "; ".join(f"{name}, BLAS {blas}, kernels {kernels}" for name, blas, kernels in named)
    busy = [float(row["load"]) for row in rows if row.get("load")]
    alone = f"other work kept up to {max(busy):.1f} cores busy" if busy else "other work is not known"
    by = "processor time" if any(row.get("clock") == "processor" for row in rows) else "the clock"
    return f"Measured on {said}; {alone}; ratios are of {by}."


def costs(bench: Rows) -> str:
    """Seconds, 10^9 operations in matrix products and peak memory of an epoch by model, each measured alone."""
    ours = [row for row in bench if row["engine"] == "score-mlx"]
    lines = [
        "| model | seconds | processor seconds | GFLOP | peak memory (MB) |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for row in ours:
        values = [
            row.get(name, "") for name in ("seconds_per_epoch", "cpu_seconds_per_epoch", "gflop_per_epoch", "peak_mb")
        ]
        lines.append(f"| {model(row)} | {' | '.join(values)} |")
    return "\n".join(lines) + "\n"


def engines(bench: Rows) -> str:
    """Seconds of an epoch by model, engines side by side."""
    names = list(dict.fromkeys(row["engine"] for row in bench))
    models: dict[str, dict[str, str]] = {}
    for row in bench:
        models.setdefault(model(row), {})[row["engine"]] = row["seconds_per_epoch"]
    lines = [f"| model | {' | '.join(names)} |", f"| --- |{' ---: |' * len(names)}"]
    lines += [f"| {model} | {' | '.join(values.get(name, '') for name in names)} |" for model, values in models.items()]
    return "\n".join(lines) + "\n"


def _most(what: str, limit: float, found: dict[str, float]) -> str:
    """A line of a goal that is met when no value is above the limit."""
    if not found:
        return f"{what} | {limit:g} | not measured | "
    low, high = min(found, key=found.__getitem__), max(found, key=found.__getitem__)
    span = f"{found[high]:.2f} ({high})" if low == high else f"{found[low]:.2f} ({low}) to {found[high]:.2f} ({high})"
    over = [name for name, value in found.items() if value > limit]
    met = "yes" if not over else f"{len(found) - len(over)} of {len(found)}" if len(found) > 1 else "no"
    return f"{what} | {limit:g} | {span} | {met}"


def _ratios(rows: Iterable[dict[str, str]], column: str) -> dict[str, float]:
    return {model(row): float(row[column]) for row in rows if row[column]}


def _shares(rows: Iterable[dict[str, str]], column: str) -> dict[str, float]:
    return {model(row): float(row[column]) / float(row["seconds_per_epoch"]) for row in rows if row[column]}


def _tokens(rows: Rows) -> dict[str, float]:
    ours = (row for row in rows if row["engine"] == "score-mlx")
    return {row["model"]: 1 / float(row["ratio_to_pytorch"]) for row in ours}


def _table2(ours: Rows) -> dict[str, float]:
    """Minutes of the whole table as config.yaml has it; {} unless every architecture was measured in both forms."""
    from score_mlx.config.file import load
    from score_mlx.system.project import root

    row_of = {(row["architecture"], row["form"] == "SCORE"): row for row in ours}
    config = load(root() / "config.yaml")
    seconds = 0.0
    for spec in of_type(config.specs("table2"), GraphSpec):
        row = row_of.get((spec.arch, spec.recurrent))
        if row is None or not row["seconds_per_validation"]:
            return {}
        epoch = float(row.get("cpu_seconds_per_epoch") or row["seconds_per_epoch"])
        epoch += float(row["seconds_per_validation"])
        seconds += spec.epochs * FOLDS * epoch
    return {"40 runs": seconds / 60 / CORES}


def _startup(rows: Rows) -> dict[str, float]:
    return {"SCORE_gat": float(rows[0]["median_seconds"])} if rows else {}


def _growth(rows: Rows) -> dict[str, float]:
    each = [float(row["microseconds_per_molecule"]) for row in rows if row["epochs"] == "1"]
    return {"SCORE_gat": each[-1] / each[0]} if len(each) > 1 else {}


def _memory(rows: Rows) -> dict[str, float]:
    smallest = [row for row in rows if row["molecules"] == rows[0]["molecules"]] if rows else []
    peak = {row["epochs"]: float(row["peak_mb"]) for row in smallest}
    return {"SCORE_gat": peak["3"] / peak["1"]} if {"1", "3"} <= set(peak) else {}


def model(row: dict[str, str]) -> str:
    """A model's name in these tables, as SCORE_gat."""
    return f"{'SCORE_' if row['form'] == 'SCORE' else ''}{row['architecture']}"


def read(path: Path) -> Rows:
    """The rows of a CSV file, none where there is no file."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


if __name__ == "__main__":
    main()
