"""Writes the pages that MkDocs builds the documentation from: `python docs/make_site.py build/docs`, or `make docs`.

Pages by hand are the Markdown files of this folder and README, CONTRIBUTING and CHANGELOG. The reference is made from
the code and from config.yaml, so that it cannot be out of date. A link to another file of the repository takes that
file along, so that the site is whole without a network; a link to nothing stops the build.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path, PurePosixPath

import reference

REPO = Path(__file__).resolve().parents[1]
ROOT_PAGES = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
# Files that have a page of their own here, made from them.
MADE = {
    "config.yaml": "reference/config.md",
    "data/paper/ledger.yaml": "open-points.md",
    "data/paper/claims.yaml": "reference/claims.md",
}
LINK = re.compile(r"(?<=\]\()([^)\s]+)(?=\))")
FENCE = re.compile(r"^(```.*?^```)", re.MULTILINE | re.DOTALL)


class Site:
    """A folder of pages and files, filled one page at a time.

    Args:
        folder: where they go.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.done: set[str] = set()

    def page(self, source: str) -> None:
        """Copy a Markdown file of the repository, and what it links to."""
        text = (REPO / source).read_text(encoding="utf-8")
        place = self.place(source)
        parts = FENCE.split(text)  # code stands at odd places and has no links
        parts[::2] = [LINK.sub(lambda m: self._relinked(m.group(), source, place), part) for part in parts[::2]]
        self.write(place, "".join(parts))

    def write(self, place: str, text: str) -> None:
        """A page at `place`, relative to the site."""
        path = self.folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def place(self, source: str) -> str:
        """Where a file of the repository stands in the site."""
        if source in ROOT_PAGES:
            return ROOT_PAGES[source]
        return source.removeprefix("docs/") if source.startswith("docs/") else f"repository/{source}"

    def take(self, source: str) -> str:
        """Have a file of the repository in the site; its place."""
        if source not in self.done:
            self.done.add(source)
            if source.endswith(".md"):
                self.page(source)
            else:
                to = self.folder / self.place(source)
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(REPO / source, to)
        return self.place(source)

    def _relinked(self, link: str, source: str, place: str) -> str:
        if re.match(r"[a-z]+:|#", link):
            return link
        path, _, anchor = link.partition("#")
        target = os.path.normpath((PurePosixPath(source).parent / path).as_posix())
        if target in MADE:
            there = MADE[target]
        elif (REPO / target).is_file():
            there = self.take(target)
        else:
            sys.exit(f"{source}: links to {link}: expected a file of the repository, found no {target}")
        return os.path.relpath(there, PurePosixPath(place).parent) + (f"#{anchor}" if anchor else "")


def main(folder: Path) -> None:
    """Write all pages into `folder`, which is emptied first."""
    shutil.rmtree(folder, ignore_errors=True)
    site = Site(folder)
    by_hand = (path.relative_to(REPO).as_posix() for path in sorted((REPO / "docs").glob("*.md")))
    for source in [*ROOT_PAGES, *by_hand, "docs/site.css"]:
        site.take(source)
    for place, text in reference.pages(REPO):
        site.write(place, text)
    print(f"{folder}: {len(list(folder.rglob('*.md')))} pages")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) == 2 else sys.exit("error: expected one folder, as build/docs"))
