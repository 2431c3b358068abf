"""Reading SMILES of unknown origin: whatever one of them does to RDKit, the others are read.

RDKit cannot be interrupted, so SMILES long enough to keep it busy are read in a process of their own, which ends with
the molecule that takes too long. Short ones are read here: a process costs a second.
"""

from __future__ import annotations

import multiprocessing
import re
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection

from rdkit import Chem, rdBase

from score_mlx.data.chem.rdkit_io import parse, why_not
from score_mlx.system.errors import shortened
from score_mlx.system.identities import MOST_ATOMS

LONGEST = 10_000  # characters
UNREADABLE = "!"  # in place of the SMILES of a molecule block, no SMILES itself
SHORT = 400  # characters that RDKit reads at once, whatever they say
SECONDS = 10.0  # for one molecule, which takes a thousandth of one


@dataclass(frozen=True)
class Reading:
    """What a text says of a molecule: RDKit's canonical SMILES and "", or "" and what is wrong with it.

    Attributes:
        smiles: what models read: the text itself, of an InChI the SMILES that it describes.
    """

    canonical: str
    flaw: str = ""
    smiles: str = ""


def read_all(smiles: Sequence[str], seconds: float | None = None) -> list[Reading]:
    """A reading of each SMILES, in order.

    Args:
        seconds: for one of them, by default `SECONDS`.
    """
    long = [n for n, text in enumerate(smiles) if SHORT < len(text) <= LONGEST]
    readings = dict(zip(long, _apart([smiles[n] for n in long], seconds or SECONDS), strict=True))
    return [readings[n] if n in readings else read(text) for n, text in enumerate(smiles)]


def read(text: str) -> Reading:
    """One reading, in this process."""
    if not text.strip():
        return Reading("", "no SMILES")
    if len(text) > LONGEST:
        return Reading("", f"a SMILES of {len(text)} characters, expected at most {LONGEST}")
    if not text.isprintable():  # RDKit reads as far as the first control character
        return Reading("", f"a control character in the SMILES '{shortened(text)}'")
    if text == UNREADABLE:
        return Reading("", "RDKit cannot read the molecule block")
    _, *rest = text.split(maxsplit=1)
    if rest and not rest[0].startswith("|"):  # RDKit takes it for a name and reads what stands before
        return Reading("", f"a blank in the SMILES '{shortened(text)}'")
    if text.startswith("InChI="):
        return _read_inchi(text)
    molecule = parse(text)
    if molecule is None:
        return Reading("", _unreadable(text))
    if not molecule.GetNumAtoms():
        return Reading("", f"no atom in the SMILES '{shortened(text)}'")
    if molecule.GetNumAtoms() > MOST_ATOMS:
        return Reading("", f"a molecule of {molecule.GetNumAtoms()} atoms, expected at most {MOST_ATOMS}")
    return Reading(Chem.MolToSmiles(molecule), smiles=text)


def _read_inchi(text: str) -> Reading:
    with rdBase.BlockLogs():
        molecule = Chem.MolFromInchi(text)
    if molecule is None:
        return Reading("", f"RDKit cannot read the InChI '{shortened(text)}'")
    return read(Chem.MolToSmiles(molecule))


def _unreadable(text: str) -> str:
    """What a text is that RDKit cannot read, or why it cannot."""
    if re.fullmatch(r"[A-Z]{14}-[A-Z]{10}-[A-Z]", text):
        return f"an InChIKey, which names a molecule and does not describe it, expected a SMILES: '{text}'"
    if re.fullmatch(r"[^<>]*>[^<>]*>[^<>]*", text.replace("->", "").replace("<-", "")):  # those are dative bonds
        return f"a reaction, expected one molecule: '{shortened(text)}'"
    return f"RDKit cannot read the SMILES '{shortened(text)}': {shortened(why_not(text), 120)}"


def _apart(smiles: Sequence[str], seconds: float) -> list[Reading]:
    """Readings made by another process; a new one takes over after a SMILES that it did not survive."""
    readings: list[Reading] = []
    while len(readings) < len(smiles):
        ours, theirs = multiprocessing.Pipe()
        worker = multiprocessing.get_context("spawn").Process(
            target=_work, args=(theirs, smiles[len(readings) :]), daemon=True
        )
        worker.start()
        theirs.close()
        try:
            ours.recv()  # it has started; importing RDKit takes longer than a molecule may
            while len(readings) < len(smiles) and ours.poll(seconds):
                readings.append(ours.recv())
            if len(readings) < len(smiles):
                text = shortened(smiles[len(readings)])
                readings.append(Reading("", f"RDKit takes more than {seconds:g} seconds for the SMILES '{text}'"))
        except EOFError:
            text = shortened(smiles[len(readings)])
            readings.append(Reading("", f"RDKit crashes on the SMILES '{text}'"))
        finally:
            worker.kill()
            worker.join()
            ours.close()
    return readings


def _work(connection: Connection, smiles: Sequence[str]) -> None:
    connection.send("started")
    for text in smiles:
        connection.send(read(text))
