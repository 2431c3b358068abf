"""Which rows of a table can be used, and what was done about those that cannot or that deserve a word."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from score_mlx.data.chem.csvfile import RawRow, to_stderr
from score_mlx.data.chem.guarded import Reading, read_all
from score_mlx.data.chem.numbers import NO_TARGET, decimal_comma, number
from score_mlx.system.errors import UserError
from score_mlx.system.files import write_csv

SHOWN = 10  # bad rows listed in the message that stops a run


@dataclass(frozen=True)
class Molecule:
    """A usable row.

    Attributes:
        row: 0-based row of the source file.
        name, smiles: as given.
        canonical: RDKit's canonical SMILES.
        target: finite.
    """

    row: int
    name: str
    smiles: str
    canonical: str
    target: float


@dataclass(frozen=True)
class Finding:
    """A line of the quality report: the row, what is the matter, and `dropped` or `kept`.

    Attributes:
        apart: of a repeated molecule, by how much its target differs from that of its first row.
    """

    row: int
    reason: str
    done: str
    apart: float = 0.0


def check(
    rows: list[RawRow],
    source: str | Path,
    *,
    drop_bad: bool = False,
    drop_missing: bool = False,
    say: Callable[[str], None] = to_stderr,
) -> tuple[list[Molecule], list[Finding]]:
    """Sorts the usable rows from the others. Repeated molecules are kept, as the paper did, and reported.

    Args:
        drop_missing: leave out rows without a target, and `say` how many.

    Raises:
        UserError: a row cannot be used and `drop_bad` is false; or none can.
    """
    comma = decimal_comma([(raw.line, raw.target) for raw in rows], source, say)
    molecules, findings, bad, missing = [], [], [], []
    first: dict[str, Molecule] = {}
    for raw, reading in zip(rows, read_all([raw.smiles for raw in rows]), strict=True):
        molecule, flaw = _read(raw, reading, comma)
        if molecule is None:
            (missing if drop_missing and flaw == NO_TARGET else bad).append(f"line {raw.line}: {flaw}")
            findings.append(Finding(raw.row, flaw, "dropped"))
            continue
        molecules.append(molecule)
        before = first.setdefault(molecule.canonical, molecule)
        if before is not molecule:
            reason = f"repeats the molecule of row {before.row}: target {molecule.target:g}, there {before.target:g}"
            findings.append(Finding(molecule.row, reason, "kept", abs(molecule.target - before.target)))
    if bad and not drop_bad:
        raise UserError(_stop(source, bad, len(rows)))
    if missing:
        say(f"{source}: {len(missing)} of {len(rows)} rows have no target and are left out")
    if not molecules:
        raise UserError(f"{source}: none of {len(rows)} rows can be used; the first: {[*bad, *missing][0]}")
    return molecules, findings


def counts(findings: list[Finding]) -> dict[str, Any]:
    """How many rows were dropped, how many repeat a molecule, how far the targets of one molecule are apart at most."""
    repeats = [f for f in findings if f.done == "kept"]
    apart = max((f.apart for f in repeats), default=0.0)
    return {"dropped": len(findings) - len(repeats), "repeated": len(repeats), "apart": float(f"{apart:.6g}")}


def told(dropped: int, repeated: int, apart: float) -> str:
    """`counts` in words, "" where there is nothing to say."""
    parts = [f"{dropped} {'rows' if dropped > 1 else 'row'} dropped"] * bool(dropped)
    repeats = f"{repeated} rows repeat a molecule" if repeated > 1 else "1 row repeats a molecule"
    parts += [f"{repeats}, targets up to {apart:.3g} apart"] * bool(repeated)
    return "; ".join(parts)


def write_report(path: str | Path, findings: list[Finding]) -> None:
    """Writes qc.csv with columns row, reason, done; only its header when there is nothing to say."""
    write_csv(path, ("row", "reason", "done"), ((f.row, f.reason, f.done) for f in findings))


def _read(raw: RawRow, reading: Reading, comma: bool) -> tuple[Molecule | None, str]:
    """The molecule and "", or None and what is wrong with the row."""
    if raw.flaw or reading.flaw:
        return None, raw.flaw or reading.flaw
    target, flaw = number(raw.target, comma)
    if flaw:
        return None, flaw
    return Molecule(raw.row, raw.name, reading.smiles, reading.canonical, target), ""


def _stop(source: str | Path, bad: list[str], total: int) -> str:
    more = f"; and {len(bad) - SHOWN} more" if len(bad) > SHOWN else ""
    listed = "; ".join(bad[:SHOWN]) + more
    return f"{source}: {len(bad)} of {total} rows cannot be used (drop_bad: true leaves them out): {listed}"
