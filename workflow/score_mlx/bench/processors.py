"""`python -m score_mlx.bench.processors`: one benchmark on several processors, side by side.

    python -m score_mlx.bench.processors results/reference/processors --add results --processor "Intel Xeon"

Each processor has a folder with the CSV files of its benchmark and `about.json`, which says the processor's name and
the commit of the code that was measured. `--add` makes such a folder from a fresh benchmark. The table is written to
bench_processors.md, beside the collection.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

from score_mlx.bench.goals import Rows, model, read
from score_mlx.runs import records
from score_mlx.system.errors import UserError
from score_mlx.system.files import write_text

FILES = ("bench.csv", "bench_language.csv")
ABOUT = "about.json"


def main() -> None:
    """Add a benchmark to the collection where one is named; write the table of all, and print it."""
    parser = argparse.ArgumentParser(prog="score_mlx.bench.processors", description=__doc__ and __doc__.splitlines()[0])
    parser.add_argument("collection", type=Path, help="folder with a folder a processor")
    parser.add_argument("--add", type=Path, help="folder with a fresh benchmark, as results")
    parser.add_argument("--processor", help="what to call the processor of that benchmark")
    options = parser.parse_args()
    if options.add:
        if not options.processor:
            parser.error("--add needs --processor, the name to show")
        add(options.collection, options.add, options.processor, records.commit() or "unknown")
    text = table(options.collection)
    write_text(options.collection.parent / "bench_processors.md", text)
    print(text)


def add(collection: Path, bench: Path, processor: str, commit: str) -> None:
    """Copy a benchmark into the collection, in place of an earlier one on that processor.

    Raises:
        UserError: a file of the benchmark is missing.
    """
    folder = collection / re.sub(r"[^a-z0-9]+", "-", processor.lower()).strip("-")
    for name in FILES:
        if not (bench / name).is_file():
            raise UserError(f"{bench / name}: not found, expected a benchmark: make bench")
    for name in FILES:
        write_text(folder / name, (bench / name).read_text(encoding="utf-8"))
    write_text(folder / ABOUT, json.dumps({"processor": processor, "commit": commit}, indent=1) + "\n")


def table(collection: Path) -> str:
    """Our time over the others' by model, a column a processor, in Markdown."""
    about, cells = [], []
    for folder in sorted(path.parent for path in collection.glob(f"*/{ABOUT}")):
        about.append(json.loads((folder / ABOUT).read_text(encoding="utf-8")))
        graphs, language = (read(folder / name) for name in FILES)
        cells.append(_of_graphs(graphs) | _of_language(language) | _of_products(graphs))
    rows = list(dict.fromkeys(row for own in cells for row in own))
    lines = [f"| | {' | '.join(each['processor'] for each in about)} |", f"| --- |{' ---: |' * len(about)}"]
    lines += [f"| {row} | {' | '.join(own.get(row, '') for own in cells)} |" for row in rows]
    measured = "; ".join(f"{each['processor']}: {each['commit']}" for each in about)
    return "\n".join(lines) + f"\n\nCommits that were measured: {measured}.\n"


def _of_graphs(rows: Rows) -> dict[str, str]:
    found = {}
    for row in rows:
        for column, other in (("ratio_to_pyg", "PyTorch Geometric"), ("ratio_to_chemprop", "Chemprop")):
            if row["engine"] == "score-mlx" and row[column]:
                found[f"{model(row)}: time over {other}'s"] = f"{float(row[column]):.2f}"
    return found


def _of_language(rows: Rows) -> dict[str, str]:
    ours = (row for row in rows if row["engine"] == "score-mlx")
    return {f"{row['model']}: time over PyTorch's": f"{1 / float(row['ratio_to_pytorch']):.2f}" for row in ours}


def _of_products(rows: Rows) -> dict[str, str]:
    found = {}
    for row in rows:
        if row["engine"] == "score-mlx" and row["architecture"] in ("gcn", "gat"):
            found[f"{model(row)}: time over its products alone"] = f"{float(row['ratio_to_roofline']):.2f}"
    large = [row for row in rows if row["engine"] == "roofline"]
    if large:
        rate = max(float(row["gflop_per_epoch"]) / float(row["seconds_per_epoch"]) for row in large)
        found["large product, GFLOP/s on one core"] = f"{rate:.0f}"
    return found


if __name__ == "__main__":
    main()
