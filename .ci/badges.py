"""Badges of what a run of .ci/run measured: `python .ci/badges.py LOGS FOLDER` writes tests.svg, lint.svg and others.

Each says only what is in a log of this run; a step that has no log has no badge.
"""

from __future__ import annotations

import html
import platform
import re
import sys
from pathlib import Path

GOOD, BAD = "#2e7d32", "#c62828"
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
    for step in ("lint", "docs", "notebook"):
        end = _last(logs / f"{step}.step", r"(passed|failed) (\d+)")
        if end:
            found[step] = (end[1], end[1] == "passed")
    flaws = _last(logs / "audit.log", r"(\d+) known vulnerabilities")
    if flaws:
        found["known vulnerabilities"] = (flaws[1], flaws[1] == "0")
    return found


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
        (folder / f"{label.replace(' ', '-')}.svg").write_text(svg(label, text, good), encoding="utf-8")
        print(f"badge {label}: {text}")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
