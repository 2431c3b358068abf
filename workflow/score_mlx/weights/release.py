"""A release for an archive such as Zenodo: code, weights and metadata as files with checksums. Nothing is uploaded."""

from __future__ import annotations

import json
import shutil
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from score_mlx.system.errors import UserError
from score_mlx.system.files import replacing, write_text
from score_mlx.weights.sums import SUMS, verify, write_sums

EPOCH = (1980, 1, 1, 0, 0, 0)  # the date of every file in a .zip, so that the same weights give the same archive
ZENODO = ".zenodo.json"


def release(project: Path, out: Path, weights: Path | None = None) -> list[Path]:
    """Write the code of the last commit, each model of `weights` as a .zip, and the metadata into `out`.

    Args:
        project: the repository.
        out: folder; emptied first.
        weights: folder of models as `weights export` writes them, or None.

    Returns:
        The files written.

    Raises:
        UserError: no git repository, changes that are not committed, a damaged model, or metadata that are not those of
            CITATION.cff.
    """
    citation = yaml.safe_load((project / "CITATION.cff").read_text(encoding="utf-8"))
    if (project / ZENODO).read_text(encoding="utf-8") != metadata(citation):
        raise UserError(f"{project / ZENODO}: not made from CITATION.cff; run score-mlx release --metadata")
    changed = _git(project, "status", "--porcelain").splitlines()
    if changed:
        raise UserError(f"{project}: {len(changed)} files are not committed, first {changed[0][3:]}")
    models = sorted(sums.parent for sums in weights.glob(f"*/{SUMS}")) if weights else []
    for model in models:
        verify(model)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    name = f"score-mlx-{citation['version']}"
    code = (out / f"{name}.tar.gz").resolve()
    _git(project, "archive", f"--prefix={name}/", f"--output={code}", "HEAD")
    for model in models:
        _zip(model, out / f"weights-{model.name}.zip")
    for file in (ZENODO, "CITATION.cff", "LICENSE"):
        shutil.copyfile(project / file, out / file)
    write_sums(out)
    return sorted(out.iterdir())


def metadata(citation: Mapping[str, Any]) -> str:
    """The text of .zenodo.json, from what CITATION.cff says."""
    paper = citation["references"][0]
    names = [
        author.get("name") or f"{author['family-names']}, {author['given-names']}" for author in citation["authors"]
    ]
    content = {
        "title": f"{citation['title']} {citation['version']}",
        "upload_type": "software",
        "description": " ".join(citation["abstract"].split()),
        "version": citation["version"],
        "creators": [{"name": name} for name in names],
        "license": citation["license"],
        "access_right": "open",
        "keywords": citation["keywords"],
        "references": [
            f"{paper['authors'][0]['family-names']}, {paper['authors'][0]['given-names']} ({paper['year']}). "
            f"{paper['title']}."
        ],
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def write_metadata(project: Path) -> Path:
    """Renew .zenodo.json."""
    citation = yaml.safe_load((project / "CITATION.cff").read_text(encoding="utf-8"))
    write_text(project / ZENODO, metadata(citation))
    return project / ZENODO


def _zip(folder: Path, out: Path) -> None:
    with replacing(out) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            entry = zipfile.ZipInfo(f"{folder.name}/{path.relative_to(folder).as_posix()}", EPOCH)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes())


def _git(project: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(project), *arguments], capture_output=True, text=True)
    except FileNotFoundError:
        raise UserError("git is not installed, and a release is made from a commit") from None
    if done.returncode:
        raise UserError(f"{project}: git {arguments[0]}: {' '.join(done.stderr.split())}")
    return done.stdout
