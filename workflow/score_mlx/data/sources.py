"""Files from elsewhere: found in a local folder or downloaded, and the right bytes either way."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import yaml

from score_mlx.data.download import Limits, download
from score_mlx.system.errors import UserError, did_you_mean
from score_mlx.system.files import replacing, sha256


@dataclass(frozen=True)
class Source:
    """One entry of data/sources.yaml.

    Attributes:
        files: names under which the file may lie in a local folder.
        urls: addresses, tried in turn.
        bytes, sha256: of the only content accepted.
        citation, licence: what to cite, what one may do with it.
    """

    files: tuple[str, ...]
    urls: tuple[str, ...]
    bytes: int
    sha256: str
    citation: str
    licence: str


def load_sources(path: str | Path) -> dict[str, Source]:
    """Reads data/sources.yaml.

    Raises:
        UserError: missing, not YAML, or an entry without the keys of `Source` in their types.
    """
    try:
        entries = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as reason:
        raise UserError(f"{path}: cannot read it ({' '.join(str(reason).split())})") from None
    if not isinstance(entries, dict):
        raise UserError(f"{path}: expected a mapping from names to sources")
    return {name: _source(path, name, entry) for name, entry in entries.items()}


def obtain(
    name: str,
    sources_yaml: str | Path,
    local_folders: Sequence[str | Path],
    out_path: str | Path,
    *,
    root: str | Path | None = None,
    limits: Limits | None = None,
    log: Callable[[str], None] | None = None,
) -> Path:
    """Puts the source called `name` at `out_path`, all of it or nothing.

    Where `out_path` holds the right file already, nothing happens. Else the local folders are searched in their order,
    then the addresses tried. No file that was there before is ever deleted or changed.

    Args:
        local_folders: relative ones are taken from `root`; those that do not exist are passed over.
        root: by default the folder above that of `sources_yaml`, the project's.
        limits: patience with the network.
        log: is told in one line where the file came from; by default standard error.

    Raises:
        UserError: no such source; a local file, or what every address sent, has another size or checksum; no address
            answers.
    """
    out_path, log = Path(out_path), log or _to_stderr
    source = _named(name, load_sources(sources_yaml), sources_yaml)
    if out_path.exists():
        _verify(out_path, source)
        return out_path
    root = Path(root) if root is not None else Path(sources_yaml).resolve().parent.parent
    for folder in local_folders:
        for file in source.files:
            found = root / folder / file
            if found.is_file():
                _verify(found, source)
                with replacing(out_path) as temporary:
                    shutil.copyfile(found, temporary)
                log(f"{name}: copied from {found}")
                return out_path
    url = download(name, source.urls, out_path, source.bytes, source.sha256, limits or Limits(), log)
    log(f"{name}: downloaded from {url}")
    return out_path


def _verify(path: Path, source: Source) -> None:
    try:
        found = sha256(path)
    except OSError as reason:
        raise UserError(f"{path}: cannot read the file ({reason.strerror})") from None
    if found != source.sha256:
        raise UserError(
            f"{path}: wrong checksum: found sha256 {found} ({path.stat().st_size} bytes), expected {source.sha256} "
            f"({source.bytes} bytes); the file was left as it is, move it away to have it fetched"
        )


def _named(name: str, sources: dict[str, Source], path: str | Path) -> Source:
    if name not in sources:
        raise UserError(f"{path}: no source '{name}', found {', '.join(sources)}{did_you_mean(name, sources)}")
    return sources[name]


def _source(path: str | Path, name: str, entry: object) -> Source:
    keys = [f.name for f in fields(Source)]
    if not isinstance(entry, dict) or set(entry) != set(keys):
        found = ", ".join(map(str, entry)) if isinstance(entry, dict) else repr(entry)
        raise UserError(f"{path}: source '{name}' has {found}, expected the keys {', '.join(keys)}")
    for key in ("files", "urls"):
        if not isinstance(entry[key], list) or not entry[key] or not all(isinstance(v, str) for v in entry[key]):
            raise UserError(f"{path}: {name}.{key} is {entry[key]!r}, expected a list of texts")
    if type(entry["bytes"]) is not int or entry["bytes"] < 0:
        raise UserError(f"{path}: {name}.bytes is {entry['bytes']!r}, expected a number of bytes")
    if not re.fullmatch("[0-9a-f]{64}", str(entry["sha256"])):
        raise UserError(f"{path}: {name}.sha256 is {entry['sha256']!r}, expected 64 lower-case hexadecimal digits")
    return Source(**{**entry, "files": tuple(entry["files"]), "urls": tuple(entry["urls"])})


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
