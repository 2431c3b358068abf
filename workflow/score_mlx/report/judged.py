"""Verdicts on the paper's numbers and claims, as verdict.csv and claims.csv have them, and how often each occurs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from score_mlx.report.grid import read_rows
from score_mlx.tables import formats
from score_mlx.verdict import claim_table, finding, numbers, rules
from score_mlx.verdict.published import TEXT

# A verdict is told by its word, by a sign and by a colour, so that no one of them is needed.
SIGNS = {
    rules.REPRODUCED: ("✓", "good"),
    finding.CONFIRMED: ("✓", "good"),
    rules.NOT_REPRODUCED: ("✗", "bad"),
    finding.REFUTED: ("✗", "bad"),
    finding.UNDECIDED: ("?", "open"),
    finding.PARTLY: ("◐", "open"),
    rules.INCONCLUSIVE: ("?", "open"),
    rules.NOT_COMPARABLE: ("≠", "none"),
    finding.NOT_TESTABLE: ("≠", "none"),
    rules.NOT_RUN: ("–", "none"),
}


@dataclass(frozen=True)
class Verdict:
    """A word, its sign and the class of its colour."""

    word: str

    @property
    def sign(self) -> str:
        """One character for the verdict, so that colour is not its only mark."""
        return SIGNS.get(self.word, ("·", "none"))[0]

    @property
    def kind(self) -> str:
        """The class of its colour in style.css: good, bad, open or none."""
        return SIGNS.get(self.word, ("·", "none"))[1]


@dataclass(frozen=True)
class Cell:
    """One published number beside ours; all texts as shown."""

    target: str
    row: str
    column: str
    paper: str
    ours: str
    difference: str
    interval: str
    verdict: Verdict
    reason: str
    command: str
    primary: bool = True

    @property
    def name(self) -> str:
        """Row and column as one text: where the number stands in its table."""
        return f"{self.row} {self.column}".strip()

    @property
    def counts(self) -> bool:
        """Whether it is counted: primary and judged; what is derived or repeated is shown beside it."""
        return self.primary and self.verdict.word != rules.SHOWN


@dataclass(frozen=True)
class Claim:
    """One sentence of the paper and what decides it; all texts as shown."""

    id: str
    claim: str
    where: str
    test: str
    evidence: str
    verdict: Verdict
    reason: str
    refuted_by: str
    command: str


def read_cells(path: Path) -> list[Cell]:
    """verdict.csv, row by row; [] where it has not been made."""
    return [
        Cell(
            target=row["target"],
            row=row["row"],
            column="" if row["target"] == TEXT else row["column"].replace("_", " "),
            paper=row["paper"],
            ours=shown(row["ours"]),
            difference=shown(row["difference"], signed=True),
            interval=_interval(row),
            verdict=Verdict(row["verdict"]),
            reason=row["reason"],
            command=row["command"],
            primary=row["primary"] == numbers.YES,
        )
        for row in read_rows(path, numbers.COLUMNS)
    ]


def read_claims(path: Path) -> list[Claim]:
    """claims.csv, row by row; [] where it has not been made."""
    return [
        Claim(
            **{name: row[name] for name in ("id", "claim", "where", "test", "reason", "refuted_by", "command")},
            evidence=_evidence(row),
            verdict=Verdict(row["verdict"]),
        )
        for row in read_rows(path, claim_table.COLUMNS)
    ]


def counted(verdicts: Iterable[Verdict], words: tuple[str, ...]) -> list[tuple[Verdict, int]]:
    """How many there are of each, in the order of `words`, which are there even with none; others follow."""
    found = Counter(verdict.word for verdict in verdicts)
    return [(Verdict(word), found[word]) for word in [*words, *sorted(set(found) - set(words))]]


def shown(text: str, *, signed: bool = False) -> str:
    """A number of a .csv as people read it; what is no number stays as it is."""
    try:
        value = float(text)
    except ValueError:
        return text
    if abs(value) >= 1000:
        return f"{value:+,.0f}" if signed else f"{value:,.0f}"
    if "." not in text:
        return text
    return formats.change(value) if signed else formats.number(value)


def _interval(row: dict[str, str]) -> str:
    return f"{shown(row['low'])} to {shown(row['high'])}" if row["low"] and row["high"] else ""


def _evidence(row: dict[str, str]) -> str:
    """`0.012, 95 % interval -0.01 to 0.03, p 0.2 (Holm 0.5)`: what there is of it."""
    parts = [shown(row["statistic"]), f"95 % interval {_interval(row)}" if _interval(row) else ""]
    if row["p"]:
        parts.append(f"p {_probability(row['p'])}" + (f", Holm {_probability(row['p_holm'])}" if row["p_holm"] else ""))
    return "; ".join(part for part in parts if part)


def _probability(text: str) -> str:
    try:
        value = float(text)
    except ValueError:
        return text
    return f"{value:.3f}" if value >= 0.001 else "< 0.001"
