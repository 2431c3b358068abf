"""The experiments of config.yaml, each with whatever there is of it: table, figures, verdicts, samples of text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from score_mlx.config.settings import Config
from score_mlx.report.costs import Rows, Share, share
from score_mlx.report.judged import Cell
from score_mlx.report.picture import Picture, embed
from score_mlx.system.errors import UserError
from score_mlx.tables.formats import spoken
from score_mlx.tables.table import Grid

LONGEST_TEXT = 4_000  # characters of a sample that the page shows


@dataclass(frozen=True)
class Figure:
    """A figure of the paper, drawn or not.

    Attributes:
        name, title: `figure2`, `Figure 2. Graph networks ...`.
        caption: what is said under it.
        picture: None where it has not been drawn.
        command: what draws it.
    """

    name: str
    title: str
    caption: str
    picture: Picture | None
    command: str

    @property
    def alt(self) -> str:
        """The text that stands for the picture in a screen reader."""
        return f"{self.title}. A picture of the results in this section, described by the caption."


@dataclass(frozen=True)
class Text:
    """A sample of text that a language model wrote, shown letter by letter."""

    name: str
    text: str


@dataclass(frozen=True)
class Item:
    """An experiment.

    Attributes:
        name, heading, title: `table2`, `Table 2`, what it is about.
        grid: the whole table, None where there is none (yet).
        has_table: whether it is to have one.
        cells: verdicts on the numbers that the paper prints there.
        figures: in the paper's order.
        more: further tables made of the same runs.
        texts: what its models wrote.
        share: how many of its runs there are, and what they cost.
        command: what makes all of it.
        also: names of the files behind `more`.
    """

    name: str
    heading: str
    title: str
    grid: Grid | None
    has_table: bool
    cells: list[Cell]
    figures: list[Figure]
    more: list[Grid]
    texts: list[Text]
    share: Share
    command: str
    also: list[str] = field(default_factory=list)

    @property
    def parts(self) -> list[Figure]:
        """Figures that another one already shows: 1a and 1b beside 1."""
        drawn = {figure.name for figure in self.figures if figure.picture}
        return [figure for figure in self.figures if figure.name[:-1] in drawn]

    @property
    def whole(self) -> list[Figure]:
        """Figures that no other figure of this experiment contains: the opposite of `parts`."""
        return [figure for figure in self.figures if figure not in self.parts]

    @property
    def made(self) -> bool:
        """Whether there is anything to show."""
        return bool(self.grid or self.texts or any(figure.picture for figure in self.figures))

    @property
    def state(self) -> str:
        """What to say of an experiment of which nothing has been made."""
        if not self.share.done:
            return "not run"
        return "not complete" if self.share.done < self.share.wanted else "not drawn yet"


def in_order(config: Config) -> list[str]:
    """The experiments in the paper's order.

    The paper numbers its figures as they come, its tables not quite: an experiment stands where its first figure does;
    those without one come last, by their number.
    """

    def place(name: str) -> tuple[float, float]:
        figures = [_number(figure) for figure in config.experiments[name].drawings]
        return min(figures, default=float("inf")), _number(name)

    return sorted(config.applicable, key=place)


def read_items(config: Config, tables: Path, figures: Path, cells: Iterable[Cell], runs: Rows) -> list[Item]:
    """Every experiment with what the folders `tables` and `figures` hold of it."""
    judged: dict[str, list[Cell]] = {}
    for cell in cells:
        judged.setdefault(cell.target, []).append(cell)
    return [_item(config, name, tables, figures, judged, runs) for name in in_order(config)]


def other_grids(tables: Path, taken: Iterable[str]) -> list[Grid]:
    """Tables in the folder that belong to no experiment."""
    found = [path for path in sorted(tables.glob("*.json")) if path.with_suffix(".tex").exists()]
    return [Grid.read(path) for path in found if path.stem not in set(taken)]


def other_figures(figures: Path, taken: Iterable[str]) -> list[Figure]:
    """Pictures in the folder that belong to no experiment."""
    found = [path for path in sorted(figures.glob("*.png")) if path.stem not in set(taken)]
    return [read_figure(path, path.stem.replace("_", " ").capitalize(), "") for path in found]


def read_figure(path: Path, title: str, command: str) -> Figure:
    """A drawn figure with the caption beside it (.json), or what it would be called where it is not drawn."""
    caption = ""
    if path.with_suffix(".json").exists():
        title, caption = _caption(path.with_suffix(".json"))
    return Figure(path.stem, title, caption, embed(path) if path.exists() else None, command)


def _caption(path: Path) -> tuple[str, str]:
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        return str(held["title"]), str(held["caption"])
    except (OSError, ValueError, TypeError, KeyError) as reason:
        raise UserError(f"{path}: not the caption of a figure ({reason!r})") from None


def target(config: Config, *files: str) -> str:
    """The command that makes files of the pipeline, whatever they depend on."""
    chosen = "" if config.dataset == "esol" else f"--config dataset={config.dataset} -- "
    return f"snakemake {chosen}{' '.join(files)}"


def _item(config: Config, name: str, tables: Path, figures: Path, judged: Mapping[str, list[Cell]], runs: Rows) -> Item:
    experiment, has_table = config.experiments[name], bool(config.experiments[name].table_code)
    table = [f"{config.tables_folder}/{name}.csv"] if has_table else []
    drawn = {figure: f"{config.figures_folder}/{figure}.png" for figure in experiment.drawings}
    path = tables / f"{name}.json"
    grid = Grid.read(path) if has_table and path.exists() else None
    return Item(
        name=name,
        heading=spoken(name),
        title=experiment.title,
        grid=grid,
        has_table=has_table,
        cells=[cell for of in dict.fromkeys([name, *drawn]) for cell in judged.get(of, [])],
        figures=[read_figure(figures / f"{f}.png", spoken(f), target(config, png)) for f, png in drawn.items()],
        more=[Grid.read(other) for other in sorted(tables.glob(f"{name}_*.json")) if other != path],
        texts=_samples(grid),
        share=share(runs, (spec.path("").as_posix() for spec in config.specs(name))),
        command=target(config, *table, *drawn.values()),
        also=[path.stem for path in sorted(tables.glob(f"{name}_*.*"))],
    )


def _samples(grid: Grid | None) -> list[Text]:
    """What the models of a table wrote."""
    return [Text(name, _shortened(text)) for name, text in (grid.texts if grid else ())]


def _shortened(text: str) -> str:
    rest = len(text) - LONGEST_TEXT
    return text if rest <= 0 else f"{text[:LONGEST_TEXT]}\n[{rest} more characters]"


def _number(name: str) -> float:
    """figure18 -> 18, table7b -> 7.5; 0 for a name without a number."""
    found = re.search(r"(\d+)([a-z]?)$", name)
    return int(found[1]) + (0.5 if found[2] > "a" else 0) if found else 0
