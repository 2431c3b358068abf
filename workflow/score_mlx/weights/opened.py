"""A model by its run.json, its folder, or the address of a folder that `score-mlx weights export` wrote."""

from __future__ import annotations

import hashlib
import os
import re
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote

from score_mlx.data.download import Limits, download
from score_mlx.system.errors import UserError
from score_mlx.weights.sums import SUMS, read_sums, verify


def opened(model: str) -> Path:
    """The run.json of a model, its files held to their checksums where it has any.

    Args:
        model: a run.json, the folder that holds one, or an https address of such a folder. `#sha256=...` behind an
            address is the expected checksum of its SHA256SUMS.

    Raises:
        UserError: no such model, or wrong bytes.
    """
    if re.match(r"[a-z]+://", model):
        return fetched(model) / "run.json"
    path = Path(model)
    record = path / "run.json" if path.is_dir() else path
    if (record.parent / SUMS).is_file():
        verify(record.parent)
    return record


BY_HAND = "or fetch its folder by hand, and give the folder in place of the address"


def fetched(url: str, cache: Path | None = None) -> Path:
    """The folder behind an address, on this machine; what is there already is not fetched again.

    Raises:
        UserError: as `download`, or other bytes than the checksums name.
    """
    address, _, pinned = url.partition("#sha256=")
    address = address.rstrip("/")
    cache = cache or default_cache()
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as temporary:
        sums = Path(temporary) / SUMS
        download(SUMS, [f"{address}/{SUMS}"], sums, None, pinned or None, Limits(), _say, BY_HAND)
        content = sums.read_bytes()
        listed = read_sums(sums)
    if "run.json" not in listed:
        raise UserError(f"{address}: its {SUMS} lists no run.json, expected the folder of one model")
    folder = cache / hashlib.sha256(content).hexdigest()
    for name, checksum in listed.items():
        if not (folder / name).is_file():
            download(name, [f"{address}/{quote(name)}"], folder / name, None, checksum, Limits(), _say, BY_HAND)
    (folder / SUMS).write_bytes(content)
    verify(folder)
    return folder


def default_cache() -> Path:
    """Where fetched weights are kept: `$XDG_CACHE_HOME/score-mlx`, by default below `~/.cache`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "score-mlx" / "weights"


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
