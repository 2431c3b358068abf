"""The page: everything that the results' folders hold, judged, in one file that needs neither network nor scripts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from score_mlx.config.settings import Config
from score_mlx.report import costs, items, judged, provenance
from score_mlx.report.items import Item
from score_mlx.report.judged import Cell, Verdict
from score_mlx.system.files import write_text
from score_mlx.tables.formats import spoken
from score_mlx.tables.parts import wholes
from score_mlx.tables.table import Grid
from score_mlx.verdict import claim_table, numbers, rules
from score_mlx.verdict.finding import CLAIM_VERDICTS, REFUTED
from score_mlx.verdict.published import TEXT

# Tables of the verdict that the page shows as they are: which claims hold under which choice, how pairs compare.
FURTHER = ("informativeness", "epochs", "robustness", "pairs", "contrasts")
# Tables that the page shows in its own way, and so not once more under the others.
ELSEWHERE = {*FURTHER, "runs", "conclusions", "verdict", "verdict_summary", "claims"}
OF_CELLS = tuple(word for word in rules.CELL_VERDICTS if word != rules.SHOWN)
LONG = 60  # rows of a table from which it is folded
WORST = 12  # numbers and claims that did not hold, listed in the summary


@dataclass(frozen=True)
class Places:
    """Where things are.

    Attributes:
        project: its root.
        tables, figures: folders of what was made.
        runs: folder of run records.
        results: folder of the prepared data.
    """

    project: Path
    tables: Path
    figures: Path
    runs: Path
    results: Path


def write_page(out: Path, config: Config, places: Places) -> list[str]:
    """Write the page of whatever there is.

    Returns:
        What is missing, a line each.

    Raises:
        UserError: a file is there and is not what it should be; then nothing is written.
    """
    content = gather(config, places)
    write_text(out, render(content))
    return missing(content)


def gather(config: Config, places: Places) -> dict[str, Any]:
    """Everything that the template shows, by name."""
    cells = judged.read_cells(places.tables / "verdict.csv")
    said = judged.read_claims(places.tables / "claims.csv")
    runs = costs.read_runs(places.tables / "runs.csv")
    found = items.read_items(config, places.tables, places.figures, cells, runs)
    shown = {name for item in found for name in (item.name, *item.also, *(figure.name for figure in item.figures))}
    return {
        "config": config,
        "items": found,
        "cells": cells,
        "claims": said,
        "conclusions": _sentences(places.tables / "conclusions.json"),
        "judging": numbers.caption(),
        "testing": claim_table.caption([]),
        "cell_counts": judged.counted((cell.verdict for cell in cells if cell.counts), OF_CELLS),
        "claim_counts": judged.counted((claim.verdict for claim in said), CLAIM_VERDICTS),
        "elsewhere": _elsewhere(cells, shown),
        "differ": [cell for cell in cells if cell.counts and cell.verdict.word == rules.NOT_REPRODUCED],
        "refuted": [claim for claim in said if claim.verdict.word == REFUTED],
        "further": _further(places.tables),
        "other_grids": items.other_grids(places.tables, shown | ELSEWHERE | {*wholes(config.experiments)}),
        "other_figures": items.other_figures(places.figures, shown),
        "ledger": provenance.read_ledger(places.project / "data" / "paper" / "ledger.yaml"),
        "runs": runs,
        "by_family": costs.by_family(runs),
        "stand_in": any(row["stand_in"] == "yes" for row in runs.values()),
        "verdicts": {word: Verdict(word) for word in judged.SIGNS},
        "provenance": provenance.read_provenance(places.project, places.tables, places.runs, runs),
        "quality": provenance.read_quality(places.results, config.dataset_name),
        "total": costs.share(runs, runs),
    }


def missing(content: dict[str, Any]) -> list[str]:
    """What the page has to call "not run" or "not judged", a line each."""
    files = {"cells": "verdict.csv", "claims": "claims.csv"}
    of_the_paper = content["config"].dataset == "esol"
    lines = [
        f"{file}: not made, see `make verdict`" for key, file in files.items() if of_the_paper and not content[key]
    ]
    lines += [f"{item.heading}: {item.state}, {item.command}" for item in content["items"] if not item.made]
    return lines


def render(content: dict[str, Any]) -> str:
    """The page's text. Every value is escaped."""
    environment = Environment(
        loader=PackageLoader("score_mlx.report", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"duration": costs.duration, "place": place, "verdicts_of": verdicts_of}
    return environment.get_template("page.html").render(content, worst=WORST, long=LONG)


def place(target: str) -> str:
    """What a target of the verdict is called."""
    return "Numbers in the text" if target == TEXT else spoken(target)


def verdicts_of(item: Item) -> list[tuple[Verdict, int]]:
    """How an experiment's numbers were judged, without the verdicts that none got."""
    found = judged.counted((cell.verdict for cell in item.cells if cell.counts), OF_CELLS)
    return [(verdict, count) for verdict, count in found if count]


def _sentences(path: Path) -> list[tuple[str, str]]:
    """The conclusions, each with its details; [] where they have not been made."""
    return [(row[0], row[1]) for row in Grid.read(path).rows] if path.exists() else []


def _elsewhere(cells: Sequence[Cell], shown: set[str]) -> dict[str, list[Cell]]:
    """Judged numbers that belong to none of the experiments, by where the paper prints them."""
    groups: dict[str, list[Cell]] = {}
    for cell in cells:
        if cell.target not in shown:
            groups.setdefault(cell.target, []).append(cell)
    return groups


def _further(tables: Path) -> dict[str, Grid]:
    paths = {name: tables / f"{name}.json" for name in FURTHER}
    return {name: Grid.read(path) for name, path in paths.items() if path.exists()}
