"""Badges of what a run of .ci/run measured: `python .ci/badges.py LOGS FOLDER` writes tests.svg, lint.svg and others.

Each says only what is in a log of this run; a step that has no log has no badge.

`python .ci/badges.py --links OWNER/REPOSITORY` writes links to them, where the site is published, into README.md.
"""

from __future__ import annotations

import html
import platform
import re
import sys
from pathlib import Path

GOOD, BAD = "#2e7d32", "#c62828"
STEPS = ("lint", "docs", "notebook")
LABELS = ("tests", *STEPS, "known vulnerabilities", "python")  # of all badges that there may be
MARKS = "<!-- badges:", "<!-- end of badges -->"  # in README
WIDTH, PADDING = 6.6, 6  # pixels of a letter and at each end
SVG = """<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="20" role="img">
<title>{label}: {text}</title>
<rect width="{left:.0f}" height="20" fill="#424242"/>
<rect x="{left:.0f}" width="{right:.0f}" height="20" fill="{colour}"/>
<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">
<text x="{middle:.1f}" y="14">{label}</text><text x="{behind:.1f}" y="14">{text}</text></g></svg>
"""


def badges(logs: Path) -> dict[str, tuple[str, bool]]:
    """Label -> what was measured, and whether it is good."""
    found = {"python": (platform.python_version(), True)}
    tests = _last(logs / "test.log", r"(?:(\d+) failed, )?(\d+) passed.* in [\d.]+s")
    if tests:
        failed, passed = int(tests[1] or 0), int(tests[2])
        found["tests"] = (f"{failed} failed of {failed + passed}" if failed else f"{passed} passed", not failed)
    for step in STEPS:
        end = _last(logs / f"{step}.step", r"(passed|failed) (\d+)")
        if end:
            found[step] = (end[1], end[1] == "passed")
    flaws = _last(logs / "audit.log", r"(\d+) known vulnerabilities")
    if flaws:
        found["known vulnerabilities"] = (flaws[1], flaws[1] == "0")
    return found


def file_name(label: str) -> str:
    """`known-vulnerabilities.svg`."""
    return f"{label.replace(' ', '-')}.svg"


def svg(label: str, text: str, good: bool) -> str:
    """A badge with its label on the left."""
    left, right = (len(word) * WIDTH + 2 * PADDING for word in (label, text))
    return SVG.format(
        width=left + right, left=left, right=right, middle=left / 2, behind=left + right / 2,
        label=html.escape(label), text=html.escape(text), colour=GOOD if good else BAD,
    )  # fmt: skip


def _last(log: Path, pattern: str) -> re.Match | None:
    """The last match in a log, None where there is none or no log."""
    if not log.is_file():
        return None
    matches = list(re.finditer(pattern, log.read_text(encoding="utf-8", errors="replace")))
    return matches[-1] if matches else None


def main(logs: Path, folder: Path) -> None:
    """Write the badges of the logs into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for label, (text, good) in badges(logs).items():
        (folder / file_name(label)).write_text(svg(label, text, good), encoding="utf-8")
        print(f"badge {label}: {text}")


def link(repository: str, readme: Path) -> None:
    """Write the badges' links between their two marks in README; again for another address.

    Args:
        repository: OWNER/REPOSITORY on GitHub, whose site is at OWNER.github.io/REPOSITORY.
    """
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
        sys.exit(f"error: '{repository}': expected OWNER/REPOSITORY")
    owner, name = repository.split("/")
    runs = f"https://github.com/{repository}/actions/workflows/ci.yml"
    site = f"https://{owner.lower()}.github.io/{name}"
    pictures = {label: f"{site}/badges/{file_name(label)}" for label in LABELS} | {"ci": f"{runs}/badge.svg"}
    lines = [f"[![{label}]({picture})]({runs})" for label, picture in pictures.items()]
    text = readme.read_text(encoding="utf-8")
    begin, rest = re.split(r"(?<=-->)\n", text[text.index(MARKS[0]) :], maxsplit=1)
    end = rest[rest.index(MARKS[1]) :]
    before = text[: text.index(MARKS[0])]
    readme.write_text("\n".join([before + begin, *lines, end]), encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--links"] and len(sys.argv) == 3:
        link(sys.argv[2], Path(__file__).resolve().parents[1] / "README.md")
    else:
        main(*map(Path, sys.argv[1:]))
