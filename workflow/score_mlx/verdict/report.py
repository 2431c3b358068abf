"""The output of the verdict: its tables, their summary, and the short form for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from score_mlx.config.settings import Config
from score_mlx.system import project
from score_mlx.tables.table import Readable, Table
from score_mlx.verdict import (
    claim_table,
    conclusions,
    contrasts,
    epochs,
    finding,
    informativeness,
    numbers,
    pairs,
    robustness,
    rules,
)
from score_mlx.verdict.evidence import Evidence, paper_protocol
from score_mlx.verdict.pool import Pool
from score_mlx.verdict.published import read_published
from score_mlx.verdict.timings import solo_seconds

UNINFORMATIVE = ("constant", "shuffle", "catboost")  # how many numbers such values would reproduce
SUMMARY_COLUMNS = ("target", *rules.CELL_VERDICTS, *UNINFORMATIVE)


class Verdict:
    """The verdict on the paper by a folder of records; each table is made when it is asked for.

    Args:
        source: folder of run records; a bench.csv beside it has the seconds of epochs that were timed alone.
        config: which runs each table lists; its protocol settings are put back to the paper's.
        paper: folder of published numbers and claims.

    Raises:
        UserError: a record is refused, or a file of `paper` is not as expected.
    """

    def __init__(self, source: Path, config: Config, paper: Path) -> None:
        pool = Pool.read(source)
        self.origin = f"Records: {len(pool.all)} of {_below_project(source)}."
        self.published = read_published(paper)
        solo = solo_seconds(source.parent / "bench.csv")
        self.evidence = Evidence(pool, paper_protocol(config), self.published, solo_seconds=solo)
        self.claims = claim_table.read_claims(paper / "claims.yaml", self.published)
        self._made: dict[str, Table] = {}

    def table(self, name: str) -> Table:
        """One of `MADE_BY`."""
        if name not in self._made:
            self._made[name] = MADE_BY[name](self)
        return self._made[name]

    def write(self, folder: Path, names: Sequence[str]) -> None:
        """Write these tables, each as .csv, .md, .tex and .json."""
        for name in names:
            self.table(name).write(folder / f"{name}.csv")

    def short(self) -> str:
        """The summary and a line a claim, for a terminal."""
        lines = [replace(self.table("verdict_summary"), notes=[]).grid.markdown().rstrip(), ""]
        rows = self.table("claims").rows
        for verdict in finding.CLAIM_VERDICTS:
            lines += [_line(verdict, row) for row in rows if row["verdict"] == verdict]
        return "\n".join([*lines, "", claims_sentence(rows)])

    def _numbers(self) -> Table:
        rows = numbers.verdict_table(self.evidence, self.published)
        return Table("Every published number", numbers.COLUMNS, rows, numbers.caption(), numbers.READABLE)

    def _claims(self) -> Table:
        rows = claim_table.decide(self.claims, self.evidence)
        return Table(
            "Every claim of the text", claim_table.COLUMNS, rows, claim_table.caption(rows), claim_table.READABLE
        )

    def _pairs(self) -> Table:
        rows = pairs.pairs_table(self.evidence, pairs.all_pairs(self.evidence))
        return Table("Every pair that the paper compares", pairs.COLUMNS, rows, pairs.caption(), pairs.READABLE)

    def _contrasts(self) -> Table:
        rows = contrasts.contrasts_table(list(contrasts.rankings(self.evidence, self.published)))
        return Table("Every printed pair of models", contrasts.COLUMNS, rows, contrasts.caption(), contrasts.READABLE)

    def _informativeness(self) -> Table:
        rows = informativeness.informativeness_table(self.evidence, self.published)
        title, notes = "Uninformative numbers under the same rule", informativeness.caption(rows)
        return Table(title, informativeness.COLUMNS, rows, notes, informativeness.READABLE)

    def _epochs(self) -> Table:
        rows = epochs.epochs_table(self.evidence)
        return Table("Three choices of epoch", epochs.COLUMNS, rows, epochs.caption(rows), epochs.READABLE)

    def _conclusions(self) -> Table:
        judged = self.table("verdict").rows
        counted = numbers_sentence(numbers.summary(judged)[-1], numbers.by_chance(judged))
        tables = [self.table(name).rows for name in ("claims", "informativeness", "epochs")]
        rows = conclusions.conclusions_table(conclusions.Judged(self.evidence, counted, *tables))
        title, notes = "Conclusions", conclusions.caption()
        return Table(title, conclusions.COLUMNS, rows, notes, conclusions.READABLE)

    def _robustness(self) -> Table:
        rows = robustness.robustness_table(self.claims, self.evidence)
        title = "Does the claim hold under another choice?"
        return Table(title, robustness.COLUMNS, rows, robustness.caption(), robustness.READABLE)

    def _summary(self) -> Table:
        judged = self.table("verdict").rows
        beside = {row["target"]: row for row in self.table("informativeness").rows}
        rows = [
            row | {name: beside.get(row["target"], {}).get(name) for name in UNINFORMATIVE}
            for row in numbers.summary(judged)
        ]
        notes = [
            f"{numbers_sentence(rows[-1], numbers.by_chance(judged))} {claims_sentence(self.table('claims').rows)} "
            f"{self.origin}",
            informativeness.sentence(self.table("informativeness").rows[-1]),
        ]
        return Table("Verdict", SUMMARY_COLUMNS, rows, notes, SUMMARY_READABLE)


def numbers_sentence(total: Mapping[str, Any], by_chance: float) -> str:
    """A sentence on the primary published numbers, from the summary's last row."""
    judged = sum(total[verdict] for verdict in rules.CELL_VERDICTS if verdict != rules.SHOWN)
    chance = f" (by chance alone {by_chance:.0f} would be {rules.NOT_REPRODUCED})" if by_chance else ""
    return f"{judged} primary published numbers: {_listed(total, rules.CELL_VERDICTS[:-1])}{chance}."


def claims_sentence(rows: Sequence[Mapping[str, Any]]) -> str:
    """A sentence with the number of claims by verdict."""
    return f"{len(rows)} claims: {_listed(Counter(row['verdict'] for row in rows), finding.CLAIM_VERDICTS)}."


def _listed(counts: Mapping[str, int], verdicts: Sequence[str]) -> str:
    return ", ".join(f"{counts[verdict]} {verdict}" for verdict in verdicts if counts[verdict]) or "none"


def _below_project(folder: Path) -> str:
    """How a folder is called: below the project from there, elsewhere as it was given."""
    root = project.root().resolve()
    whole = folder.resolve()
    return (whole.relative_to(root) if whole.is_relative_to(root) else folder).as_posix()


def _line(verdict: str, row: Mapping[str, Any]) -> str:
    return f"{verdict:<17} {row['claim']}" + ("" if verdict == finding.NOT_RUN else f" ({row['reason']})")


def _count(name: str):
    """A count of numbers; nothing where there is none to count, as no verdict has."""
    return lambda row: "" if row[name] is None or (name not in UNINFORMATIVE and not row[name]) else f"{row[name]:.0f}"


SUMMARY_READABLE: Readable = (
    ("target", lambda row: row["target"]),
    *((verdict, _count(verdict)) for verdict in rules.CELL_VERDICTS),
    *((f"reproduced by {name}", _count(name)) for name in ("constant", "shuffle")),
    ("by CatBoost's RMSE", _count("catboost")),
)

MADE_BY: dict[str, Callable[[Verdict], Table]] = {
    "verdict": Verdict._numbers,
    "claims": Verdict._claims,
    "pairs": Verdict._pairs,
    "contrasts": Verdict._contrasts,
    "informativeness": Verdict._informativeness,
    "epochs": Verdict._epochs,
    "conclusions": Verdict._conclusions,
    "robustness": Verdict._robustness,
    "verdict_summary": Verdict._summary,
}
