"""What a finished project left, without what differs from one execution to the next, and how two of them differ."""

from __future__ import annotations

import csv
import json
from pathlib import Path

KEPT = {".lock", ".source"}  # hidden files that stay: a lock to take again, which file a data set was made of
VOLATILE = {"run.meta.json"}  # seconds, host, how often a checkpoint was taken up
VOLATILE_COLUMNS = {"seconds", "commit"}  # the project may be edited while one is killed and compared
SEPARATORS = {".csv": ",", ".md": "|", ".tex": "&"}


class PromiseError(Exception):
    """What these tests are there to find: something did not survive, or not unchanged."""


def outputs(results: Path) -> dict[str, bytes]:
    """{path: contents} of all that `results` holds but logs, hidden files and what is volatile.

    Tables lose their volatile columns, whatever else they hold is compared to the byte.
    """
    found = {}
    for path in sorted(results.rglob("*")):
        place = path.relative_to(results)
        if not path.is_file() or place.parts[0] == "logs" or path.name in VOLATILE or path.name.startswith("."):
            continue
        content = path.read_bytes()
        separator = SEPARATORS.get(path.suffix) if path.stem.startswith("table") else None
        found[str(place)] = _stable(content.decode(), separator).encode() if separator else content
        if path.suffix == ".json" and path.stem.startswith("table"):
            found[str(place)] = json.dumps(_stable_grid(json.loads(content))).encode()
    return found


def differences(expected: dict[str, bytes], found: dict[str, bytes]) -> list[str]:
    """One line a file that is missing, too many, or other than expected."""
    lines = [f"{name}: missing" for name in expected.keys() - found.keys()]
    lines += [f"{name}: not there in an uninterrupted run" for name in found.keys() - expected.keys()]
    same = expected.keys() & found.keys()
    return sorted(lines + [f"{name}: other contents" for name in same if expected[name] != found[name]])


def leftovers(results: Path) -> list[Path]:
    """Temporary files and checkpoints that nothing will ever use."""
    hidden = [path for path in results.rglob(".*") if path.name not in KEPT]
    return sorted(hidden + [path for path in results.rglob("checkpoints/*") if path not in hidden])


def resumed(results: Path) -> int:
    """How often a checkpoint was taken up by the runs under `results`."""
    return sum(json.loads(path.read_text())["resumed"] for path in results.rglob("run.meta.json"))


def _stable_grid(held: dict) -> dict:
    """What a table's .json holds, each of several parts included, without its volatile columns."""
    if "parts" in held:
        return {"parts": [_stable_grid(part) for part in held["parts"]]}
    kept = [n for n, head in enumerate(held["heads"]) if head not in VOLATILE_COLUMNS]
    return held | {"heads": [held["heads"][n] for n in kept], "rows": [[row[n] for n in kept] for row in held["rows"]]}


def _stable(text: str, separator: str) -> str:
    """A table without its volatile columns; cells lose the blanks and rules that only align them."""
    rows = list(csv.reader(text.splitlines(), delimiter=separator, quoting=csv.QUOTE_NONE if separator != "," else 0))
    rows = [[cell.strip(" \\") for cell in row] for row in rows]
    heads = [row for row in rows if VOLATILE_COLUMNS & set(row)]
    if not heads and separator != ",":  # what is made to be read may leave them out, the .csv never does
        heads = [[]]
    if len(heads) != 1:
        raise ValueError(
            f"a table with {len(heads)} lines that name {', '.join(sorted(VOLATILE_COLUMNS))}, expected one"
        )
    kept = [n for n, name in enumerate(heads[0]) if name not in VOLATILE_COLUMNS]
    table = [[row[n] for n in kept] if len(row) == len(heads[0]) else row for row in rows]
    return "\n".join(separator.join("" if set(cell) <= set("-:") else cell for cell in row) for row in table)
